"""Close a job, and prolong one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service import clock
from service.accounts.caller import Caller
from service.errors import Conflict, Invalid
from service.jobs.lifetimes import lifetime
from service.jobs.models import Job
from service.jobs.origins import follows_its_source
from service.jobs.permit import require_change
from service.jobs.put import apply

REASONS = ("filled", "withdrawn", "other")
"""招满了, 不招了, 其他. A source that no longer lists a job closes it as ``gone`` (see ``put.py``)."""


def close(session: Session, job: Job, reason: str, *, account_id: int | None, now: datetime) -> bool:
    """Close a job; False when it was closed already, which is no error: the wish is fulfilled."""
    if job.status == "closed":
        return False
    apply(session, job, {"status": "closed", "closed_reason": reason}, action="close", account_id=account_id, now=now)
    session.flush()
    return True


def close_own(session: Session, job: Job, reason: str, caller: Caller, now: datetime) -> bool:
    """As :func:`close`, for a person. Raises Forbidden when the job is not his."""
    require_change(caller, "job.close", job)
    return close(session, job, reason, account_id=caller.account_id, now=now)


def renew(session: Session, job: Job, until: datetime | None, caller: Caller, now: datetime) -> None:
    """Show a job until a later day (default: the term of its kind from now; a gig at most to its end).

    Raises Forbidden, Conflict (closed, a gig that is over) or Invalid (not later than now, later than half a year).
    """
    require_change(caller, "job.renew", job)
    if job.status == "closed":
        raise Conflict("job_closed", "这个岗位已经关闭，不能续期；需要的话请重新发布。")
    if follows_its_source(job.source_key, job.original_id):
        raise Conflict("job_from_feed", "这条信息来自外部数据源，有效期跟着来源走，不能在这里续期。")
    if job.gig is not None and job.gig.ends_at <= now:
        raise Conflict("gig_over", "这个零工已经结束，不能续期；下次用工请重新发布。")
    term = lifetime(job.kind, now)
    wanted = until or now + term.days
    if job.gig is not None:
        wanted = min(wanted, job.gig.ends_at)
    if wanted <= now:
        raise Invalid("valid_in_past", "有效期要是将来的时间。", errors={"valid_until": ["请填一个将来的日期。"]})
    if wanted > now + term.longest:
        latest = clock.show(now + term.longest)[:10]
        raise Invalid("valid_too_long", f"有效期最长 {term.longest.days} 天。", errors={"valid_until": [f"最晚到 {latest}。"]})
    apply(
        session,
        job,
        {"valid_until": wanted, "renewals": job.renewals + 1, "confirmed_at": now, "stale_at": None},
        action="renew",
        account_id=caller.account_id,
        now=now,
    )
    session.flush()
