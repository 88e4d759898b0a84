"""Opening hours: read, said, and asked at Beijing time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import clock
from service.stations import hours
from service.stations.models import Hours

OFFICE: Hours = {str(day): [["08:30", "12:00"], ["14:30", "17:30"]] for day in range(1, 6)} | {"6": [["09:00", "12:00"]]}


@pytest.mark.parametrize(
    ("moment", "is_open", "opens_next"),
    [
        ("2026-11-27T08:29:59+08:00", False, "2026-11-27T08:30:00+08:00"),  # a Friday
        ("2026-11-27T08:30:00+08:00", True, None),
        ("2026-11-27T12:00:00+08:00", False, "2026-11-27T14:30:00+08:00"),
        ("2026-11-27T09:00:00+00:00", True, None),  # 17:00 in Beijing
        ("2026-11-27T23:30:00+00:00", False, "2026-11-28T09:00:00+08:00"),  # already Saturday there
        ("2026-11-28T13:00:00+08:00", False, "2026-11-30T08:30:00+08:00"),  # Sunday is closed
    ],
)
def test_at_beijing_time(moment: str, is_open: bool, opens_next: str | None) -> None:
    now = clock.parse(moment)
    assert hours.is_open(OFFICE, now) == is_open
    found = hours.opens_next(OFFICE, now)
    assert (None if found is None else clock.show(found)) == opens_next


def test_nobody_knows_and_never() -> None:
    now = clock.parse("2026-11-27T08:29:59+08:00")
    assert hours.is_open(None, now) is None
    assert hours.opens_next(None, now) is None
    assert hours.is_open({}, now) is False
    assert hours.opens_next({}, now) is None
    assert hours.is_open({"5": [["00:00", "24:00"]]}, clock.parse("2026-11-27T23:59:59+08:00")) is True


def test_a_week_until_the_same_day() -> None:
    found = hours.opens_next({"5": [["08:00", "09:00"]]}, clock.parse("2026-11-27T09:00:00+08:00"))
    assert found == clock.parse("2026-12-04T08:00:00+08:00")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("周一至周日 06:00-20:00", {str(day): [["06:00", "20:00"]] for day in range(1, 8)}),
        ("周一到周五 8:30-12:00、14:30-17:30；周六 9:00-12:00", OFFICE),
        ("周一至周五：08:30—12:00,14:30—17:30;周六 09:00~12:00。", OFFICE),
        ("周天 09：00-12：00", {"7": [["09:00", "12:00"]]}),
        ("周六至周一 09:00-12:00", None),
        ("周一至周五 09:00-12:00，节假日休息", None),
        ("周一 18:00-08:00", None),
        ("全天", None),
        ("", None),
    ],
)
def test_words(text: str, read: Hours | None) -> None:
    assert hours.read_words(text) == read


@pytest.mark.parametrize(
    "wrong",
    [
        {"8": [["08:00", "09:00"]]},
        {"1": [["8:00", "09:00"]]},
        {"1": [["09:00", "08:00"]]},
        {"1": [["08:00", "08:00"]]},
        {"1": [["08:00", "10:00"], ["09:00", "11:00"]]},
        {"1": [["08:00", "24:01"]]},
        {"1": [["08:00"]]},
        {"1": [["08:00", "09:00"]] * 5},
    ],
)
def test_hours_that_cannot_be(wrong: Hours) -> None:
    assert hours.what_is_wrong(wrong)


_moments = st.integers(0, 24 * 60).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
_days = st.lists(_moments, min_size=2, max_size=6, unique=True).map(
    lambda moments: [list(pair) for pair in zip(*[iter(sorted(moments))] * 2, strict=False)]
)


@given(st.dictionaries(st.sampled_from("1234567"), _days))
def test_what_is_said_can_be_read_again(given_hours: Hours) -> None:
    assert hours.what_is_wrong(given_hours) == ""
    assert (hours.read_words(hours.in_words(given_hours)) or {}) == given_hours
