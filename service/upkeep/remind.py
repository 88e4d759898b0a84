"""Owners are told before an advert ends: a line in their list, and a WeChat message to who has WeChat here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from matching.model import KINDS
from service import clock
from service.accounts.caller import Caller
from service.accounts.models import Account
from service.accounts.permissions import EMPLOYER_ROLES, STATION_ROLES
from service.errors import BadRequest
from service.jobs.lifetimes import Lifetime, lifetime
from service.jobs.models import GigTerms, Job, LiveListing, LiveSession
from service.jobs.origins import DIRECT, FIRST_PARTY_PREFIXES, PARTNER_PREFIX, follows_its_source, station_sheets
from service.jobs.permit import station_with
from service.upkeep.models import JobReminder
from service.wechat.models import WechatIdentity
from service.wechat.outbox import post

BATCH = 200
MESSAGE = "job_expiring"
PAGE = 200
_CURSOR = re.compile(r"([0-9]{1,17})_([0-9]{1,15})")


def kept_by_people() -> ColumnElement[bool]:
    """Jobs that somebody here answers for: published here, or sent by a partner or in somebody's own sheet. A job of a feed lives
    as long as its source lists it."""
    theirs = (*FIRST_PARTY_PREFIXES, PARTNER_PREFIX)
    return or_(Job.original_id.is_(None), Job.source_key == DIRECT, *(Job.source_key.startswith(prefix) for prefix in theirs))


def remind(session: Session, now: datetime, *, after: int = 0) -> int | None:
    """Remind of a batch of jobs behind the id ``after``; where to go on, None at the end. Nobody is reminded twice of one end.

    A gig that ends with its work is left out (it cannot be prolonged), and whatever was never going to last that long.
    """
    terms: dict[str, Lifetime] = {kind: lifetime(kind, now) for kind in KINDS}
    farthest = max(days for term in terms.values() for days in term.remind_before)
    jobs = session.scalars(
        select(Job)
        .outerjoin(GigTerms, GigTerms.job_id == Job.job_id)
        .where(
            Job.status == "open",
            Job.valid_until > now,
            Job.valid_until <= now + timedelta(days=farthest),
            or_(GigTerms.job_id.is_(None), Job.valid_until < GigTerms.ends_at),
            kept_by_people(),
            Job.job_id > after,
        )
        .options(joinedload(Job.gig), joinedload(Job.listing).joinedload(LiveListing.session))
        .order_by(Job.job_id)
        .limit(BATCH)
    ).all()
    for job in jobs:
        days = next((one for one in terms[job.kind].remind_before if job.valid_until <= now + timedelta(days=one)), None)
        if days is None or job.valid_until - job.created_at <= timedelta(days=days):
            continue
        _remind_of(session, job, days, now)
    return jobs[-1].job_id if len(jobs) == BATCH else None


def _remind_of(session: Session, job: Job, days: int, now: datetime) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"job_id": job.job_id, "days": days, "valid_until": job.valid_until, "messages": 0, "at": now}
    fresh = session.execute(
        dialect.insert(JobReminder).values(row).on_conflict_do_nothing().returning(JobReminder.reminder_id)
    ).scalar()
    if fresh is None:
        return
    until = clock.show(job.valid_until)
    values = {
        "job": job.title,
        "until": until[:16].replace("T", " "),
        "note": f"快到期了，还在招请{'重新提交' if follows_its_source(job.source_key, job.original_id) else '续期'}",
    }
    sent = 0
    for account_id in _owners(session, job):
        key = f"expiring:{job.job_id}:{days}:{until[:16]}:{account_id}"
        sent += (
            post(
                session, account_id, MESSAGE, values, key=key, now=now, page_query=f"id={job.job_id}", expires_at=job.valid_until
            )
            is not None
        )
    session.execute(update(JobReminder).where(JobReminder.reminder_id == fresh).values(messages=sent))


def _owners(session: Session, job: Job) -> Sequence[int]:
    """Who is written to: who published it, while he still works there; else the owner of the employer or the head of the
    station. Only those who have WeChat here: the others find it in their list."""
    station_id = station_with(job)
    there = []
    if job.employer_id is not None:
        there.append(and_(Account.employer_id == job.employer_id, Account.role.in_(EMPLOYER_ROLES)))
    if station_id is not None:
        there.append(and_(Account.station_id == station_id, Account.role.in_(STATION_ROLES)))
    if not there:
        return ()
    rows = session.execute(
        select(Account.account_id, Account.role)
        .join(WechatIdentity, WechatIdentity.account_id == Account.account_id)
        .where(Account.disabled_at.is_(None), or_(*there))
        .order_by(Account.account_id)
    ).all()
    if any(row.account_id == job.created_by for row in rows):
        return [row.account_id for row in rows if row.account_id == job.created_by]
    return [row.account_id for row in rows if row.role in {"employer_owner", "station_head"}]


@dataclass(frozen=True, slots=True)
class Due:
    """A job that its owner should look at, and when he was first reminded of this end of it."""

    job: Job
    what: str
    reminded_at: datetime | None


def due_for(
    session: Session, caller: Caller, now: datetime, *, cursor: str = "", limit: int = PAGE
) -> tuple[list[Due], str | None]:
    """The caller's jobs that end soon or have gone stale, the first to end first; and where to go on.

    Raises BadRequest for a place that was never given.
    """
    soon = max(days for kind in KINDS for days in lifetime(kind, now).remind_before)
    first = (
        select(func.min(JobReminder.at))
        .where(JobReminder.job_id == Job.job_id, JobReminder.valid_until == Job.valid_until)
        .correlate(Job)
        .scalar_subquery()
    )
    query = (
        select(Job, first)
        .outerjoin(GigTerms, GigTerms.job_id == Job.job_id)
        .where(
            Job.status == "open",
            Job.valid_until > now,
            or_(
                Job.stale_at.is_not(None),
                and_(
                    Job.valid_until <= now + timedelta(days=soon),
                    or_(GigTerms.job_id.is_(None), Job.valid_until < GigTerms.ends_at),
                ),
            ),
            kept_by_people(),
            _whose(caller),
        )
        .order_by(Job.valid_until, Job.job_id)
        .limit(limit + 1)
    )
    if cursor:
        place = _CURSOR.fullmatch(cursor)
        if place is None:
            raise BadRequest("cursor_invalid", "翻页位置不对，请从第一页重新看。")
        query = query.where(tuple_(Job.valid_until, Job.job_id) > (clock.from_micros(int(place[1])), int(place[2])))
    found = [
        Due(job, "ends_soon" if job.valid_until <= now + timedelta(days=soon) else "stale", reminded)
        for job, reminded in session.execute(query)
    ]
    last = found[limit - 1].job if len(found) > limit else None
    return found[:limit], None if last is None else f"{clock.micros(last.valid_until)}_{last.job_id}"


def _whose(caller: Caller) -> ColumnElement[bool]:
    if caller.role in EMPLOYER_ROLES:
        return Job.employer_id == caller.employer_id
    if caller.role in STATION_ROLES:
        streams = select(LiveSession.session_id).where(LiveSession.station_id == caller.station_id)
        return or_(
            GigTerms.station_id == caller.station_id,
            and_(GigTerms.job_id.is_(None), Job.listing.has(LiveListing.session_id.in_(streams))),
            and_(GigTerms.job_id.is_(None), Job.source_key == station_sheets(caller.station_id or 0)),
        )
    if caller.role == "partner":
        return Job.source_key == caller.source_key
    return Job.created_by == caller.account_id
