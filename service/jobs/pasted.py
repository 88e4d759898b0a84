"""A pasted group message as drafts that ``POST /v1/jobs`` takes. Nothing is written: a person looks at every draft first."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from matching.pasted import Draft, read_message
from matching.rules.age import parse_age
from matching.rules.wage import parse_wage, show_wage
from service import clock
from service.accounts.caller import Caller
from service.accounts.permissions import EMPLOYER_ROLES, STATION_ROLES
from service.employers.models import Employer
from service.jobs.advert import LENGTHS, clean, read_advert
from service.jobs.draft import advert_of_draft
from service.jobs.findings import Finding
from service.jobs.reviews.around import judge, look_around
from service.stations.models import Station

_MOST_SEATS = 10_000
_LASTING = re.compile(r"月薪|[月周]休|每月休|上[四五六]休|社保|五险|年终奖|试用期|转正")
"""What only a job that lasts has; a gig of some days may well offer board and lodging."""
_SHORT = frozenset({"day", "job"})
BY_OTHERS = (
    "这是长期岗位，不是零工，驿站不能在这里直接发布：请填进驿站的岗位表，用“表格导入”上传；或者请用人单位用自己的账号发布。"
)


class Missing(NamedTuple):
    """A field of ``POST /v1/jobs`` that the message leaves open, and in Chinese what to write there."""

    field: str
    advice: str


@dataclass(frozen=True, slots=True)
class Pasted:
    """One job of a message: as it was read, the body for ``POST /v1/jobs``, and what the check of adverts says of that."""

    read: Draft
    draft: dict[str, Any]
    findings: tuple[Finding, ...]
    missing: tuple[Missing, ...]
    elsewhere: str = ""
    """Where it can be published, when whoever pasted it may not do so by ``POST /v1/jobs``; else ""."""


def home_of(session: Session, caller: Caller) -> str:
    """The division of whoever pastes: his station's, his employer's, his own territory; "" when none is known."""
    if caller.role in STATION_ROLES and caller.station_id:
        station = session.get(Station, caller.station_id)
        return station.region_code if station else ""
    if caller.role in EMPLOYER_ROLES and caller.employer_id:
        employer = session.get(Employer, caller.employer_id)
        return (employer.region_code if employer else "") or ""
    return caller.region_code or ""


def drafts_of(session: Session, message: str, caller: Caller, now: datetime) -> tuple[list[Pasted], str]:
    """Every job of a message with its draft and what is wrong with it, and what a person is told of the part that was not read.

    Raises Forbidden for an account that has no employer or station behind it yet: it could not publish either.
    """
    today = now.astimezone(clock.BEIJING).date()
    is_station = caller.role in STATION_ROLES
    found = []
    reading = read_message(message, today, home_of(session, caller))
    for read in reading.drafts:
        body = body_of(read, message, is_station=is_station)
        loaded = {**body, **({"gig": _terms(read)} if "gig" in body else {})}
        advert, _ = advert_of_draft(session, loaded, caller, looking=True)
        found.append((read, body, advert, read_advert(advert, now)))
    around = look_around(session, [(advert, fields) for _, _, advert, fields in found], (), now)
    # The same judgement as at publishing, so that nothing is refused there that was praised here.
    drafts = []
    for read, body, advert, fields in found:
        missing = _missing(read, body, advert.employer_name)
        findings = _naming(judge(session, advert, fields, now, around=around), missing)
        elsewhere = BY_OTHERS if is_station and body["kind"] != "gig" else ""
        drafts.append(Pasted(read, body, findings, missing, elsewhere))
    return drafts, reading.note()


def _naming(findings: tuple[Finding, ...], missing: tuple[Missing, ...]) -> tuple[Finding, ...]:
    """The finding on the terms of a gig asks for those alone that were not read."""
    lacking = {one.field for one in missing}
    asked = "、".join(words for name, words in _TERMS.items() if name in lacking)
    return tuple(replace(one, advice=f"零工还要写明{asked}。") if one.rule == "gig_terms" and asked else one for one in findings)


_TERMS = {"gig.starts_at": "哪一天开始", "gig.ends_at": "几点到几点", "gig.seats": "要几个人"}


def body_of(read: Draft, message: str, *, is_station: bool) -> dict[str, Any]:
    """The body for ``POST /v1/jobs``. Its kind is what the message means, whether or not a station may publish that."""
    terms = _terms(read)
    body: dict[str, Any] = {
        "kind": _kind(read, terms, is_station=is_station),
        "title": clean(read.title)[: LENGTHS["title"]],
        "employer_name": clean(read.employer)[: LENGTHS["employer_name"]] or None,
        "description": clean(read.text)[: LENGTHS["description"]],
        "trade": read.trade,
        "headcount": read.headcount,
        "wage": _wage(read, message),
        "age": _age(read, message),
        "region": read.region,
        "address": clean(read.address)[: LENGTHS["address"]] if read.address else None,
        "shift": read.shift,
        "settlement": read.settlement,
        "tags": list(read.benefits) or None,
        "contact_name": clean(read.contact_name)[: LENGTHS["contact_name"]] or None,
        "contact_phone": read.contact_phone,
    }
    if terms and body["kind"] == "gig":
        body["gig"] = {
            "starts_at": clock.show(terms["starts_at"]),
            "ends_at": clock.show(terms["ends_at"]),
            "seats": terms["seats"],
        }
    return {name: value for name, value in body.items() if value is not None}


def _kind(read: Draft, terms: dict[str, Any] | None, *, is_station: bool) -> str:
    """A gig when its day and hours were read and it is paid when done.

    What a station pastes is one unless it speaks of a job that lasts: stations are mostly asked for days of work.
    """
    if read.settlement in _SHORT:
        return "gig" if terms or is_station else "public"
    monthly = read.wage is not None and read.wage.unit == "month"
    daily = read.wage is not None and read.wage.unit in {"day", "hour"}
    lasting = monthly or (not daily and (read.settlement == "month" or _LASTING.search(read.text) is not None))
    return "gig" if is_station and not lasting else "public"


def _missing(read: Draft, body: dict[str, Any], employer: str) -> tuple[Missing, ...]:
    """What has to be added before this can be published, or should be, the fields of a gig one by one."""
    gig = body["kind"] == "gig"
    open_terms = gig and "gig" not in body
    rows = (
        (not employer, "employer_name", "没有读出是谁家招人，请补上雇主名称。"),
        ("wage" not in body, "wage", "没有读出工资，请补上多少钱、怎么算。"),
        ("region" not in body, "region", "没有读出在哪里干活，请选好县区和乡镇。"),
        (open_terms and _day(read) is None, "gig.starts_at", "没有读出哪一天干活，请填开始的日期。"),
        (open_terms and read.hours is None, "gig.ends_at", "没有读出几点到几点，请填开始和结束的时间。"),
        (open_terms and not _seats(read), "gig.seats", "没有读出要几个人，请填人数。"),
        (gig, "gig.insurance", "请补上买什么保险、谁来买；没有就写“无”。"),
    )
    return tuple(Missing(name, advice) for lacks, name, advice in rows if lacks)


def _day(read: Draft) -> date | None:
    try:
        return None if read.start is None else date.fromisoformat(read.start)
    except ValueError:
        return None  # 随时, 马上


def _seats(read: Draft) -> bool:
    return read.headcount is not None and 1 <= read.headcount <= _MOST_SEATS


def _terms(read: Draft) -> dict[str, Any] | None:
    """When a gig starts and ends, and its seats; None when the message leaves one of them open."""
    day = _day(read)
    if read.hours is None or day is None or not _seats(read):
        return None
    midnight = datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING)
    starts, ends = (midnight + timedelta(minutes=minutes) for minutes in read.hours)
    return {"starts_at": starts, "ends_at": ends if ends > starts else ends + timedelta(days=1), "seats": read.headcount}


def _wage(read: Draft, message: str) -> str | None:
    """The words of the message where they alone say the same, else the amounts in the usual form."""
    if read.wage is None:
        return None
    said = clean(read.said("wage", message))[: LENGTHS["wage"]]
    again = parse_wage(said)
    same = (again.min, again.max, again.unit) == (read.wage.min, read.wage.max, read.wage.unit)
    return said if same and said else show_wage(read.wage)


def _age(read: Draft, message: str) -> str | None:
    if read.age is None:
        return None
    spans = read.spans.get("age_min") or read.spans.get("age_max") or ()
    said = clean("，".join(message[start:end] for start, end in spans))[: LENGTHS["age"]]
    again = parse_age(said)
    if said and (again.min, again.max) == (read.age.min, read.age.max):
        return said
    if read.age.min is None:
        return f"{read.age.max}岁以下"
    return f"{read.age.min}岁以上" if read.age.max is None else f"{read.age.min}-{read.age.max}岁"
