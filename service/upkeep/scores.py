"""Completeness of whole sources and employers, counted in the database in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, and_, case, cast, false, func, literal, or_, select, true
from sqlalchemy.orm import Session

from matching.rules import region
from service.accounts.caller import Caller
from service.accounts.permissions import Scope, permission
from service.jobs.models import GigTerms, Job
from service.jobs.origins import DIRECT
from service.jobs.quality import Element, concerned, elements, filled
from service.jobs.queries import whole

LEAST_COMPLETE = 20


@dataclass(frozen=True, slots=True)
class Gap:
    """An element, and in how many jobs it is missing that could say it."""

    element: Element
    jobs: int


@dataclass(frozen=True, slots=True)
class Score:
    """The mean score of the open jobs of a source (0-100), and what they lack, the commonest first."""

    source_key: str
    name: str
    jobs: int
    score: int
    gaps: tuple[Gap, ...]


def of_sources(session: Session, caller: Caller, now: datetime) -> list[Score]:
    """Every source of which the caller may see jobs; for an office only the jobs of its territory are counted."""
    return _scores(session, now, _in_scope(caller), by=Job.source_key)


def of_employer(session: Session, employer_id: int, now: datetime) -> Score | None:
    """All open jobs of an employer together; None when it has none."""
    found = _scores(session, now, Job.employer_id == employer_id, by=Job.employer_id)
    return found[0] if found else None


def least_complete(session: Session, employer_id: int, now: datetime) -> Sequence[Job]:
    """The jobs of an employer that lack most, wholly loaded."""
    there, most = _points()
    share = cast(there, Float) / most
    chosen = (
        select(Job.job_id)
        .outerjoin(GigTerms, GigTerms.job_id == Job.job_id)
        .where(*_open(now), Job.employer_id == employer_id)
        .order_by(share, Job.job_id)
        .limit(LEAST_COMPLETE)
    )
    ids = list(session.scalars(chosen))
    rows = {job.job_id: job for job in session.scalars(whole().where(Job.job_id.in_(ids)))}
    return [rows[job_id] for job_id in ids if job_id in rows]


_PUBLISHED_HERE = "本平台直接发布"


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Job.status == "open", Job.valid_until > now)


def _points() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The weight of what a job says, and of what its kind can say."""
    there: ColumnElement[Any] = literal(0)
    most: ColumnElement[Any] = literal(0)
    for element in elements():
        there = there + case((filled(element), element.weight), else_=0)
        most = most + case((concerned(element), element.weight), else_=0)
    return there, most


def _scores(session: Session, now: datetime, where: ColumnElement[bool], *, by: Any) -> list[Score]:
    there, most = _points()
    # A score a job, rounded as for the single job, then the mean: otherwise the two could disagree.
    one = (200 * there + most) // (2 * most)
    absent = [func.sum(case((and_(concerned(element), ~filled(element)), 1), else_=0)) for element in elements()]
    rows = session.execute(
        select(by, func.max(Job.source_name), func.count(), func.avg(one), *absent)
        .outerjoin(GigTerms, GigTerms.job_id == Job.job_id)
        .where(*_open(now), where)
        .group_by(by)
        .order_by(by)
    )
    found = []
    for key, name, jobs, mean, *missing in rows:
        gaps = [Gap(element, int(number)) for element, number in zip(elements(), missing, strict=True) if number]
        ordered = tuple(sorted(gaps, key=lambda gap: -gap.jobs * gap.element.weight))
        # Under the key of what is published here stand the names of all who publish.
        found.append(Score(str(key), _PUBLISHED_HERE if key == DIRECT else name, int(jobs), int(float(mean) + 0.5), ordered))
    return found


def _in_scope(caller: Caller) -> ColumnElement[bool]:
    scope = permission("source.quality").scope(caller.role)
    allowed: list[ColumnElement[bool]] = [false()]
    if Scope.SOURCE in scope and caller.source_key:
        allowed.append(Job.source_key == caller.source_key)
    if Scope.TERRITORY in scope and caller.region_code:
        allowed.append(Job.region_code.startswith(region.prefix(caller.region_code)))
    elif Scope.TERRITORY in scope and caller.role == "operator":
        allowed.append(true())
    return or_(*allowed)
