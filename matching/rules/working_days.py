"""Working days (工作日), in which authorities promise their answers: Monday to Friday, but for the days of `days_off.csv`.

A year without rows counts weekends alone: a promised day may then come out too early, never too late.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from matching.rules.dated import rows

SATURDAY = 5


@cache
def _said() -> dict[date, bool]:
    """What the yearly notices say of single days: True for a day of work, False for a day off."""
    found: dict[date, bool] = {}
    for row in rows("days_off"):
        day, end = row.rule.effective_from, row.rule.effective_to or row.rule.effective_from
        while day <= end:
            found[day] = row.fields["kind"] == "work"
            day += timedelta(days=1)
    return found


def is_working_day(day: date) -> bool:
    """Whether offices work on that day. Source: days_off.csv (the State Council's yearly notice), else the day of the week."""
    said = _said().get(day)
    return day.weekday() < SATURDAY if said is None else said


def working_days_after(day: date, number: int) -> date:
    """The `number`-th working day after `day`, which itself never counts. Raises ValueError below one."""
    if number < 1:
        raise ValueError("number of working days")
    while number:
        day += timedelta(days=1)
        number -= is_working_day(day)
    return day
