"""The dated rows of ``data/reviews.toml``: time limits, reasons, and when an employer has offended too often."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, cast

from service import clock
from service.employers.tables import Deadline

OUTCOMES = {"publish": "没有问题，可以显示", "mend": "要修改", "refuse": "不能发布，下架"}


@dataclass(frozen=True, slots=True)
class Repeat:
    """So many adverts found unlawful in so many days. ``counts``: whether the row may hold anything."""

    upheld: int
    days: int
    article: str
    source: str
    verified: str

    @property
    def counts(self) -> bool:
        """Only a row whose article was read may hold."""
        return self.verified == "primary"


@dataclass(frozen=True, slots=True)
class ReportReason:
    """Why somebody reports an advert."""

    code: str
    title: str
    grave: bool


def repeat_row(now: datetime) -> Repeat:
    """When an employer has offended too often."""
    row = _row("repeat", now)
    return Repeat(row["upheld"], row["days"], row["article"], row["source"], row["verified"])


def reporters_to_hold(now: datetime) -> int | None:
    """How many people must report an advert for a grave reason until it is held; None when the row may not hold."""
    row = _row("reported", now)
    return cast("int", row["reporters"]) if row["verified"] == "primary" else None


def enough_for_usual(now: datetime) -> tuple[int, int]:
    """How many jobs, of how many employers, it takes to say what a trade is paid."""
    row = _row("usual_wage", now)
    return row["jobs"], row["employers"]


def due(what: str, now: datetime) -> datetime:
    """By when somebody has promised to look: ``advert``, ``report``, ``grave_report`` or ``objection``. Raises LookupError for
    another."""
    row = _row("deadline", now, what=what)
    kept = Deadline(what, row["working_days"], 0, row["text"], "", row["source"], row["verified"])
    return kept.after(now)


def taken_for() -> timedelta:
    """How long an advert stays with whoever took it to look at."""
    return timedelta(hours=_table()["taken"]["hours"])


@cache
def report_reasons() -> dict[str, ReportReason]:
    """Why people report adverts, by code."""
    return {code: ReportReason(code, row["title"], row["grave"]) for code, row in _table()["report"].items()}


def decision_reasons(outcome: str) -> dict[str, str]:
    """The reasons of a decision, with the sentence that employer and reporter read."""
    return cast("dict[str, str]", _table()[outcome])


@cache
def unlawful_reasons() -> frozenset[str]:
    """Reasons of a refusal that are an offence: a place that is filled, or something else, is none."""
    return frozenset(decision_reasons("refuse")) - frozenset(_table()["no_offence"]["reasons"])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("service.jobs").joinpath("data/reviews.toml").read_text(encoding="utf-8"))


def _row(name: str, now: datetime, **wanted: str) -> dict[str, Any]:
    today = now.astimezone(clock.BEIJING).date()
    rows = [
        row
        for row in _table()[name]
        if row["effective_from"] <= today <= row.get("effective_to", date.max)
        and all(row[key] == value for key, value in wanted.items())
    ]
    if not rows:
        raise LookupError(name, wanted)
    return cast("dict[str, Any]", max(rows, key=lambda row: row["effective_from"]))
