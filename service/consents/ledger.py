"""The ledger of disclosures: who got which fields of whom. The person reads it (个人信息保护法 art. 23, 44, 55)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.consents.models import ConsentRecord, Disclosure

PAGE_MOST = 100


def record_disclosure(
    session: Session,
    worker_id: int,
    caller: Caller,
    fields: Sequence[str],
    purpose: str,
    now: datetime,
    *,
    consent: ConsentRecord | None = None,
    recipient_name: str = "",
    job_id: int | None = None,
) -> Disclosure | None:
    """Write one line: ``caller`` read these fields of this person for this purpose, in the person's consent or in the duty of
    a public service. Nothing is written for the person's own reading (also through a proxy, which ``/v1/me/acts`` shows)."""
    if caller.worker_id == worker_id:
        return None
    kind, recipient_id = _recipient(caller)
    row = Disclosure(
        worker_id=worker_id,
        at=now,
        reader_account_id=caller.account_id,
        reader_role=caller.role,
        recipient_kind=kind,
        recipient_id=recipient_id,
        recipient_name=recipient_name or caller.display_name,
        fields=list(fields),
        purpose=purpose,
        basis="duty" if consent is None else "consent",
        consent_id=None if consent is None else consent.consent_id,
        job_id=job_id,
    )
    session.add(row)
    session.flush()
    return row


def disclosures_of(session: Session, worker_id: int, *, before: int | None = None, limit: int = PAGE_MOST) -> list[Disclosure]:
    """Lines about a person, the newest first; ``before`` continues behind the last id of the page before."""
    query = select(Disclosure).where(Disclosure.worker_id == worker_id)
    if before is not None:
        query = query.where(Disclosure.disclosure_id < before)
    return list(session.scalars(query.order_by(Disclosure.disclosure_id.desc()).limit(limit)))


def _recipient(caller: Caller) -> tuple[str, int | None]:
    if caller.employer_id is not None:
        return "employer", caller.employer_id
    if caller.station_id is not None:
        return "station", caller.station_id
    return caller.role, None
