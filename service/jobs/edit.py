"""Change a job: say some fields anew; everything is read and checked again as if it were published now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.permit import require
from service.errors import Conflict
from service.jobs.advert import read_advert
from service.jobs.draft import advert_with
from service.jobs.findings import Finding
from service.jobs.hold import reasons_to_hold, standing_held
from service.jobs.models import Job, held_columns
from service.jobs.origins import follows_its_source
from service.jobs.permit import owned_advert, require_change
from service.jobs.publish import refuse_if_blocked, require_free_number
from service.jobs.put import apply
from service.jobs.reviews.around import judge
from service.jobs.reviews.queue import follow

_KEPT = frozenset({"published_at", "verified_at", "employer_id", "source_key", "original_id"})


def change_job(
    session: Session, job: Job, patch: dict[str, Any], caller: Caller, now: datetime, seen: tuple[Finding, ...] = ()
) -> tuple[Finding, ...]:
    """Change a locked, wholly loaded job. Returns what is still worth improving; nothing is written when nothing differs.

    Raises Forbidden, Conflict (closed, from a feed, number taken) or Invalid (a rule forbids the new words).
    """
    require_change(caller, "job.edit", job)
    if job.status == "closed":
        raise Conflict("job_closed", "这个岗位已经关闭，不能再改；需要的话请重新发布。")
    if follows_its_source(job.source_key, job.original_id):
        raise Conflict("job_from_feed", "这条信息来自外部数据源，请在来源处修改，这里会自动更新。")
    advert = advert_with(session, job, patch, caller)
    reading = read_advert(advert, now)
    findings = refuse_if_blocked(judge(session, advert, reading, now, job=job, seen=seen), advert, now)
    after = owned_advert(advert, reading.fields["region_code"])
    require(caller, "job.edit", after, refused=("outside_territory", "不能把岗位改到您负责的地区之外。"))
    if advert.live is not None:
        require_free_number(session, advert.live.session_id, advert.live.listing_no, job.job_id)
    fields = {name: value for name, value in reading.fields.items() if name not in _KEPT}
    # Held and shown as when it is published: what was the matter may be mended by this edit, or begin with it.
    standing = standing_held(session, job.employer, now, lock=False)
    fields |= held_columns(reasons_to_hold(job, findings, standing, advert.gig.station_id if advert.gig else None, caller))
    fields["stale_at"] = None
    changed = apply(
        session, job, fields, gig=advert.gig, live=advert.live, action="edit", account_id=caller.account_id, now=now
    )  # fmt: skip
    if changed:
        job.confirmed_at = now
    session.flush()
    follow(session, job, findings, now)
    return findings
