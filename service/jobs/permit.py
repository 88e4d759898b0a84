"""Who may publish what, and who may change which job."""

from __future__ import annotations

from matching.rules import region
from service.accounts.caller import Caller
from service.errors import Forbidden
from service.jobs.models import Job


def may_change(caller: Caller, job: Job) -> bool:
    """Employers their own jobs, station staff the gigs of their station, bureau and operator those of their territory."""
    if caller.role == "employer":
        return job.employer_id is not None and job.employer_id == caller.employer_id
    if caller.role == "staff":
        return job.gig is not None and job.gig.station_id is not None and job.gig.station_id == caller.station_id
    return caller.role in {"bureau", "operator"} and in_territory(caller, job.region_code)


def require_change(caller: Caller, job: Job) -> None:
    """Raises Forbidden when the caller may not change the job."""
    if not may_change(caller, job):
        raise Forbidden("not_your_job", "这条信息不是您发布或管理的，不能修改。")


def in_territory(caller: Caller, region_code: str) -> bool:
    """Whether a division lies in the caller's territory. An operator without a territory looks after everything."""
    if not caller.region_code:
        return caller.role == "operator"
    if not region_code:
        return False
    try:
        return region.is_within(region_code, caller.region_code)
    except region.UnknownRegion:
        return False
