"""The one clock. Everything else asks it, so that a test can hold it still. Aware datetimes only."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "+08:00")
"""What people see: China has one time zone and no summer time since 1992."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
_WORN_OUT = datetime(2046, 11, 1, tzinfo=UTC)
LARGEST_JUMP_SECONDS = 3600
"""Beyond this nothing is destroyed by this clock, and ``/status`` is not well."""
_BEGAN = (time.time(), time.monotonic())


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def plausible() -> bool:
    """Whether the machine's clock can be right: this program was written in November 2026, and machines do not last for ever.

    Laws, terms and deadlines of a wrong year would be applied to people: nothing is written by such a clock.
    """
    return _WRITTEN <= now() < _WORN_OUT


def jumped_seconds() -> float:
    """How far the machine's clock has been put forward (back: negative) since this process began, beside the time that passed.

    Whoever destroys by the clock asks this first: what a jump makes look old is not old.
    """
    return (time.time() - _BEGAN[0]) - (time.monotonic() - _BEGAN[1])


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970-01-01 UTC, as the matching library counts time."""
    return int(moment.timestamp())


def from_seconds(value: int) -> datetime:
    """The moment that :func:`seconds` counted, in UTC."""
    return datetime.fromtimestamp(value, UTC)


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC: exactly what a database keeps, for a place in a list ordered by time."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """The moment that :func:`micros` counted, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def show(moment: datetime) -> str:
    """A moment as people and clients see it: ISO 8601 at +08:00, to the second."""
    return moment.astimezone(BEIJING).isoformat(timespec="seconds")


def show_minute(moment: datetime) -> str:
    """A moment in a sentence or at the terminal: 2027-01-26 20:57, in Beijing."""
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def parse(text: str) -> datetime:
    """Back from :func:`show`. Raises ValueError for anything without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment.astimezone(UTC)
