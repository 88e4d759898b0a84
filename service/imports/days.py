"""Days and hours as clerks write them: 「2026-12-01 8:00」, 「12月1日8点」, 「2026/12/1」. What cannot be read is None."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from service.clock import BEIJING

END_OF_DAY = time(23, 59, 59)
_DAY = re.compile(r"\s*(?:(?P<year>20\d\d)\s*[-/.年]\s*)?(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*[日号]?[T\s]*")
_CLOCK = re.compile(
    r"(?P<part>上午|下午|晚上|早上|中午)?(?P<hour>\d{1,2})"
    r"(?::(?P<minute>\d{2})(?::\d{2})?|[点时](?:(?P<half>半)|(?P<past>\d{1,2})分?)?)"
)
_SERIAL = re.compile(r"4\d{4}(?:\.\d+)?|5[0-4]\d{3}(?:\.\d+)?")
_LATE = frozenset({"下午", "晚上"})


def moment_of(text: str, now: datetime, *, end: bool) -> datetime | None:
    """The moment that a text names, Beijing time; a day without an hour begins at 0:00, or with ``end`` ends at 23:59:59. A day
    without a year is the next one of that name, yesterday's still this year's."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if _SERIAL.fullmatch(plain):
        return _of_serial(float(plain), end=end)
    found = _DAY.match(plain)
    if found is None:
        return None
    day = _day(found, now.astimezone(BEIJING).date())
    rest = re.sub(r"\s+", "", plain[found.end() :])
    hour = _CLOCK.fullmatch(rest)
    if day is None or (rest and hour is None):
        return None
    if hour is None:
        return datetime.combine(day, END_OF_DAY if end else time(), BEIJING)
    number, minute = int(hour["hour"]), 30 if hour["half"] else int(hour["minute"] or hour["past"] or 0)
    if hour["part"] in _LATE and number < 12:
        number += 12
    if number > 24 or minute > 59 or (number == 24 and minute):
        return None
    return datetime.combine(day, time(), BEIJING) + timedelta(hours=number, minutes=minute)


def _of_serial(number: float, *, end: bool) -> datetime:
    """A day as a spreadsheet counts it whose cell has lost its format: 46388 is 2027-01-01."""
    moment = datetime.combine(date(1899, 12, 30), time(), BEIJING) + timedelta(minutes=round(number * 1440))
    return datetime.combine(moment.date(), END_OF_DAY, BEIJING) if end and moment.time() == time() else moment


def _day(found: re.Match[str], today: date) -> date | None:
    month, number = int(found["month"]), int(found["day"])
    years = [int(found["year"])] if found["year"] else [today.year, today.year + 1]
    for year in years:
        try:
            day = date(year, month, number)
        except ValueError:
            continue
        if found["year"] or day >= today - timedelta(days=1):
            return day
    return None
