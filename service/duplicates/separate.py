"""Staff say: not the same. The pair is remembered, and no run joins it again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from service import audit
from service.accounts.caller import Caller
from service.accounts.permit import require
from service.duplicates import stored
from service.duplicates.mark import mark
from service.duplicates.models import NotSame
from service.errors import Conflict
from service.jobs.models import Job
from service.jobs.permit import owned


def separate(session: Session, job: Job, caller: Caller, now: datetime) -> list[int]:
    """Tell a locked, wholly loaded job apart from the one that stands for it and from all its other copies. Gives their ids.

    Raises NotFound or Forbidden outside the caller's territory, Conflict when the job is nobody's copy.
    """
    require(
        caller,
        "job.separate",
        owned(job, public=job.status == "open"),
        missing=("job_not_found", "没有这个岗位，请检查编号。"),
        refused=("outside_territory", "这个岗位不在您负责的地区，请联系当地人社部门。"),
    )
    head = job.duplicate_of_id
    if head is None:
        raise Conflict("not_a_duplicate", "这个岗位现在没有并到别的岗位，请刷新后再看。")
    others = sorted(
        set(session.scalars(select(Job.job_id).where(or_(Job.duplicate_of_id == head, Job.job_id == head)))) - {job.job_id}
    )
    known = stored.told_apart(session, [job.job_id])
    new = [(min(job.job_id, other), max(job.job_id, other)) for other in others]
    session.execute(
        insert(NotSame),
        [
            {"low_id": low, "high_id": high, "account_id": caller.account_id, "at": now}
            for low, high in new
            if (low, high) not in known
        ],
    )
    mark(session, [job.job_id, head], now)
    audit.record(session, caller, "job.separate", "job", job.job_id, region_code=job.region_code, details={"job_ids": others})
    return others
