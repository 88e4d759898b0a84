"""What keeps a job from being shown: its words, the employer's standing, the station it names and that has not agreed.

A job is shown when none is left. Reasons of others (a content check of a platform, say) are kept as they are.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.permissions import STATION_ROLES
from service.employers.models import Employer
from service.employers.standing import Standing, may_publish
from service.errors import Forbidden
from service.jobs.checks import verdict
from service.jobs.findings import Finding
from service.jobs.models import HOLDS, Job

ADVERT, EMPLOYER, STATION = HOLDS


def standing_of(session: Session, employer: Employer | None, now: datetime) -> Standing | None:
    """How the employer of a job stands; None for what a station or an office publishes itself."""
    return None if employer is None else may_publish(session, employer, now)


def standing_held(session: Session, employer: Employer | None, now: datetime, *, lock: bool) -> Standing | None:
    """As :func:`standing_of`, for what writes. ``lock`` holds the employer's row (shared): a suspension that comes at the same
    moment waits until the job is there, and then holds it too. Without it the row is only read anew, which is enough where the
    job itself is locked: whoever settles jobs waits for that."""
    if employer is not None:
        session.refresh(employer, with_for_update={"read": True} if lock else None)
    return standing_of(session, employer, now)


def require_may_publish(standing: Standing | None) -> None:
    """Raises Forbidden when the employer may not even hand in."""
    if standing is not None and standing.outcome == "refuse":
        raise Forbidden("employer_refused", standing.reasons[0].sentence)


def require_act(session: Session, employer: Employer | None, act: str, now: datetime) -> None:
    """Raises Forbidden when the employer may not do this yet (``candidates``, ``contact``): see the table of standings."""
    standing = standing_of(session, employer, now)
    if standing is not None and not standing.may(act):
        raise Forbidden("employer_not_ready", standing.reasons[0].sentence)


def standing_findings(standing: Standing | None) -> tuple[Finding, ...]:
    """What is to be said of the employer beside the remarks about the advert."""
    if standing is None:
        return ()
    return tuple(
        Finding(
            f"employer.{row.code}",
            "employer_name",
            "",
            row.sentence,
            "block" if row.effect == "refuse" else "warn",
            row.article,
            row.source,
            row.verified if row.article else "",
        )
        for row in standing.reasons
    )


def reasons_to_hold(
    job: Job | None, findings: tuple[Finding, ...], standing: Standing | None, station_id: int | None, caller: Caller
) -> frozenset[str]:
    """What an advert waits for that this caller hands in; ``job`` is the row he changes, None for a new one."""
    before = frozenset() if job is None else job.waits_for
    reasons = set(before - set(HOLDS))
    if verdict(findings) == "hold":
        reasons.add(ADVERT)
    if standing is not None and standing.outcome != "publish":
        reasons.add(EMPLOYER)
    if station_id is not None and not speaks_for_station(caller, station_id):
        named = job.gig.station_id if job is not None and job.gig is not None else None
        if named != station_id or STATION in before:
            reasons.add(STATION)
    return frozenset(reasons)


def speaks_for_station(caller: Caller, station_id: int) -> bool:
    """Whether the caller is the station, or the office above it (whose territory ``draft.py`` has looked at)."""
    return (caller.role in STATION_ROLES and caller.station_id == station_id) or caller.role in {"bureau", "operator"}
