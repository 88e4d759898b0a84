"""Reading what this feature keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from service import clock
from service.accounts.caller import Caller
from service.accounts.territory import within
from service.employers.models import Decision, Employer, ListEntry, Verification
from service.errors import BadRequest, NotFound

_CURSOR = re.compile(r"([0-9]{1,11})_([0-9]{1,15})")
"""When it is due, in whole seconds (promises end on the hour), and which."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A round of checking with its employer, as the queue shows it."""

    verification: Verification
    employer: Employer


def queue(
    session: Session, caller: Caller, *, state: str, overdue: bool, now: datetime, cursor: str, limit: int
) -> tuple[list[QueueLine], str | None]:
    """Rounds of a state in the caller's territory, the most urgent first, and where to go on."""
    wanted = (
        select(Verification, Employer)
        .join(Employer, Employer.employer_id == Verification.employer_id)
        .where(Verification.state == state, within(Verification.region_code, caller.region_code))
        .order_by(Verification.due_at, Verification.verification_id)
        .limit(limit + 1)
    )
    if overdue:
        wanted = wanted.where(Verification.due_at < now)
    if cursor:
        moment, number = _position(cursor)
        wanted = wanted.where(tuple_(Verification.due_at, Verification.verification_id) > (moment, number))
    lines = [QueueLine(row[0], row[1]) for row in session.execute(wanted)]
    more = len(lines) > limit
    lines = lines[:limit]
    last = lines[-1].verification if more else None
    return lines, None if last is None else f"{clock.seconds(last.due_at)}_{last.verification_id}"


def _position(cursor: str) -> tuple[datetime, int]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise BadRequest("cursor_invalid", "翻页位置不对，请从第一页重新看。")
    return clock.from_seconds(int(found[1])), int(found[2])


def last_round(session: Session, employer_id: int) -> Verification | None:
    """The newest round of an employer."""
    wanted = select(Verification).where(Verification.employer_id == employer_id).order_by(Verification.verification_id.desc())
    return session.scalars(wanted.limit(1)).one_or_none()


def round_of(session: Session, verification_id: int, *, lock: bool = False) -> Verification:
    """One round. Raises NotFound."""
    wanted = select(Verification).where(Verification.verification_id == verification_id)
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise NotFound("verification_not_found", "没有这份核验材料，请检查编号。")
    return found


def decisions_of(session: Session, verification_id: int) -> list[Decision]:
    """What was decided in a round, oldest first."""
    wanted = select(Decision).where(Decision.verification_id == verification_id).order_by(Decision.decision_id)
    return list(session.scalars(wanted))


def entries(session: Session, *, kind: str, code: str, after: int, limit: int) -> tuple[list[ListEntry], int | None]:
    """Lines of the lists, oldest first, from behind an id; and where to go on."""
    wanted: Select[ListEntry] = select(ListEntry).where(ListEntry.entry_id > after).order_by(ListEntry.entry_id).limit(limit + 1)
    if kind:
        wanted = wanted.where(ListEntry.list_kind == kind)
    if code:
        wanted = wanted.where(ListEntry.credit_code == code)
    found = list(session.scalars(wanted))
    return found[:limit], found[limit - 1].entry_id if len(found) > limit else None


def entry_of(session: Session, entry_id: int) -> ListEntry:
    """One line, locked. Raises NotFound."""
    found = session.scalars(select(ListEntry).where(ListEntry.entry_id == entry_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound("entry_not_found", "名单里没有这一条，请检查编号。")
    return found
