"""The dated tables of this feature: who must show what, deadlines, what stands in the way of publishing, lists, reasons."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

from matching.rules.working_days import working_days_after
from service import clock
from service.employers.models import PUBLISHER_CLASSES

Outcome = Literal["publish", "hold", "refuse"]
Effect = Literal["warn", "hold", "refuse"]
_VERIFIED = ("primary", "secondary", "unverified")
ACTS = ("check", "draft", "publish", "candidates", "contact")
END_OF_DAY = time(18)
"""A promised working day ends when offices close, Beijing time."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """What a class of publisher must show, and what whoever approves must have looked at."""

    name: str
    needs_code: bool
    needs_licence: bool
    papers: tuple[str, ...]
    checks: tuple[str, ...]
    article: str


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """What stands in the way. ``effect`` is what it does today: a law that was not read itself only warns."""

    code: str
    effect: Effect
    state: str
    sentence: str
    article: str
    source: str
    verified: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list of an authority. ``label`` is what workers read when ``shown``."""

    kind: str
    name: str
    reason: str
    shown: bool
    label: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long something takes, in working days or in days."""

    what: str
    working_days: int
    days: int
    text: str
    article: str
    source: str
    verified: str

    def after(self, moment: datetime) -> datetime:
        """When it ends that begins at ``moment``: a working day at closing time, plain days to the minute."""
        if not self.working_days:
            return moment + timedelta(days=self.days)
        day = working_days_after(moment.astimezone(clock.BEIJING).date(), self.working_days)
        return datetime.combine(day, END_OF_DAY, clock.BEIJING)


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("service.employers").joinpath(f"data/{name}.toml").read_text(encoding="utf-8"))


def _in_force(row: dict[str, Any], day: date) -> bool:
    if row["verified"] not in _VERIFIED:
        raise ValueError(f"verified: {row}")
    return bool(row["effective_from"] <= day and ("effective_to" not in row or day <= row["effective_to"]))


def _today(now: datetime) -> date:
    return now.astimezone(clock.BEIJING).date()


def class_row(publisher_class: str, now: datetime) -> ClassRow:
    """The row of a class in force. Raises LookupError when there is none: the table must know every class."""
    for row in _table("papers")["class"]:
        if row["class"] == publisher_class and _in_force(row, _today(now)):
            return ClassRow(row["name"], row["code"], row["licence"], tuple(row["papers"]), tuple(row["checks"]), row["article"])
    raise LookupError(publisher_class)


def class_names() -> dict[str, str]:
    """Every class with the name that people read."""
    return {row["class"]: row["name"] for row in _table("papers")["class"] if row["class"] in PUBLISHER_CLASSES}


def paper_names() -> dict[str, str]:
    """Kinds of pictures with the name that people read."""
    return cast("dict[str, str]", _table("papers")["paper"])


def check_names() -> dict[str, str]:
    """What can be looked at, with its words."""
    return cast("dict[str, str]", _table("papers")["check"])


def reason_row(code: str, now: datetime) -> ReasonRow | None:
    """What stands in the way under this code today; None when no row of it is in force."""
    for row in _table("standing")["reason"]:
        if row["code"] == code and _in_force(row, _today(now)):
            counts = row["basis"] == "decision" or row["verified"] == "primary"
            return ReasonRow(
                code=code,
                effect=row["outcome"] if counts else "warn",
                state=row["state"],
                sentence=row["sentence"],
                article=row["article"],
                source=row["source"],
                verified=row["verified"],
            )
    return None


def allowed_in(state: str) -> frozenset[str]:
    """What an employer may do in a state: some of ``ACTS``."""
    return frozenset(_table("standing")["may"][state])


def list_rows() -> dict[str, ListRow]:
    """The lists by kind."""
    return {
        row["kind"]: ListRow(row["kind"], row["name"], row["reason"], row["shown"], row["label"])
        for row in _table("lists")["list"]
    }


def deadline(what: str, now: datetime) -> Deadline:
    """The row of a deadline in force. Raises LookupError when there is none."""
    found = deadline_if_any(what, now)
    if found is None:
        raise LookupError(what)
    return found


def deadline_if_any(what: str, now: datetime) -> Deadline | None:
    """The row of a deadline in force; None on a day before its rule came, as a clock that was put back may show."""
    for row in _table("deadlines")["deadline"]:
        if row["what"] == what and _in_force(row, _today(now)):
            return Deadline(
                what, row.get("working_days", 0), row.get("days", 0), row["text"], row["article"], row["source"], row["verified"]
            )
    return None


def reasons_of(outcome: str) -> dict[str, str]:
    """The reasons a decision of this outcome may give, with their sentences."""
    return cast("dict[str, str]", _table("decisions")[outcome])
