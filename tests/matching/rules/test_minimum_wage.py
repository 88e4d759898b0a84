"""Which minimum-wage row speaks about a place on a day."""

from __future__ import annotations

from datetime import date

import pytest

from matching.rules.minimum_wage import last_known, minimum_wage


@pytest.mark.parametrize(
    ("area", "class_name", "month", "hour"),
    [
        ("360100", "一类", 1850, 18.5),
        ("360102000000", "一类", 1850, 18.5),
        ("360702", "二类", 1730, 17.3),
        ("360703000000", "二类", 1730, 17.3),
        ("360731", "三类", 1610, 16.1),
    ],
)
def test_the_most_local_row_counts(area: str, class_name: str, month: int, hour: float) -> None:
    found = minimum_wage(area, date(2023, 5, 1))
    assert found is not None
    assert (found.class_name, found.month_yuan, found.hour_yuan, found.exact) == (class_name, month, hour, True)


def test_an_old_figure_is_not_taken_for_todays() -> None:
    found = minimum_wage("360702", date(2026, 5, 1))
    assert found is not None
    assert found.month_yuan is None
    assert found.exact is False
    assert found.rule.verified == "unverified"


def test_a_province_of_which_only_the_top_class_is_known() -> None:
    found = minimum_wage("420281", date(2026, 5, 1))
    assert found is not None
    assert (found.month_yuan, found.exact) == (2210, False)


def test_nothing_known() -> None:
    assert minimum_wage("110105", date(2026, 5, 1)) is None
    assert minimum_wage("360702", date(2010, 5, 1)) is None


def test_the_last_figure_known_of_a_place() -> None:
    found = last_known("360702", date(2026, 11, 27))
    assert found is not None
    assert (found.month_yuan, found.hour_yuan, found.exact) == (1730, 17.3, True)
    town = last_known("360702003000", date(2026, 11, 27))
    assert town == found
    assert last_known("360702", date(2020, 1, 1)) is None
    assert last_known("320106", date(2026, 11, 27)) is None
