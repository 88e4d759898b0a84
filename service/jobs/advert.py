"""An advert as any source gives it (mostly text), and how it is read into the fields of a ``Job`` row.

The API, the feeds and the seeds all come through here, so that a wage means the same whoever wrote it. Nothing is invented: what
cannot be read stays as text, and a finding says why.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from matching.classify import classify
from matching.geo import in_china, wgs84_to_gcj02
from matching.model import Kind
from matching.rules import region, trade
from matching.rules.age import parse_age
from matching.rules.benefits import read_tags, tags_named
from matching.rules.wage import parse_wage
from service.jobs.contacts import first_name, first_phone, without_contacts, without_numbers
from service.jobs.findings import Finding
from service.jobs.rules import hazard_for_minors

Crs = Literal["gcj02", "wgs84"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an advert comes from. ``key`` with ``original_id`` finds it again; ``missing`` names the legal elements it lacks."""

    key: str
    name: str
    source_class: str = "vacancy"
    original_id: str | None = None
    url: str = ""
    legal_basis: str = ""
    publisher_class: str = "employer"
    label: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GigAdvert:
    """What only a gig says: when it starts and ends (aware), seats, insurance, the station behind it (rules D-14)."""

    starts_at: datetime
    ends_at: datetime
    seats: int
    insurance: str = ""
    station_id: int | None = None


@dataclass(frozen=True, slots=True)
class LiveAdvert:
    """What only a listing of a stream says: the session and its number there, 「3号链接」; the station whose stream it is."""

    session_id: int
    listing_no: int
    station_id: int | None = None


@dataclass(frozen=True, slots=True)
class Advert:
    """What a source says about a job. ``trade`` is a word or an occupation code, ``region`` a name or a division code.

    ``published_at`` empty means: when it first reaches us. ``valid_until`` empty means: the rule of ``put.py``.
    """

    kind: Kind
    title: str
    source: Source
    description: str = ""
    employer_id: int | None = None
    employer_name: str = ""
    trade: str | None = None
    skills: tuple[str, ...] = ()
    headcount: int | None = None
    education: str = ""
    experience: str = ""
    wage: str = ""
    age: str = ""
    age_reason: str = ""
    region: str = ""
    address: str = ""
    lat: float | None = None
    lng: float | None = None
    crs: Crs = "gcj02"
    contract_kind: str | None = None
    hours_per_day: float | None = None
    shift: str | None = None
    settlement: str | None = None
    tags: tuple[str, ...] = ()
    contact_name: str = ""
    contact_phone: str = ""
    published_at: datetime | None = None
    verified_at: datetime | None = None
    valid_until: datetime | None = None
    gig: GigAdvert | None = None
    live: LiveAdvert | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """``fields``: columns of ``Job`` with their values (times as said, may be None); ``findings``: what could not be read."""

    fields: dict[str, Any]
    findings: tuple[Finding, ...] = field(default=())


LENGTHS = {
    "title": 128, "description": 20_000, "employer_name": 128, "education": 64, "experience": 64, "wage": 512, "age": 128,
    "age_reason": 256, "address": 256, "contact_name": 32, "contact_phone": 32,
}  # fmt: skip
"""The longest text kept, in characters: the widths of the columns."""

_DISTINCT = 8_192
_wage_of = lru_cache(_DISTINCT)(parse_wage)
_age_of = lru_cache(_DISTINCT)(parse_age)
_place_of = lru_cache(_DISTINCT)(region.find)
_class_of = lru_cache(_DISTINCT)(classify)
"""Twenty thousand lines of a sheet, or a feed, say few different things: each short text is read once."""

_WRONG_WAGE = ("工资范围写得不对", "工资数额不对")
COUNTY = 3
_CODE = re.compile(r"\d(?:-\d{2}){1,3}")
_DIVISION = re.compile(r"\d{6}(?:\d{3}){0,2}")
_SHIFT_OF_TAG = {"长白班": "day", "夜班": "night", "两班倒": "rotating", "三班倒": "rotating"}
_SETTLEMENT_OF_TAG = {"日结": "day", "周结": "week", "月结": "month"}


def clean(text: str) -> str:
    """Text that can be stored anywhere: no control characters (PostgreSQL refuses NUL), no lone surrogates, one line end."""
    if text.isprintable():
        return text.strip()  # nothing to take out: most texts
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs", "Cf", "Co"}).strip()


def read_advert(advert: Advert, now: datetime) -> Reading:
    """Read every field of an advert. ``now`` decides what already lies in the past. Never raises for odd content."""
    findings: list[Finding] = []
    texts = _without_contacts({name: _clipped(getattr(advert, name), name, findings) for name in LENGTHS}, findings)
    fields: dict[str, Any] = {
        "kind": advert.kind,
        **{name: texts[name] for name in ("title", "description", "employer_name", "education", "experience", "age_reason")},
        **{name: texts[name] for name in ("address", "contact_name", "contact_phone")},
        "employer_id": advert.employer_id,
        "skills": list(dict.fromkeys(cleaned for skill in advert.skills if (cleaned := without_contacts(clean(skill))))),
        "trade_codes": _trade_codes(advert, texts["title"], findings),
        "headcount": _headcount(advert, findings),
        "contract_kind": advert.contract_kind,
        "hours_per_day": advert.hours_per_day,
        **_source_fields(advert.source),
        "published_at": advert.published_at,
        "verified_at": advert.verified_at,
        "valid_until": advert.valid_until,
    }
    said = read_tags(texts["title"], texts["description"], texts["wage"])
    tags = list(
        dict.fromkeys(
            (*(tag for word in map(without_contacts, map(clean, advert.tags)) if word for tag in tags_named(word)), *said)
        )
    )
    wage = _wage_fields(texts["wage"], findings)
    settlement = advert.settlement or wage.pop("settlement") or _first(tags, _SETTLEMENT_OF_TAG)
    wage.pop("settlement", None)
    fields |= wage
    fields |= {"settlement": settlement, "tags": tags, "shift": advert.shift or _first(tags, _SHIFT_OF_TAG)}
    fields |= _age_fields(texts["age"], findings)
    fields |= _place_fields(advert, texts["address"], findings)
    # Only a rule whose article was read may leave work out of an answer; no such rule about ages of adults has been read.
    fields["age_binding"] = False
    fields["minors_barred"] = bool(hazard_for_minors("\n".join((texts["title"], texts["description"])), now))
    if advert.valid_until is not None and advert.valid_until <= now:
        findings.append(
            Finding("expired", "valid_until", advert.valid_until.isoformat(), "有效期已经过了，请填一个将来的日期。", "block")
        )
    return Reading(fields, tuple(findings))


def _clipped(value: str, name: str, findings: list[Finding]) -> str:
    text = clean(value)
    if len(text) > LENGTHS[name]:
        findings.append(Finding("too_long", name, text[:20], f"文字太长，只保留了前 {LENGTHS[name]} 个字。", "note"))
        text = text[: LENGTHS[name]]
    return text


def _without_contacts(texts: dict[str, str], findings: list[Finding]) -> dict[str, str]:
    """The texts without numbers, accounts and the names behind 联系人; the first number and the first name become the contact
    of an advert that has none."""
    left = {name: without_contacts(text)[: LENGTHS[name]] for name, text in texts.items() if not name.startswith("contact_")}
    left["contact_name"] = without_numbers(texts["contact_name"])[: LENGTHS["contact_name"]]
    left["contact_phone"] = texts["contact_phone"]
    changed = [name for name, text in texts.items() if text != left[name]]
    if changed:
        advice = "文字里的电话、微信和证件号不会显示，请填到“联系电话”一栏，找工作的人登录后可以看到。"
        findings.append(Finding("contact_in_text", changed[0], "", advice, "note"))
        if not left["contact_phone"]:
            found = next((phone for name in changed if (phone := first_phone(texts[name]))), "")
            left["contact_phone"] = found[: LENGTHS["contact_phone"]]
        if not left["contact_name"]:
            left["contact_name"] = next((found for name in changed if (found := first_name(texts[name]))), "")
    return left


def _first(tags: list[str], meaning: dict[str, str]) -> str | None:
    return next((meaning[tag] for tag in tags if tag in meaning), None)


def _source_fields(source: Source) -> dict[str, Any]:
    return {
        "source_key": source.key,
        "source_name": without_contacts(source.name),
        "source_class": source.source_class,
        "original_id": source.original_id,
        "source_url": source.url,
        "legal_basis": source.legal_basis,
        "publisher_class": source.publisher_class,
        "label": source.label,
        "missing": list(source.missing),
    }


def _trade_codes(advert: Advert, title: str, findings: list[Finding]) -> list[str]:
    """The codes of the trade: the one given, else the one that the given word or the title surely means, else none."""
    said = clean(advert.trade or "")
    if said and _CODE.fullmatch(said):
        if trade.occupation(said) is not None:
            return [said]
        findings.append(
            Finding("trade_unknown", "trade", said, "没有这个职业代码，请按 2022 年版职业分类大典填写，或直接写工种名称。")
        )
        said = ""
    known = trade.lookup(said) if said else None
    if known is not None and known.code:
        return [known.code]
    for text in (said, title):
        code = _class_of(text).code if text else None
        if code:
            return [code]
    findings.append(
        Finding("trade_unread", "trade", said or title, "没认出是什么工种，建议写上常用的工种名称，例如“焊工”“保安”。", "note")
    )
    return []


def _headcount(advert: Advert, findings: list[Finding]) -> int | None:
    if advert.headcount is not None and advert.headcount < 1:
        findings.append(Finding("headcount_unread", "headcount", str(advert.headcount), "招聘人数要是 1 或更多。"))
        return None
    return advert.headcount


def _wage_fields(text: str, findings: list[Finding]) -> dict[str, Any]:
    wage = _wage_of(text)
    if text and wage.negotiable and wage.min is None and wage.max is None:
        findings.append(Finding("wage_negotiable", "wage", text, "只写面议，工友心里没底，建议写个范围，例如“6000-8000元/月”。"))
    elif text and wage.reason and wage.reason.startswith(_WRONG_WAGE):
        findings.append(Finding("wage_wrong", "wage", text, f"{wage.reason}，请检查数字，例如“6000-8000元/月”。", "block"))
    elif text and wage.reason:
        findings.append(Finding("wage_unread", "wage", text, f"工资没读懂：{wage.reason}。建议写成“6000-8000元/月”这样。"))
    return {
        "wage_text": text,
        "wage_min": wage.min,
        "wage_max": wage.max,
        "wage_unit": wage.unit,
        "wage_min_yuan_month": wage.min_yuan_month,
        "wage_max_yuan_month": wage.max_yuan_month,
        "wage_negotiable": wage.negotiable,
        "settlement": wage.settlement,
    }


def _age_fields(text: str, findings: list[Finding]) -> dict[str, Any]:
    age = _age_of(text)
    if text and age.reason:
        findings.append(Finding("age_unread", "age", text, f"年龄要求没读懂：{age.reason}。建议写成“18-55岁”或“不限”。"))
    return {
        "age_text": text,
        "age_min": age.min,
        "age_max": age.max,
        "age_men": list(age.men) if age.men else None,
        "age_women": list(age.women) if age.women else None,
    }


def _place_fields(advert: Advert, address: str, findings: list[Finding]) -> dict[str, Any]:
    code = _region_code(clean(advert.region), address, findings)
    lat, lng, point_source = _given_point(advert, findings)
    if lat is None and code and (county := _county(code)) is not None:
        # An address is read for the division it lies in and no nearer: towns have no points of their own.
        lat, lng, point_source = county.lat, county.lng, "region"
    return {"region_code": code, "lat": lat, "lng": lng, "point_source": point_source}


def _county(code: str) -> region.Region | None:
    """The county a division is or lies in. The middle of a city or a province is nobody's place of work, and a distance from it
    would be made up: so for cities without counties (东莞), too, and for counties whose own point nobody knows."""
    found: region.Region | None = region.get(code)
    while found is not None and found.level > COUNTY:
        found = region.get(found.parent) if found.parent else None
    return found if found is not None and found.level == COUNTY and found.coord_source != "parent" else None


def _given_point(advert: Advert, findings: list[Finding]) -> tuple[float | None, float | None, str | None]:
    if advert.lat is None or advert.lng is None:
        return None, None, None
    if not in_china(advert.lat, advert.lng):
        findings.append(
            Finding("point_outside", "lat", f"{advert.lat},{advert.lng}", "坐标不在中国境内，请检查经纬度有没有写反。")
        )
        return None, None, None
    lat, lng = wgs84_to_gcj02(advert.lat, advert.lng) if advert.crs == "wgs84" else (advert.lat, advert.lng)
    return round(lat, 6), round(lng, 6), "given"


def _region_code(said: str, address: str, findings: list[Finding]) -> str:
    """The 12-digit code ("" when unknown). An address narrows a region, never moves it."""
    if _DIVISION.fullmatch(said):
        given = region.current(said)
        if given.code is None:
            advice = f"行政区划代码不对：{given.reason or said}。请检查，或直接写地名。"
            findings.append(Finding("region_unknown", "region", said, advice))
            return _by_address(address, findings)
        inner = _place_of(f"{region.get(given.code).full_name}{address}").code if address else None
        return inner if inner and region.is_within(inner, given.code) else given.code
    if not said:
        return _by_address(address, findings)
    code = _place_of(said).code
    inner = _place_of(f"{said}{address}").code if address else None
    if code is None or (inner and region.is_within(inner, code)):
        code = inner or code
    if code:
        return code
    _say_why(said, findings)
    return ""


def _by_address(address: str, findings: list[Finding]) -> str:
    if not address:
        return ""
    code = _place_of(address).code
    if code:
        return code
    _say_why(address, findings)
    return ""


def _say_why(text: str, findings: list[Finding]) -> None:
    place = _place_of(text)
    if place.ambiguous:
        names = [region.get(code).full_name for code in place.ambiguous[:3]]
        advice = f"“{text}”可能是{'、'.join(names)}，请写上省市，例如“{names[0]}”。"
        findings.append(Finding("region_ambiguous", "region", text, advice))
    else:
        advice = f"没认出工作地点：{place.reason or text}。请写到县区，例如“赣州市章贡区”。"
        findings.append(Finding("region_unread", "region", text, advice))
