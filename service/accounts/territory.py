"""A territory as a condition on a column, for lists; for one object ``permit.in_territory`` asks the table of divisions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, true

from matching.rules import region

DIGITS = {1: 2, 2: 4, 3: 6, 4: 9}
"""How many digits of a code say a division of a level."""


def within(column: Any, code: str) -> ColumnElement[bool]:
    """The condition that a column of 12-digit codes lies in a division or below it; always true for an empty code."""
    if not code:
        return true()
    found: ColumnElement[bool] = column.like(f"{code[: DIGITS.get(region.get(code).level, 12)]}%")
    return found
