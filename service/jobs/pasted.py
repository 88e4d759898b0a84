"""A pasted group message as drafts that ``POST /v1/jobs`` takes. Nothing is written: a person looks at every draft first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from matching.pasted import Draft, read_message
from matching.rules.age import parse_age
from matching.rules.wage import parse_wage, show_wage
from service import clock
from service.accounts.caller import Caller
from service.accounts.permissions import EMPLOYER_ROLES, STATION_ROLES
from service.employers.models import Employer
from service.jobs.advert import LENGTHS, clean, read_advert
from service.jobs.checks import check_advert
from service.jobs.draft import advert_of_draft
from service.jobs.findings import Finding
from service.stations.models import Station

_MOST_SEATS = 10_000


@dataclass(frozen=True, slots=True)
class Pasted:
    """One job of a message: as it was read, the body for ``POST /v1/jobs``, and what the check of adverts says of that."""

    read: Draft
    draft: dict[str, Any]
    findings: tuple[Finding, ...]


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
    found = []
    reading = read_message(message, today, home_of(session, caller))
    for read in reading.drafts:
        body = body_of(read, message, is_station=caller.role in STATION_ROLES)
        loaded = {**body, **({"gig": _terms(read)} if "gig" in body else {})}
        advert, _ = advert_of_draft(session, loaded, caller)
        found.append(Pasted(read, body, check_advert(advert, now, read_advert(advert, now))))
    return found, reading.note()


def body_of(read: Draft, message: str, *, is_station: bool) -> dict[str, Any]:
    """The body for ``POST /v1/jobs``. Stations publish gigs only; for others a job is one when its day and hours were read."""
    terms = _terms(read)
    body: dict[str, Any] = {
        "kind": "gig" if is_station or (terms and read.settlement in {"day", "job"}) else "public",
        "title": clean(read.title)[: LENGTHS["title"]],
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
        "contact_phone": read.contact_phone,
    }
    if terms and body["kind"] == "gig":
        body["gig"] = {
            "starts_at": clock.show(terms["starts_at"]),
            "ends_at": clock.show(terms["ends_at"]),
            "seats": terms["seats"],
        }
    return {name: value for name, value in body.items() if value is not None}


def _terms(read: Draft) -> dict[str, Any] | None:
    """When a gig starts and ends, and its seats; None when the message leaves one of them open."""
    if read.hours is None or read.headcount is None or read.start is None or not 1 <= read.headcount <= _MOST_SEATS:
        return None
    try:
        day = date.fromisoformat(read.start)
    except ValueError:
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
