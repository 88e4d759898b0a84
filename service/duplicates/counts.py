"""How many adverts, how many jobs, how many people are wanted: a job that three sources offer is counted once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased

from service.duplicates.stored import open_now
from service.jobs.models import Job


class Counts(NamedTuple):
    """``adverts`` that may be shown, ``duplicates`` among them, and the ``headcount`` of the ``jobs`` that are left. Catalogues
    are shown as what they are and want nobody: their people are not counted."""

    adverts: int
    duplicates: int
    headcount: int

    @property
    def jobs(self) -> int:
        """Adverts less copies."""
        return self.adverts - self.duplicates


def adverts(session: Session, now: datetime) -> Counts:
    """As :func:`counts`, without the headcount (0): from indexes alone, cheap enough for every look at ``/status``."""
    count = select(func.count()).select_from(Job).where(*open_now(now))
    return Counts(session.scalar(count) or 0, session.scalar(count.where(Job.duplicate_of_id.is_not(None))) or 0, 0)


def counts(session: Session, now: datetime, *where: ColumnElement[bool]) -> Counts:
    """Count what may be shown at ``now`` (and fits ``where``, conditions on :class:`Job`). Where the advert that stands for all
    does not say how many are wanted, the largest number that a copy says."""
    vacancy = Job.source_class != "catalogue"
    number, duplicates, said = session.execute(
        select(
            func.count(),
            func.count(Job.duplicate_of_id),
            func.coalesce(func.sum(case((Job.duplicate_of_id.is_(None) & vacancy, Job.headcount))), 0),
        ).where(*open_now(now), *where)
    ).one()
    head = aliased(Job)
    silent: Any = (
        select(func.max(Job.headcount).label("wanted"))
        .join(head, head.job_id == Job.duplicate_of_id)
        .where(*open_now(now), *where, vacancy, head.headcount.is_(None), Job.headcount.is_not(None))
        .group_by(Job.duplicate_of_id)
        .subquery()
    )
    unsaid = session.scalar(select(func.coalesce(func.sum(silent.c.wanted), 0)))
    return Counts(number, duplicates, int(said) + int(unsaid or 0))
