"""Whose a job is. What each role may do with it stands in ``service/accounts/permissions.py``."""

from __future__ import annotations

from service.accounts.caller import Caller
from service.accounts.permit import Owned, require
from service.jobs.advert import Advert
from service.jobs.models import Job
from service.jobs.origins import station_of


def owned(job: Job, *, public: bool) -> Owned:
    """Whose a wholly loaded job is: its employer's, the station's that offers the gig or has the stream, the partner's, the
    territory's."""
    return Owned(
        employer_id=job.employer_id,
        station_id=station_with(job),
        region_code=job.region_code,
        source_key=job.source_key,
        public=public,
    )


def station_with(job: Job) -> int | None:
    """The station that has a wholly loaded job: it offers the gig, has the stream, or sent the sheet."""
    if job.gig is not None:
        # A station that was named by somebody else and has not agreed has no say in the job yet.
        return None if "station" in job.waits_for else job.gig.station_id
    return job.listing.session.station_id if job.listing is not None else station_of(job.source_key)


def owned_advert(advert: Advert, region_code: str) -> Owned:
    """Whose the job of an advert will be; ``region_code`` as it was read."""
    if advert.gig is not None:
        station_id = advert.gig.station_id
    else:
        station_id = advert.live.station_id if advert.live is not None else station_of(advert.source.key)
    return Owned(
        employer_id=advert.employer_id,
        station_id=station_id,
        region_code=region_code,
        source_key=advert.source.key,
        public=True,
    )


def require_change(caller: Caller, name: str, job: Job) -> None:
    """Raises when the caller may not do this with the job: Forbidden, or NotFound for a job that is not shown."""
    require(
        caller,
        name,
        # One that has run out can still be known by everybody who saw it; one that waits or is closed cannot.
        owned(job, public=job.status == "open"),
        missing=("job_not_found", "没有这个岗位，请检查编号。"),
        refused=("not_your_job", "这条信息不是您发布或管理的，不能修改。"),
    )
