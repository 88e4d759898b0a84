"""How long an advert lives, by kind: its end, when its owner is reminded, when it is stale (``data/lifetimes.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files

from service import clock


@dataclass(frozen=True, slots=True)
class Lifetime:
    """One row: the terms of a kind from a day on."""

    kind: str
    effective_from: date
    days: timedelta
    longest: timedelta
    remind_before: tuple[int, ...]
    stale_after: timedelta
    sink: timedelta
    close_after: timedelta
    expired_kept: timedelta


@cache
def _rows() -> tuple[Lifetime, ...]:
    text = files("service.jobs").joinpath("data/lifetimes.toml").read_text(encoding="utf-8")
    found = []
    for row in tomllib.loads(text)["lifetime"]:
        remind = tuple(sorted(int(days) for days in row["remind_before_days"]))
        terms = {name: timedelta(days=int(row[f"{name}_days"])) for name in ("longest", "stale_after", "sink", "close_after")}
        if not remind or remind[0] < 1 or min(terms.values()) <= timedelta() or int(row["days"]) < 1:
            raise ValueError(f"lifetimes.toml: {row['kind']}: a term of no length")
        kept, days = timedelta(days=int(row["expired_kept_days"])), timedelta(days=int(row["days"]))
        found.append(Lifetime(row["kind"], row["effective_from"], days, remind_before=remind, expired_kept=kept, **terms))
    return tuple(sorted(found, key=lambda one: one.effective_from))


def lifetime(kind: str, now: datetime) -> Lifetime:
    """The terms of a kind on the day of ``now``. Raises ValueError for a kind or a day without a row."""
    day = now.astimezone(clock.BEIJING).date()
    found = [row for row in _rows() if row.kind == kind and row.effective_from <= day]
    if not found:
        raise ValueError(f"no lifetime of {kind} on {day}")
    return found[-1]


def ranked_from(kind: str, published_at: datetime, stale_at: datetime | None) -> datetime:
    """The moment of publication by which an advert is ranked: a stale one sinks. What is shown stays the true one."""
    return published_at if stale_at is None else published_at - lifetime(kind, stale_at).sink
