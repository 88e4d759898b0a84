"""How long what is kept: the rows of ``data/retention.toml``, each with its law."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Limit:
    """One row: ``days`` is what we keep, never less than ``least_days`` of the law."""

    rule: str
    title: str
    least_days: int
    days: int
    counted: str
    article: str
    source: str
    url: str
    effective_from: date
    verified: str

    @property
    def kept(self) -> timedelta:
        """How long the rows stay."""
        return timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Inactive:
    """After how long without a sign of life somebody is told, and how long after that the data go."""

    after: timedelta
    notice: timedelta


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("service.privacy").joinpath("data/retention.toml").read_text(encoding="utf-8"))


@cache
def limits() -> dict[str, Limit]:
    """Every rule by its code. Raises ValueError for one that keeps shorter than the law."""
    rows = [Limit(**row) for row in _table()["rule"]]
    for row in rows:
        if row.days < row.least_days or row.verified not in {"primary", "secondary"}:
            raise ValueError(f"retention.toml: {row.rule}")
    return {row.rule: row for row in rows}


@cache
def inactive() -> Inactive:
    """The limits for people who do not come back."""
    row = _table()["inactive"]
    return Inactive(timedelta(days=row["after_days"]), timedelta(days=row["notice_days"]))


def promised_minutes() -> int:
    """Within how many minutes the data of somebody who leaves are gone."""
    return int(_table()["leaving"]["promised_minutes"])


def law_working_days() -> int:
    """Within how many working days the law wants it."""
    return int(_table()["leaving"]["law_working_days"])
