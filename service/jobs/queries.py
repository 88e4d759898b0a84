"""Reading jobs. Every relationship that an answer needs is named here in the one SELECT; nothing is loaded later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from service.jobs.models import GigTerms, Job, LiveListing

_WHOLE = (
    joinedload(Job.employer),
    joinedload(Job.gig).joinedload(GigTerms.station),
    joinedload(Job.listing).joinedload(LiveListing.session),
)


def whole() -> Select[Job]:
    """Jobs with employer, gig, station, listing and session joined."""
    return select(Job).options(*_WHOLE)


def cards(session: Session, ids: Sequence[int], now: datetime) -> dict[int, Job]:
    """The jobs of ``ids`` that may be shown at ``now``, by id, in ONE SELECT. Closed, held and expired ones are not in it,
    so a late index never shows one."""
    if not ids:
        return {}
    found = session.scalars(whole().where(Job.job_id.in_(ids), Job.status == "open", Job.valid_until > now))
    return {job.job_id: job for job in found}


def shown(session: Session, job_id: int, now: datetime) -> Job | None:
    """One job that may be shown to anyone at ``now``."""
    return session.scalars(whole().where(Job.job_id == job_id, Job.status == "open", Job.valid_until > now)).one_or_none()


def any_state(session: Session, job_id: int, *, lock: bool = False) -> Job | None:
    """One job in whatever state, for those who look after it; ``lock`` holds the row until the transaction ends."""
    query = whole().where(Job.job_id == job_id)
    return session.scalars(query.with_for_update(of=Job) if lock else query).one_or_none()
