"""Local minimum wages as dated rows: which row speaks about a place on a day. It informs and may warn, it never blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from matching.rules.dated import Row, Rule, rows


@dataclass(frozen=True, slots=True)
class MinimumWage:
    """The row that was used: `month_yuan` and `hour_yuan` (None = not known), its class, whether it names the place itself.

    `exact` is False when only the province's row is known: the place's own class may be lower, so no warning can rest on it.
    """

    rule: Rule
    class_name: str
    month_yuan: int | None
    hour_yuan: float | None
    exact: bool


def minimum_wage(area_code: str, on: date) -> MinimumWage | None:
    """The most local row in force for a place (6, 9 or 12 digits of GB/T 2260), or None when nothing is known of it.

    Source: minimum_wages.csv (D-15); 最低工资规定 (order 21 of 2004) art. 7 for classes within a province. Rows without a figure
    (a new standard that was not seen yet) come back with None, so that an old figure is not taken for today's.
    """
    full = area_code.ljust(12, "0")[:12]
    in_force = [row for row in rows("minimum_wages") if row.rule.in_force(on)]
    for digits in (12, 9, 6, 4):
        place = full[:digits].ljust(12, "0")
        for row in in_force:
            if place in row.fields["area_codes"].split():
                return _found(row, exact=True)
    for row in in_force:
        if row.fields["province_code"] == full[:2].ljust(12, "0"):
            return _found(row, exact=False)
    return None


def last_known(area_code: str, on: date) -> MinimumWage | None:
    """The newest figure that names a place itself (or the county or city it lies in), in force on that day or before it.

    What stands below an old figure stands below today's as well: standards are reviewed every two or three years and have only
    been raised. Source: minimum_wages.csv; 最低工资规定 (order 21 of 2004) art. 10.
    """
    full = area_code.ljust(12, "0")[:12]
    begun = sorted(
        (row for row in rows("minimum_wages") if row.rule.effective_from <= on), key=lambda row: row.rule.effective_from
    )
    for digits in (12, 9, 6, 4):
        place = full[:digits].ljust(12, "0")
        for row in reversed(begun):
            if place in row.fields["area_codes"].split() and row.fields["month_yuan"]:
                return _found(row, exact=True)
    return None


def _found(row: Row, *, exact: bool) -> MinimumWage:
    hour = row.fields["hour_yuan"]
    return MinimumWage(row.rule, row.fields["class"], row.number("month_yuan"), float(Fraction(hour)) if hour else None, exact)
