"""Giving a person's contact to an employer: the only way a phone leaves the service, and never without a consent for this very
employer and job (个人信息保护法 art. 23). Applications call it at acceptance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit
from service.accounts.caller import Caller
from service.accounts.models import Account, AccountPhone
from service.consents import texts
from service.consents.ledger import record_disclosure
from service.consents.record import Recipient, require_consent
from service.crypto import masking
from service.employers.models import Employer
from service.errors import NotFound
from service.workers.ages import refuse_children
from service.workers.profile import worker_of

FIELDS = ("display_name", "name", "phone")
"""What can be given; the consent says which of them."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What the employer gets. ``name`` is masked (张**) unless the real name was agreed to; ``phone`` empty when the person has
    none and a station speaks for them."""

    display_name: str
    name: str
    phone: str


def release_contact(session: Session, caller: Caller, worker_id: int, employer_id: int, job_id: int, now: datetime) -> Contact:
    """The contact of a worker for an employer and a job, with the line in the person's ledger, in one transaction.

    Raises Forbidden without a consent that names this employer and this job, NotFound for a person or an employer who is gone,
    Invalid for a child (whose record cannot be there, and is looked at again all the same).
    """
    employer = session.get(Employer, employer_id)
    if employer is None:
        raise NotFound("employer_missing", "没有这个单位。")
    row = worker_of(session, worker_id, lock=True)
    if row.birth_month is not None:
        refuse_children(row.birth_month, now)
    consent = require_consent(session, worker_id, texts.DISCLOSURE, now, recipient=Recipient(employer_id, job_id, employer.name))
    given = [name for name in FIELDS if name in consent.fields]
    phone = session.scalars(
        select(AccountPhone)
        .join(Account, Account.account_id == AccountPhone.account_id)
        .where(Account.worker_id == worker_id, Account.disabled_at.is_(None))
    ).first()
    contact = Contact(
        display_name=row.display_name,
        name=row.real_name if "name" in given else masking.name(row.real_name),
        phone=phone.phone if "phone" in given and phone is not None else "",
    )
    record_disclosure(
        session,
        worker_id,
        caller,
        given,
        texts.DISCLOSURE,
        now,
        consent=consent,
        recipient_name=employer.name,
        job_id=job_id,
    )
    audit.record(
        session,
        caller,
        "contact.release",
        "worker",
        worker_id,
        details={"employer": employer_id, "job": job_id, "fields": given},
        for_worker=worker_id,
    )
    return contact
