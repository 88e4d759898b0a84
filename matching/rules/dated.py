"""Law and policy as dated rows of `data/*.csv`: every rule says what it is, where it is from, when it holds, how sure it is."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, cast

Verified = Literal["primary", "secondary", "unverified"]
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated rule. `verified`: primary = the text of the law was read; only such a rule may block, the others may warn."""

    rule_id: str
    text: str
    source: str
    url: str
    effective_from: date
    effective_to: date | None
    verified: Verified

    def in_force(self, on: date) -> bool:
        """Whether the rule holds on that day, both ends included."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


@dataclass(frozen=True, slots=True)
class Row:
    """A rule and the further columns of its table, as text."""

    rule: Rule
    fields: dict[str, str]

    def number(self, name: str) -> int | None:
        """A column of whole numbers; None where the cell is empty."""
        return int(self.fields[name]) if self.fields[name] else None


@cache
def rows(table: str) -> tuple[Row, ...]:
    """All rows of `data/<table>.csv`, in file order. Raises FileNotFoundError for an unknown table, ValueError for a bad cell."""
    with (_DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_row(cells) for cells in csv.DictReader(file))


def _row(cells: dict[str, str]) -> Row:
    verified = cells.pop("verified")
    if verified not in ("primary", "secondary", "unverified"):
        raise ValueError(f"verified: {verified}")
    until = cells.pop("effective_to")
    rule = Rule(
        rule_id=cells.pop("rule_id"),
        text=cells.pop("text"),
        source=cells.pop("source"),
        url=cells.pop("url"),
        effective_from=date.fromisoformat(cells.pop("effective_from")),
        effective_to=date.fromisoformat(until) if until else None,
        verified=cast("Verified", verified),
    )
    return Row(rule, cells)
