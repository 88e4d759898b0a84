"""How much of what a whole advert says an advert says: 0 to 100, and what is missing (``data/completeness.toml``).

The same elements are counted in the database for whole sources (:func:`filled`): a test holds the two against each other.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, and_, func, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from service.jobs.models import GigTerms, Job

_CONTACT = "contact_phone"
_GIG = "gig."


@dataclass(frozen=True, slots=True)
class Element:
    """One piece an advert can say. ``kinds`` empty: every kind; ``least``: characters of a text."""

    code: str
    name: str
    weight: int
    columns: tuple[str, ...]
    advice: str
    kinds: frozenset[str]
    least: int

    def concerns(self, kind: str) -> bool:
        """Whether adverts of this kind can say it."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True, slots=True)
class Quality:
    """The score of one advert and the elements it lacks, the weightiest first."""

    score: int
    missing: tuple[Element, ...]


@cache
def elements() -> tuple[Element, ...]:
    """Every element. Raises ValueError for a column that there is not."""
    text = files("service.jobs").joinpath("data/completeness.toml").read_text(encoding="utf-8")
    found = tuple(
        Element(
            row["code"], row["name"], int(row["weight"]), tuple(row["columns"]), row["advice"],
            frozenset(row.get("kinds", ())), int(row.get("least", 1)),
        )
        for row in tomllib.loads(text)["element"]
    )  # fmt: skip
    for name in (name for element in found for name in element.columns):
        if not hasattr(GigTerms if name.startswith(_GIG) else Job, name.removeprefix(_GIG)):
            raise ValueError(f"completeness.toml: no column {name}")
    return found


def quality(job: Job) -> Quality:
    """Of a wholly loaded job. Nothing is unsealed for it."""
    asked = [element for element in elements() if element.concerns(job.kind)]
    missing = [element for element in asked if not any(_says(job, name, element.least) for name in element.columns)]
    whole = sum(element.weight for element in asked)
    there = whole - sum(element.weight for element in missing)
    return Quality(int(100 * there / whole + 0.5), tuple(sorted(missing, key=lambda element: -element.weight)))


def quality_row(job: Job) -> dict[str, Any]:
    """What its schema shows of a wholly loaded job."""
    found = quality(job)
    return {"score": found.score, "missing": found.missing, "confirmed_at": job.confirmed_at, "stale_at": job.stale_at}


def _says(job: Job, name: str, least: int) -> bool:
    if name == _CONTACT:
        return bool(job.contact_phone_sealed or job.contact_phone_open)
    if name.startswith(_GIG):
        value: Any = None if job.gig is None else getattr(job.gig, name.removeprefix(_GIG))
    else:
        value = getattr(job, name)
    return len(value) >= least if isinstance(value, (str, list)) else value is not None


def concerned(element: Element) -> ColumnElement[bool]:
    """In the database: whether the kind of a job can say the element."""
    return Job.kind.in_(sorted(element.kinds)) if element.kinds else true()


def filled(element: Element) -> ColumnElement[bool]:
    """In the database: whether a job, joined with its ``GigTerms``, says the element."""
    return and_(concerned(element), or_(*(_filled(name, element.least) for name in element.columns)))


def _filled(name: str, least: int) -> ColumnElement[bool]:
    if name == _CONTACT:
        return or_(Job.contact_phone_sealed.is_not(None), Job.contact_phone_open != "")
    column: InstrumentedAttribute[Any] = (
        getattr(GigTerms, name.removeprefix(_GIG)) if name.startswith(_GIG) else getattr(Job, name)
    )
    if isinstance(column.type, JSON):
        return func.json_array_length(column) >= least
    if isinstance(column.type, String):
        return func.coalesce(func.length(column), 0) >= least
    return column.is_not(None)
