"""Publish: read the advert, hold it against the rules, write it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.permit import require
from service.errors import Conflict, Invalid
from service.jobs.advert import Advert, read_advert
from service.jobs.draft import advert_of_draft
from service.jobs.findings import Finding
from service.jobs.hold import reasons_to_hold, require_may_publish, standing_findings, standing_held
from service.jobs.lifetimes import lifetime
from service.jobs.models import Job, LiveListing, LiveSession
from service.jobs.permit import owned_advert
from service.jobs.put import put
from service.jobs.reviews.around import judge
from service.jobs.reviews.queue import follow


def publish(
    session: Session, draft: dict[str, Any], caller: Caller, now: datetime, seen: tuple[Finding, ...] = ()
) -> tuple[Job, tuple[Finding, ...]]:
    """Publish a draft of any kind. Returns the job and what is still worth improving.

    A job of an employer that may not publish yet (papers unchecked, licence run out) is ``held``: written, and not shown until
    that is mended; so is a gig that names a station which has not agreed. Raises Invalid with the findings when a rule that was
    read forbids it, Forbidden outside the caller's own field or for an employer that is suspended, Conflict when the number in
    the stream is taken.
    """
    advert, poster = advert_of_draft(session, draft, caller)
    standing = standing_held(session, poster.employer, now, lock=True)
    require_may_publish(standing)
    reading = read_advert(advert, now)
    findings = refuse_if_blocked(judge(session, advert, reading, now, seen=seen), advert, now)
    after = owned_advert(advert, reading.fields["region_code"])
    require(caller, "job.publish", after, refused=("outside_territory", "工作地点不在您负责的地区，不能发布。"))
    if advert.live is not None:
        require_free_number(session, advert.live.session_id, advert.live.listing_no, None)
    held_for = reasons_to_hold(None, findings, standing, advert.gig.station_id if advert.gig else None, caller)
    job, _ = put(session, advert, account_id=caller.account_id, now=now, reading=reading, held_for=held_for)
    session.flush()
    follow(session, job, findings, now)
    return job, (*standing_findings(standing), *findings)


def refuse_if_blocked(findings: tuple[Finding, ...], advert: Advert, now: datetime) -> tuple[Finding, ...]:
    """The findings, when none of them blocks and the end does not lie too far away; else raises Invalid."""
    longest = lifetime(advert.kind, now).longest
    if advert.valid_until is not None and advert.valid_until > now + longest:
        advice = f"有效期最长 {longest.days} 天，到期可以续期。"
        findings = (Finding("valid_too_long", "valid_until", "", advice, "block"), *findings)
    blocking = [finding for finding in findings if finding.severity == "block"]
    if blocking:
        errors: dict[str, list[str]] = {}
        for finding in blocking:
            errors.setdefault(finding.field, []).append(
                f"{finding.advice}（{finding.article}）" if finding.article else finding.advice
            )
        message = "还不能发布，请先改这几处。" if len(blocking) > 1 else f"还不能发布：{blocking[0].advice}"
        raise Invalid("advert_refused", message, errors=errors)
    return findings


def require_free_number(session: Session, session_id: int, listing_no: int, job_id: int | None) -> None:
    """Raises Conflict when another job already stands at that number of the stream.

    The stream is held first: of two who want one number at once the second waits, and then sees it taken.
    """
    session.execute(select(LiveSession.session_id).where(LiveSession.session_id == session_id).with_for_update())
    taken = session.scalar(
        select(LiveListing.job_id).where(LiveListing.session_id == session_id, LiveListing.listing_no == listing_no)
    )
    if taken is not None and taken != job_id:
        raise Conflict(
            "listing_taken", f"{listing_no} 号链接已经有岗位了，请换一个号。", errors={"live.listing_no": ["这个号已被占用。"]}
        )
