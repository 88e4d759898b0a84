"""Streams: made by an employer whose papers are in order, the head of a station, or an office."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from matching.rules import region
from service import audit, clock
from service.accounts.caller import Caller
from service.accounts.permissions import EMPLOYER_ROLES
from service.accounts.permit import Owned, require
from service.employers.models import Employer
from service.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from service.jobs.findings import Finding
from service.jobs.hold import standing_of
from service.jobs.models import Job, LiveListing, LiveSession
from service.live.tables import bounds, licence_findings
from service.stations.models import Station

MISSING = ("stream_not_found", "没有这场直播，请检查场次编号。")
PAGE = 100
_CURSOR = re.compile(r"([0-9]{1,17})_([0-9]{1,15})")
_CODE = re.compile(r"[\w-]{1,32}")
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def create(session: Session, said: dict[str, Any], caller: Caller, now: datetime) -> tuple[LiveSession, tuple[Finding, ...]]:
    """A new stream, and what is to be said of it (the licence). ``said``: the loaded body.

    Raises Forbidden for an employer whose papers are not in order, Invalid for times that cannot be, Conflict for a code that is
    taken.
    """
    starts, ends = said["starts_at"], said["ends_at"]
    longest = timedelta(hours=bounds()["longest_hours"])
    if ends <= starts or ends - starts > longest or ends <= now:
        told = f"结束时间要在开始之后、还没有过去，一场最长 {bounds()['longest_hours']} 小时。"
        raise Invalid("stream_times", told, errors={"ends_at": [told]})
    row = LiveSession(
        code=said.get("code") or f"ZB-{''.join(secrets.choice(_LETTERS) for _ in range(8))}",
        title=said["title"],
        host=said["host"],
        platform=said["platform"],
        room=said["room"],
        licence=said.get("licence", ""),
        starts_at=starts,
        ends_at=ends,
        created_by=caller.account_id,
        created_at=now,
        **_owner(session, said.get("region", ""), caller, now),
    )
    refused = ("outside_territory", "只能在您负责的地区开直播。")
    require(caller, "live.create", owned(row), refused=refused)
    if session.scalar(select(LiveSession.session_id).where(LiveSession.code == row.code)) is not None:
        raise Conflict("code_taken", "这个场次编号已经用过了，请换一个。", errors={"code": ["已经用过了。"]})
    session.add(row)
    session.flush()
    audit.record(session, caller, "live.create", "stream", row.session_id, region_code=row.region_code)
    return row, findings_of(session, row, now)


def _owner(session: Session, code: str, caller: Caller, now: datetime) -> dict[str, Any]:
    if caller.role in EMPLOYER_ROLES:
        employer = session.get(Employer, caller.employer_id) if caller.employer_id else None
        if employer is None:
            raise Forbidden("no_employer", "您的账号还没有绑定用人单位，请先完成单位登记。")
        standing = standing_of(session, employer, now)
        if standing is None or standing.outcome != "publish":
            told = standing.reasons[0].sentence if standing is not None and standing.reasons else ""
            raise Forbidden("employer_not_ready", f"单位核验通过后才能开直播。{told}")
        return {"employer_id": employer.employer_id, "region_code": employer.region_code, "demo": employer.demo}
    if caller.role == "station_head":
        station = session.get(Station, caller.station_id) if caller.station_id else None
        if station is None:
            raise Forbidden("no_station", "您的账号还没有绑定驿站，请联系管理员。")
        return {"station_id": station.station_id, "region_code": station.region_code, "demo": station.demo}
    return {"region_code": code or caller.region_code}


def findings_of(session: Session, row: LiveSession, now: datetime) -> tuple[Finding, ...]:
    """The licence rule: an employer that shows its own jobs is verified and needs none, everybody else is reminded."""
    if row.licence:
        return ()
    employer = session.get(Employer, row.employer_id) if row.employer_id is not None else None
    own = employer is not None and (employer.publisher_class != "agency" or bool(employer.agency_licence_no))
    return () if own else licence_findings(now)


def owned(row: LiveSession) -> Owned:
    """Whose a stream is. Everybody may know of it."""
    return Owned(employer_id=row.employer_id, station_id=row.station_id, region_code=row.region_code, public=True)


def found(session: Session, code: str, *, lock: bool = False) -> LiveSession:
    """The stream of a code. Raises NotFound."""
    if not _CODE.fullmatch(code):
        raise NotFound(*MISSING)
    query = select(LiveSession).where(LiveSession.code == code)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(*MISSING)
    return row


@dataclass(frozen=True, slots=True)
class Listed:
    """A stream and how many jobs it shows."""

    stream: LiveSession
    listings: int


def coming(
    session: Session, now: datetime, *, within: str, over: bool, cursor: str = "", limit: int = PAGE
) -> tuple[list[Listed], str | None]:
    """Streams that are on or to come, the next first; with ``over`` those that are over, the latest first. And where to go on.

    Raises BadRequest for a place that was never given.
    """
    shown = (
        select(func.count())
        .select_from(LiveListing)
        .join(Job, Job.job_id == LiveListing.job_id)
        .where(LiveListing.session_id == LiveSession.session_id, Job.status == "open", Job.valid_until > now)
        .scalar_subquery()
    )
    query = select(LiveSession, shown).limit(limit + 1)
    if over:
        query = query.where(LiveSession.ends_at <= now).order_by(LiveSession.starts_at.desc(), LiveSession.session_id.desc())
    else:
        query = query.where(LiveSession.ends_at > now).order_by(LiveSession.starts_at, LiveSession.session_id)
    if within:
        query = query.where(LiveSession.region_code.startswith(region.prefix(within)))
    if cursor:
        place = tuple_(LiveSession.starts_at, LiveSession.session_id)
        query = query.where(place < _position(cursor) if over else place > _position(cursor))
    found = [Listed(row, int(number)) for row, number in session.execute(query)]
    last = found[limit - 1].stream if len(found) > limit else None
    return found[:limit], None if last is None else f"{clock.micros(last.starts_at)}_{last.session_id}"


def _position(cursor: str) -> tuple[datetime, int]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise BadRequest("cursor_invalid", "翻页位置不对，请从第一页重新看。")
    return clock.from_micros(int(found[1])), int(found[2])


def order_of(session: Session, row: LiveSession, now: datetime) -> Sequence[LiveListing]:
    """The running order: the jobs that are shown, by number, each with its job."""
    return session.scalars(
        select(LiveListing)
        .join(Job, Job.job_id == LiveListing.job_id)
        .where(LiveListing.session_id == row.session_id, Job.status == "open", Job.valid_until > now)
        .options(joinedload(LiveListing.job))
        .order_by(LiveListing.listing_no)
    ).all()
