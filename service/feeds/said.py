"""What sources say in fields of their own, as texts that ``jobs/advert.py`` reads: days, numbers of people, wages in parts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

from service.clock import BEIJING

_DAY = re.compile(r"(20\d{2})[-/.年](\d{1,2})[-/.月](\d{1,2})")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})")
_PEOPLE = re.compile(r"(\d{1,5})\s*(?:名|人|个|位)?(?:左右|以上)?")


def day(text: str) -> str:
    """An ISO day of Beijing out of 2026-01-05, 2026/1/5, 2026年1月5日, an ISO time with its zone, or milliseconds since 1970;
    empty when it is none of them."""
    text = text.strip()
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(BEIJING).date().isoformat()
        if re.fullmatch(r"1\d{12}", text):
            return datetime.fromtimestamp(int(text) / 1000, UTC).astimezone(BEIJING).date().isoformat()
        found = _DAY.match(text)
        return date(*(int(part) for part in found.groups())).isoformat() if found else ""
    except ValueError:
        return ""


def headcount(text: str) -> int | None:
    """A number of people between 1 and 99,999; None when the text is another thing (若干)."""
    found = _PEOPLE.fullmatch(text.strip())
    return int(found[1]) or None if found else None


def wage(low: str, high: str, unit: str, text: str = "") -> str:
    """The text when there is one, else 「5000-7000元/月」 out of the parts; empty when there are none. ``unit`` is 元/月, say."""
    if text.strip():
        return text.strip()
    parts = [part for part in (low.strip(), high.strip()) if part and re.fullmatch(r"\d+(?:\.\d+)?", part) and float(part) > 0]
    return f"{'-'.join(dict.fromkeys(parts))}{unit}" if parts and unit else ""


def not_looked_up(**codes: tuple[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Codes that a look-up does not have, each with the field that it stands in: 学历 95. ``codes``: field to the code that was
    said (empty: none) and the look-up."""
    return tuple(f"{field} {code[:20]}" for field, (code, known) in codes.items() if code and code not in known)


def number(text: str) -> float | None:
    """A coordinate; None when it is none, or the 0 that stands for nothing."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and found != 0 else None


def point(lat: str, lng: str) -> tuple[float | None, float | None]:
    """Both or none."""
    found = number(lat), number(lng)
    return found if None not in found else (None, None)


def words(text: str) -> tuple[str, ...]:
    """The pieces of a list that people wrote: 包吃、包住; 五险一金."""
    return tuple(dict.fromkeys(word for word in re.split(r"[、，,;；|/\s]+", text) if word))
