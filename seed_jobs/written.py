"""The hand-written demonstration data: adverts, employers, stations, workers, streams, out of the tables in ``data/``.

Nothing here is real: no open data of gigs or live listings exists. Days in the tables count from the day of loading, so that
what is shown is always current. Points are the centre of the county moved a little, the same way each time.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files

from matching.rules import region
from service.clock import BEIJING
from service.jobs.advert import Advert, GigAdvert, LiveAdvert, Source

KEY = "demo"
LABEL = "演示"
GIG_FILES = ("gigs_jiangxi.csv", "gigs_hubei_jiangsu.csv")
LISTING_DAYS = 21
"""How long a listing can be answered after its stream has ended."""
CONTACT = "演示联系人"

Row = dict[str, str]
_SETTLEMENTS = {"日结": "day", "周结": "week", "月结": "month", "做完结": "job"}


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when, aware."""

    starts_at: datetime
    ends_at: datetime


@cache
def rows(name: str) -> tuple[Row, ...]:
    """A table of ``data/`` as it is written, a mapping a line."""
    text = (files("seed_jobs") / "data" / name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def gig_rows() -> tuple[Row, ...]:
    """The gigs of all files, in the order of their numbers."""
    return tuple(row for name in GIG_FILES for row in rows(name))


def first_day(now: datetime) -> date:
    """The day, in Beijing, from which the days of the tables are counted."""
    return now.astimezone(BEIJING).date()


def gig_period(row: Row, day: date) -> Period:
    """From the first morning to the last evening; a night shift ends on the morning after its last day."""
    begin, end = _times(row["time"])
    first = day + timedelta(days=int(row["start"]))
    last = first + timedelta(days=int(row["days"]) - 1 + (end <= begin))
    return Period(datetime.combine(first, begin, BEIJING), datetime.combine(last, end, BEIJING))


def stream_period(row: Row, day: date) -> Period:
    """One evening."""
    begin, end = _times(row["time"])
    on = day + timedelta(days=int(row["start_day"]))
    return Period(datetime.combine(on, begin, BEIJING), datetime.combine(on, end, BEIJING))


def hours_per_day(row: Row) -> float:
    """Working hours of a gig's day: the span less an hour of rest when it is longer than six."""
    begin, end = (moment.hour + moment.minute / 60 for moment in _times(row["time"]))
    span = (end - begin) % 24
    return span - 1 if span > 6 else span


def place_of(name: str, address: str) -> str:
    """The 12-digit code of the county named in a table. Raises ValueError: the table is wrong."""
    code = region.find(name).code
    if not code:
        raise ValueError(f"seed table: place {name}{address} is not known")
    return code


def point_near(code: str, key: str) -> tuple[float, float]:
    """A point (lat, lng in GCJ-02) within about 4 km of a division's centre, settled by ``key``."""
    middle = region.get(code)
    north, east = (int.from_bytes(hashlib.sha256(key.encode()).digest()[at : at + 4], "big") / 2**31 - 1 for at in (0, 4))
    return round(middle.lat + 0.035 * north, 6), round(middle.lng + 0.04 * east, 6)


def hours_ago(key: str, most: int) -> timedelta:
    """A whole number of quarter hours below ``most`` hours, settled by ``key``: adverts do not all come in the same second."""
    return timedelta(minutes=15 * (int.from_bytes(hashlib.sha256(key.encode()).digest()[8:12], "big") % (most * 4)))


def gig_advert(row: Row, *, employer_id: int, station_id: int | None, period: Period, published_at: datetime | None) -> Advert:
    """A line of the gig tables as an advert."""
    employer = employer_row(row["employer"])
    lat, lng = point_near(place_of(row["region"], row["address"]), row["no"])
    return Advert(
        kind="gig",
        title=row["title"],
        trade=row["trade"] or None,
        source=_source(row["no"], employer),
        description=f"{row['description']}。{_insured(row['insurance'])}",
        employer_id=employer_id,
        employer_name=employer["name"],
        skills=tuple(row["skills"].split()),
        headcount=int(row["seats"]),
        wage=row["wage"],
        age=row["age"],
        age_reason=row["age_reason"],
        region=place_of(row["region"], row["address"]),
        address=row["address"],
        lat=lat,
        lng=lng,
        contract_kind="part_time" if row["insurance"] == "工伤保险" else "service",
        hours_per_day=hours_per_day(row),
        shift=_shift(row),
        settlement=_SETTLEMENTS[row["settlement"]],
        tags=(row["settlement"], *_meals(row["description"])),
        contact_name=CONTACT,
        contact_phone=employer["phone"],
        published_at=published_at,
        verified_at=published_at,
        valid_until=period.ends_at,
        gig=GigAdvert(period.starts_at, period.ends_at, int(row["seats"]), row["insurance"], station_id),
    )


def live_advert(row: Row, *, employer_id: int, session_id: int, stream: Period, published_at: datetime | None) -> Advert:
    """A line of the listings as an advert."""
    employer = employer_row(row["employer"])
    key = f"{row['stream']}-{row['no']}"
    lat, lng = point_near(place_of(row["region"], row["address"]), key)
    return Advert(
        kind="live",
        title=row["title"],
        trade=row["trade"] or None,
        source=_source(key, employer),
        description=row["description"],
        employer_id=employer_id,
        employer_name=employer["name"],
        skills=tuple(row["skills"].split()),
        headcount=int(row["headcount"]),
        education=row["education"],
        wage=row["wage"],
        age=row["age"],
        age_reason=row["age_reason"],
        region=place_of(row["region"], row["address"]),
        address=row["address"],
        lat=lat,
        lng=lng,
        contract_kind=row["contract"],
        hours_per_day=float(row["hours"]),
        shift=row["shift"],
        settlement="month",
        tags=_meals(row["description"]),
        contact_name=CONTACT,
        contact_phone=employer["phone"],
        published_at=published_at,
        verified_at=published_at,
        valid_until=stream.ends_at + timedelta(days=LISTING_DAYS),
        live=LiveAdvert(session_id, int(row["no"])),
    )


def employer_row(code: str) -> Row:
    """The employer with this short code. Raises KeyError: the table is wrong."""
    return {row["code"]: row for row in rows("employers.csv")}[code]


def credit_code(number: int) -> str:
    """A made-up credit code with right check characters (GB 32100-2015, GB 11714): division 999999 does not exist."""
    organisation = f"DEM{number:05d}"
    rest = 11 - _weighted(organisation, (3, 7, 9, 10, 5, 8, 4, 2), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") % 11
    whole = f"91999999{organisation}{'0' if rest == 11 else 'X' if rest == 10 else rest}"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    return whole + _CREDIT_SIGNS[-_weighted(whole, weights, _CREDIT_SIGNS) % 31]


_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _weighted(text: str, weights: tuple[int, ...], signs: str) -> int:
    return sum(signs.index(sign) * weight for sign, weight in zip(text, weights, strict=True))


def _source(original_id: str, employer: Row) -> Source:
    return Source(
        key=KEY,
        name="城暖演示数据",
        source_class="demo",
        original_id=original_id,
        legal_basis="为演示而编写，不是真实招聘",
        publisher_class=employer["class"],
        label=LABEL,
    )


def _insured(kind: str) -> str:
    return f"{kind}由用工方出钱" if kind == "意外险" else f"用工方缴{kind}"


_MEAL = re.compile("管[早中午晚]饭|管早中饭|管[一两三]餐|管一顿|包午餐|有夜宵|管夜宵")


def _meals(description: str) -> tuple[str, ...]:
    """A meal on working days, as these tables say it. 包吃 says more and is read from the text itself."""
    return ("工作餐",) if _MEAL.search(description) and "包吃" not in description else ()


def _shift(row: Row) -> str:
    """Night when work begins after six in the evening or before four in the morning; rotating when the text says so."""
    if "两班倒" in row["description"]:
        return "rotating"
    begin = _times(row["time"])[0].hour
    return "night" if begin >= 18 or begin < 4 else "day"


def _times(text: str) -> tuple[time, time]:
    begin, end = (time.fromisoformat(part) for part in text.split("-"))
    return begin, end
