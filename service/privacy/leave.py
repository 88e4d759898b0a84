"""注销: at once out of everything, the data gone within minutes, what the law wants kept until its day.

There is no way back: whoever comes again starts a new record. The first part is one transaction; the second a task that may be
run again at any time and ends in the same state.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Integer, Numeric, String, delete, func, null, select, update
from sqlalchemy.orm import Session

from service import audit
from service.accounts.caller import Caller
from service.accounts.held_grants import end_held
from service.accounts.models import Account
from service.consents.record import Said, withdraw_all
from service.employers.models import Employer
from service.errors import Conflict
from service.matches.models import WorkerMatch
from service.privacy.holds import in_force
from service.privacy.models import Erasure
from service.privacy.registry import Person, PersonalTable, person_of, personal_tables
from service.signin import login_sessions
from service.tasks import enqueue
from service.wechat.models import OutgoingMessage
from service.workers import grants
from service.workers.models import Worker

ERASE = "privacy.erase"


def leave(
    session: Session, person: Person, said: Said, now: datetime, *, cause: str, caller: Caller | None, again: bool = False
) -> Erasure:
    """Take a person out of search, matching, sessions and 代办 in this transaction, and have the data erased by a task.

    Doing it twice changes nothing. Raises Conflict for the last administrator of an employer: somebody must answer for its jobs.
    ``again``: it was done before, and a restored backup has undone it; then nobody is asked and no task is made.
    """
    row = None
    if person.worker_id is not None:
        row = session.scalars(select(Worker).where(Worker.worker_id == person.worker_id).with_for_update()).one()
    accounts = select(Account).where(Account.account_id.in_(person.account_ids)).order_by(Account.account_id).with_for_update()
    held = list(session.scalars(accounts))
    before = _erasure(session, person)  # asked with the rows held: a second tap waits, and then finds the first one's
    if before is not None:
        return before
    for account in held:
        _end_account(session, account, now, again=again)
    if row is not None:
        row.left_at = row.left_at or now
        grants.end_all(session, row.worker_id, now, ended_by=said.account_id)
        withdraw_all(session, row.worker_id, said, now)
        session.execute(delete(WorkerMatch).where(WorkerMatch.worker_id == row.worker_id))
    erasure = Erasure(
        worker_id=person.worker_id,
        account_id=person.account_ids[0] if person.account_ids else None,
        cause=cause,
        asked_at=now,
        asked_by_account_id=said.account_id,
    )
    session.add(erasure)
    session.flush()
    if not again:
        enqueue(session, ERASE, {"erasure_id": erasure.erasure_id})
    audit.record(
        session, caller, "me.erase", "erasure", erasure.erasure_id, details={"cause": cause}, for_worker=person.worker_id
    )
    return erasure


def erase(session: Session, erasure_id: int, now: datetime) -> bool:
    """Empty what the person's rows say, table by table. False when a legal hold stands: lifting it asks again."""
    erasure = session.scalars(select(Erasure).where(Erasure.erasure_id == erasure_id).with_for_update()).one_or_none()
    if erasure is None or erasure.done_at is not None:
        return True
    if erasure.worker_id is not None and in_force(session, erasure.worker_id):
        return False
    person = person_of(session, account_id=erasure.account_id, worker_id=erasure.worker_id)
    for one in personal_tables():
        where = one.of(person)
        if where is None or one.says.erase == "keep":
            continue
        if one.says.erase == "delete":
            session.execute(delete(one.table).where(where))
        else:
            for key in session.execute(select(*one.table.primary_key.columns).where(where)).all():
                mine = [column == value for column, value in zip(one.table.primary_key.columns, key, strict=True)]
                session.execute(update(one.table).where(*mine).values(_emptied(one)))
    if person.worker_id is not None:
        session.execute(update(Worker).where(Worker.worker_id == person.worker_id).values(erased_at=now))
    erasure.done_at = now
    session.flush()
    session.expire_all()
    return True


def _erasure(session: Session, person: Person) -> Erasure | None:
    if person.worker_id is not None:
        return session.scalars(select(Erasure).where(Erasure.worker_id == person.worker_id)).one_or_none()
    return session.scalars(select(Erasure).where(Erasure.account_id.in_(person.account_ids))).first()


def _end_account(session: Session, row: Account, now: datetime, *, again: bool) -> None:
    account_id = row.account_id
    if not again and row.role == "employer_owner" and row.employer_id is not None:
        # Two administrators who leave at once: one waits here, and then finds himself the last.
        session.execute(select(Employer.employer_id).where(Employer.employer_id == row.employer_id).with_for_update())
        others = select(func.count()).where(
            Account.employer_id == row.employer_id,
            Account.role == "employer_owner",
            Account.disabled_at.is_(None),
            Account.account_id != account_id,
        )
        if not session.scalar(others):
            raise Conflict("owner_last", "您是单位唯一的管理员，请先换一位管理员，再注销自己的账号。")
    row.disabled_at = row.disabled_at or now
    login_sessions.end_all(session, account_id, "left", now, by=row)
    end_held(session, account_id, now, ended_by=account_id)
    waiting = OutgoingMessage.account_id == account_id, OutgoingMessage.state == "queued"
    session.execute(update(OutgoingMessage).where(*waiting).values(state="expired", reason="left", done_at=now))


def _emptied(one: PersonalTable) -> dict[str, Any]:
    """Every column but those that stay, emptied: what a later version adds is emptied with the rest."""
    says = one.says
    return {
        column.name: says.values[column.name]() if column.name in says.values else _nothing(column)
        for column in one.table.columns
        if column.name not in says.keep and not column.primary_key
    }


def _nothing(column: Column[Any]) -> Any:
    if column.nullable:
        return null()
    kind = column.type
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, JSON):
        return []
    if isinstance(kind, String):
        return ""
    if isinstance(kind, Integer | Numeric):
        return 0
    raise TypeError(f"{column}: say in __personal__ what it is emptied to")
