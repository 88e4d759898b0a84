"""What partners agree to (``data/terms.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files

from service import clock


@dataclass(frozen=True, slots=True)
class Terms:
    """One row of the table."""

    effective_from: date
    token_life: timedelta
    scopes: tuple[str, ...]
    bulk_most: int
    bulk_bytes: int
    label: str
    legal_basis: str


@cache
def _rows() -> tuple[Terms, ...]:
    text = files("service.partners").joinpath("data/terms.toml").read_text(encoding="utf-8")
    found = [
        Terms(
            row["effective_from"], timedelta(minutes=int(row["token_minutes"])), tuple(row["scopes"]), int(row["bulk_most"]),
            int(row["bulk_bytes"]), row["label"], row["legal_basis"],
        )
        for row in tomllib.loads(text)["terms"]
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.effective_from))


def terms(now: datetime) -> Terms:
    """Those in force on the day of ``now``."""
    day = now.astimezone(clock.BEIJING).date()
    return next(row for row in reversed(_rows()) if row.effective_from <= day)
