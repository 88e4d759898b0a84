"""The dated policy of the open data: terms, and how long things are kept (``data/policy.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from service.clock import BEIJING
from service.config import OpenDataSettings
from service.jobs.licence import licence

TABLE = Path(__file__).resolve().parent / "data" / "policy.toml"


@dataclass(frozen=True, slots=True)
class Policy:
    """One row of the table."""

    begins: date
    undecided: str
    terms: tuple[str, ...]
    position_age: timedelta
    log_age: timedelta

    def told(self, chosen: OpenDataSettings) -> dict[str, Any]:
        """As the open data say it of themselves: the operator's licence, or that there is none yet and what that means."""
        said = licence(chosen)
        return said | {"terms": list(self.terms) if said["decided"] else [self.undecided, *self.terms]}


@cache
def _rows() -> tuple[Policy, ...]:
    """The table, the newest row first. Raises ValueError when a line of the log would go before a position at it."""
    found = []
    for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["policy"]:
        kept, good = timedelta(days=row.pop("log_days")), timedelta(days=row.pop("position_days"))
        if kept < good + timedelta(days=2):
            raise ValueError(f"{TABLE.name}: log_days must exceed position_days")
        found.append(Policy(**row | {"terms": tuple(row["terms"])}, position_age=good, log_age=kept))
    return tuple(sorted(found, key=lambda policy: policy.begins, reverse=True))


def policy(now: datetime) -> Policy:
    """The row that holds at ``now``."""
    today = now.astimezone(BEIJING).date()
    return next((row for row in _rows() if row.begins <= today), _rows()[-1])
