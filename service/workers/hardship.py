"""Categories of hardship: claimed by the person, certified by an office against its register, for a time.

They are sensitive: written only with consent, shown to the person and to the offices of the territory that handle them, never to
an employer, and they never rank anything.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.consents import texts
from service.consents.record import require_consent
from service.errors import Conflict, Invalid, NotFound
from service.workers.choices import hardship_lasts, hardships
from service.workers.models import Hardship


def claim(session: Session, worker_id: int, category: str, now: datetime) -> Hardship:
    """The person says so. Raises Forbidden without consent, Conflict when it is claimed or certified already."""
    if category not in hardships():
        raise Invalid("hardship_unknown", f"只能填这些之一：{'、'.join(hardships().values())}。")
    require_consent(session, worker_id, texts.HARDSHIP, now)
    for row in of_worker(session, worker_id):
        if row.category == category and (row.state == "claimed" or in_force(row, now)):
            raise Conflict("hardship_claimed", "这一类已经登记过了，等核对或到期后再填。")
    row = Hardship(worker_id=worker_id, category=category, state="claimed", claimed_at=now)
    session.add(row)
    session.flush()
    return row


def decide(
    session: Session, row: Hardship, caller: Caller, now: datetime, *, certified: bool, register: str, reference: str
) -> None:
    """An office has looked into its register. Raises Conflict for one that is decided, Invalid without a reference."""
    if row.state != "claimed":
        raise Conflict("hardship_decided", "这一条已经核对过了。")
    if certified and not (register and reference):
        message = "请写明在哪个台账里查到的和编号。"
        raise Invalid("reference_needed", message, errors={"reference": [message]})
    row.state = "certified" if certified else "refused"
    row.register, row.reference = register, reference
    row.decided_at, row.decided_by_account_id = now, caller.account_id
    row.expires_at = now + hardship_lasts(row.category) if certified else None
    session.flush()


def of_worker(session: Session, worker_id: int) -> list[Hardship]:
    """All of a person, the newest first."""
    query = select(Hardship).where(Hardship.worker_id == worker_id).order_by(Hardship.hardship_id.desc())
    return list(session.scalars(query))


def by_id(session: Session, worker_id: int, hardship_id: int) -> Hardship:
    """One row of a person, held until the transaction ends. Raises NotFound."""
    query = select(Hardship).where(Hardship.worker_id == worker_id, Hardship.hardship_id == hardship_id)
    row = session.scalars(query.with_for_update()).one_or_none()
    if row is None:
        raise NotFound("hardship_missing", "没有这一条记录。")
    return row


def in_force(row: Hardship, now: datetime) -> bool:
    """Whether a certificate counts at ``now``."""
    return row.state == "certified" and row.expires_at is not None and now < row.expires_at
