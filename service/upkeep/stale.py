"""An advert of which nobody says any more that it stands sinks, then closes; one that ran out long ago closes, too.

Nothing here touches a job that a feed brings: it lives as long as its source lists it (``feeds``), but for its end. What carries
the number of a source is closed as ``gone``, so that the source can bring it back by sending it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from matching.model import KINDS
from service.accounts.caller import Caller
from service.errors import Conflict
from service.jobs.close import close
from service.jobs.lifetimes import lifetime
from service.jobs.models import Job
from service.jobs.origins import Party, party
from service.jobs.permit import require_change
from service.jobs.put import GONE, apply
from service.upkeep.remind import kept_by_people

BATCH = 200
STALE, EXPIRED = "stale", "expired"
"""Why a job was closed by nobody: 很久没人确认, 过期很久."""


def sweep(session: Session, now: datetime) -> bool:
    """One batch of each kind of work; True when there is more."""
    more = False
    for kind in KINDS:
        term = lifetime(kind, now)
        line = now - term.stale_after
        quiet = (
            Job.valid_until > now, Job.stale_at.is_(None), kept_by_people(), Job.published_at < line, Job.created_at < line,
            or_(Job.confirmed_at.is_(None), Job.confirmed_at < line), or_(Job.verified_at.is_(None), Job.verified_at < line),
        )  # fmt: skip
        found = _locked(session, kind, *quiet)
        for job in found:
            apply(session, job, {"stale_at": now}, action="stale", account_id=None, now=now)
        more |= len(found) == BATCH
        found = _locked(session, kind, Job.stale_at < now - term.close_after)
        for job in found:
            close(session, job, _reason(job, STALE), account_id=None, now=now)
        more |= len(found) == BATCH
        found = _locked(session, kind, Job.valid_until < now - term.expired_kept)
        for job in found:
            close(session, job, _reason(job, EXPIRED), account_id=None, now=now)
        more |= len(found) == BATCH
        session.flush()
    return more


def _reason(job: Job, usual: str) -> str:
    return usual if job.original_id is None else GONE


def _locked(session: Session, kind: str, *where: ColumnElement[bool]) -> Sequence[Job]:
    return session.scalars(
        select(Job)
        .where(Job.status == "open", Job.kind == kind, *where)
        .options(joinedload(Job.gig), joinedload(Job.listing))
        .order_by(Job.job_id)
        .limit(BATCH)
        .with_for_update(of=Job, skip_locked=True)
    ).all()


def confirm(session: Session, job: Job, caller: Caller, now: datetime) -> None:
    """The owner says that the job still stands: it is fresh again and keeps its end. Raises Forbidden, NotFound or Conflict."""
    require_change(caller, "job.confirm", job)
    _require_open(job)
    if job.original_id is not None and party(job.source_key, job.publisher_class) is Party.FEED:
        raise Conflict("job_from_feed", "这条信息来自外部数据源，由来源说明还在不在招，不能在这里确认。")
    apply(
        session, job, {"confirmed_at": now, "stale_at": None}, action="confirm", account_id=caller.account_id, now=now
    )  # fmt: skip
    session.flush()


def verify(session: Session, job: Job, caller: Caller, now: datetime) -> None:
    """Somebody who did not publish it has found that the job is real and open. Raises Forbidden, NotFound or Conflict."""
    require_change(caller, "job.verify", job)
    _require_open(job)
    if job.created_by == caller.account_id:
        raise Conflict("own_job", "自己发布的岗位要由别的工作人员核实。")
    apply(session, job, {"verified_at": now, "stale_at": None}, action="verify", account_id=caller.account_id, now=now)
    session.flush()


def _require_open(job: Job) -> None:
    if job.status == "closed":
        raise Conflict("job_closed", "这个岗位已经关闭；需要的话请重新发布。")
