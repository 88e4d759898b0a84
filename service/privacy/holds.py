"""Legal holds: a person's data stay, for a reason that somebody answers for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service import audit
from service.accounts.caller import Caller
from service.errors import Conflict, NotFound
from service.privacy.models import Erasure, LegalHold
from service.tasks import enqueue


def in_force(session: Session, worker_id: int) -> bool:
    """Whether any hold stands for this person."""
    return bool(session.scalar(select(exists().where(LegalHold.worker_id == worker_id, LegalHold.lifted_at.is_(None)))))


def set_hold(
    session: Session, worker_id: int, caller: Caller, now: datetime, *, reason: str, reference: str, region_code: str
) -> LegalHold:
    """Keep a person's data. Raises Conflict when a hold with this reference stands already."""
    row = LegalHold(worker_id=worker_id, reason=reason, reference=reference, set_by_account_id=caller.account_id, set_at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("hold_stands", "这个案号已经设过依法保留了。") from None
    audit.record(
        session,
        caller,
        "hold.set",
        "legal_hold",
        row.hold_id,
        region_code=region_code,
        for_worker=worker_id,
    )
    return row


def lift(session: Session, hold_id: int, caller: Caller, now: datetime, *, region_code: str) -> LegalHold:
    """End a hold; who wanted to leave meanwhile is erased now, when it was the last. Lifting twice changes nothing."""
    row = by_id(session, hold_id, lock=True)
    if row.lifted_at is not None:
        return row
    row.lifted_at, row.lifted_by_account_id = now, caller.account_id
    session.flush()
    audit.record(
        session,
        caller,
        "hold.lift",
        "legal_hold",
        hold_id,
        region_code=region_code,
        for_worker=row.worker_id,
    )
    if not in_force(session, row.worker_id):
        waiting = session.scalar(select(Erasure.erasure_id).where(Erasure.worker_id == row.worker_id, Erasure.done_at.is_(None)))
        if waiting is not None:
            enqueue(session, "privacy.erase", {"erasure_id": waiting})
    return row


def by_id(session: Session, hold_id: int, *, lock: bool = False) -> LegalHold:
    """One hold. Raises NotFound."""
    query = select(LegalHold).where(LegalHold.hold_id == hold_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("hold_missing", "没有这条记录。")
    return row


def of_worker(session: Session, worker_id: int) -> list[LegalHold]:
    """All of a person, the newest first."""
    return list(session.scalars(select(LegalHold).where(LegalHold.worker_id == worker_id).order_by(LegalHold.hold_id.desc())))
