"""Promised days: weekends, days off in the week, and Saturdays that are worked."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.rules.working_days import is_working_day, working_days_after


@pytest.mark.parametrize(
    ("day", "number", "due"),
    [
        (date(2026, 11, 27), 3, date(2026, 12, 2)),  # a Friday: Monday, Tuesday, Wednesday
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # the long holiday
        (date(2026, 10, 8), 2, date(2026, 10, 10)),  # a Saturday that is worked
        (date(2026, 2, 13), 3, date(2026, 2, 25)),  # Saturday before the Spring Festival is worked
        (date(2031, 3, 7), 1, date(2031, 3, 10)),  # a year nobody has announced yet: weekends
    ],
)
def test_days(day: date, number: int, due: date) -> None:
    assert working_days_after(day, number) == due


@given(st.dates(date(2025, 1, 1), date(2028, 1, 1)), st.integers(1, 30))
def test_the_day_promised_is_worked_and_counted_right(day: date, number: int) -> None:
    due = working_days_after(day, number)
    between = [date.fromordinal(n) for n in range(day.toordinal() + 1, due.toordinal() + 1)]
    assert is_working_day(due)
    assert sum(map(is_working_day, between)) == number


def test_no_days_are_no_promise() -> None:
    with pytest.raises(ValueError, match="working days"):
        working_days_after(date(2026, 1, 1), 0)
