"""Opening hours: spans of the weekdays at Beijing time, open or not now, in words, and read from the words that people write."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, time, timedelta

from service import clock
from service.stations.models import Hours

DAYS = "一二三四五六日"
MOST_SPANS = 4
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_TO = r"[ ]*(?:-|—|~|至|到)[ ]*"
_CLOCK = r"\d{1,2}:\d{2}"
_WRITTEN = re.compile(rf"周([一二三四五六日天])(?:{_TO}周?([一二三四五六日天]))?[ :]*((?:{_CLOCK}{_TO}{_CLOCK}[ ,、]*)+)")
_SPAN = re.compile(rf"({_CLOCK}){_TO}({_CLOCK})")


def what_is_wrong(hours: Hours) -> str:
    """One sentence about hours that cannot be; empty when they can."""
    for day, spans in hours.items():
        if day not in {"1", "2", "3", "4", "5", "6", "7"}:
            return "星期几要写成 1（周一）到 7（周日）。"
        if len(spans) > MOST_SPANS:
            return f"一天最多写 {MOST_SPANS} 段时间。"
        before = ""
        for span in spans:
            if len(span) != 2 or not all(_TIME.fullmatch(moment) for moment in span):
                return "时间要写成 08:30 这样，一段写开始和结束两个时间。"
            if not before <= span[0] < span[1]:
                return "一天里的时间要从早到晚，结束晚于开始，几段不能重叠。"
            before = span[1]
    return ""


def is_open(hours: Hours | None, now: datetime) -> bool | None:
    """Whether it is open at ``now``; None when nobody has said when it is. Holidays are not in it: see the note beside it."""
    if hours is None:
        return None
    local = now.astimezone(clock.BEIJING)
    moment = f"{local:%H:%M}"
    return any(start <= moment < end for start, end in hours.get(str(local.isoweekday()), []))


def opens_next(hours: Hours | None, now: datetime) -> datetime | None:
    """When it opens next after ``now``, within a week; None while it is open or nobody knows."""
    if hours is None or is_open(hours, now):
        return None
    local = now.astimezone(clock.BEIJING)
    for ahead in range(8):
        day = (local + timedelta(days=ahead)).date()
        for start, _ in hours.get(str(day.isoweekday()), []):
            moment = datetime.combine(day, time.fromisoformat(start), clock.BEIJING)
            if moment > local:
                return moment
    return None


def in_words(hours: Hours) -> str:
    """「周一至周五 08:30-12:00、14:30-17:30；周六 09:00-12:00」."""
    days = [tuple(tuple(span) for span in hours.get(str(day), [])) for day in range(1, 8)]
    parts: list[str] = []
    first = 0
    while first < 7:
        last = first
        while last + 1 < 7 and days[last + 1] == days[first]:
            last += 1
        if days[first]:
            name = f"周{DAYS[first]}" if first == last else f"周{DAYS[first]}至周{DAYS[last]}"
            parts.append(f"{name} {'、'.join(f'{start}-{end}' for start, end in days[first])}")
        first = last + 1
    return "；".join(parts)


def read_words(text: str) -> Hours | None:
    """The spans of a text such as 「周一至周六 06:30-18:00」; None when it says something that cannot be read."""
    plain = unicodedata.normalize("NFKC", text)
    found: Hours = {}
    rest = plain
    for part in _WRITTEN.finditer(plain):
        rest = rest.replace(part[0], "", 1)
        first, last = (DAYS.index(day.replace("天", "日")) for day in (part[1], part[2] or part[1]))
        if first > last:
            return None
        spans = [[start.zfill(5), end.zfill(5)] for start, end in _SPAN.findall(part[3])]
        found |= {str(day + 1): spans for day in range(first, last + 1)}
    if not found or rest.strip(" ;；,，。") or what_is_wrong(found):
        return None
    return found
