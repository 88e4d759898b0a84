"""Erase again whom a restored backup has brought back, by the list that was kept outside (``erasure_list.py``).

Doing it twice changes nothing, and a line about somebody whom the backup does not know is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.accounts.models import Account
from service.consents.record import Said
from service.privacy.erasure_list import Line, written
from service.privacy.holds import in_force
from service.privacy.leave import erase, leave
from service.privacy.models import Erasure
from service.privacy.registry import Person, person_of
from service.workers.models import Worker


@dataclass(slots=True)
class Redone:
    """What became of a list: erased now; left now but kept for a hold; gone before; not in this database. ``ownerless``:
    employers that are left without an administrator."""

    erased: int = 0
    held: int = 0
    known: int = 0
    strangers: int = 0
    ownerless: list[int] = field(default_factory=list)


def redo(session: Session, lines: Iterable[Line], now: datetime) -> Redone:
    """Let everybody on the list leave as of when they asked, and empty their rows in this transaction.

    Whose data a hold kept when the line was written only leaves: that hold may be lost with the database, and must be set again.
    """
    done = Redone()
    for line in _one_each(lines):
        person = _person(session, line)
        if person is None:
            done.strangers += 1
            continue
        asked_at = datetime.fromisoformat(line.asked_at)
        erasure = leave(session, person, Said("web", None), asked_at, cause=line.cause, caller=None, again=True)
        if erasure.done_at is not None:
            done.known += 1
        elif line.held or (erasure.worker_id is not None and in_force(session, erasure.worker_id)):
            done.held += 1
        else:
            done.ownerless += _ownerless(session, erasure)
            erase(session, erasure.erasure_id, now)
            done.erased += 1
    return done


def _one_each(lines: Iterable[Line]) -> list[Line]:
    """One line a person: the first word that asked, held only when no later line says that the hold has ended."""
    found: dict[tuple[int | None, str, int | None, str], Line] = {}
    for line in lines:
        before = found.get(line.whose())
        if before is None or (before.held and not line.held):
            found[line.whose()] = line
    return list(found.values())


def _person(session: Session, line: Line) -> Person | None:
    worker = None if line.worker_id is None else session.get(Worker, line.worker_id)
    account = None if line.account_id is None else session.get(Account, line.account_id)
    # A number that was given out anew after another restore is somebody else's.
    worker_id = line.worker_id if worker is not None and written(worker.created_at) == line.worker_made else None
    account_id = line.account_id if account is not None and written(account.created_at) == line.account_made else None
    if worker_id is None and account_id is None:
        return None
    return person_of(session, account_id=account_id, worker_id=worker_id)


def _ownerless(session: Session, erasure: Erasure) -> list[int]:
    account = None if erasure.account_id is None else session.get(Account, erasure.account_id)
    if account is None or account.role != "employer_owner" or account.employer_id is None:
        return []
    others = exists().where(
        Account.employer_id == account.employer_id, Account.role == "employer_owner", Account.disabled_at.is_(None)
    )
    return [] if session.scalar(select(others)) else [account.employer_id]
