"""What is past its day goes, and people who never come back are told and then emptied. Daily, by a task, a batch at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service import clock
from service.accounts.models import AccessToken, Account
from service.consents.record import Said
from service.db import Base
from service.privacy.leave import leave
from service.privacy.limits import inactive, limits
from service.privacy.models import Erasure, LegalHold, RetentionNotice
from service.privacy.registry import PersonalTable, person_of, personal_tables
from service.wechat.outbox import post
from service.workers.models import Worker

BATCH = 1_000
PEOPLE = 200
BY_ITSELF = Said("web", None)


def forget_old(session: Session, now: datetime, *, batch: int = BATCH) -> int:
    """Delete rows that are past their rule's day, of people whom no hold keeps; how many. Fewer than ``batch`` a table means
    that nothing is left of it."""
    gone = 0
    for one in personal_tables():
        if one.says.erase != "keep":
            continue
        keys = list(one.table.primary_key.columns)
        old = select(*keys).where(_past(one, now)).order_by(*keys).limit(batch)
        for key in session.execute(old).all():
            mine = [column == value for column, value in zip(keys, key, strict=True)]
            session.execute(delete(one.table).where(*mine))
            gone += 1
    return gone


def notice_inactive(session: Session, now: datetime, *, batch: int = PEOPLE) -> list[int]:
    """Note that people who have been away for long are told that their data will go; their worker ids."""
    rule = inactive()
    cutoff = now - rule.after
    noticed = select(RetentionNotice.worker_id)
    query = (
        select(Worker.worker_id)
        .where(_away(cutoff), Worker.worker_id.not_in(noticed), Worker.demo.is_(False))
        .order_by(Worker.worker_id)
        .limit(batch)
    )
    found = list(session.scalars(query))
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for worker_id in found:
        values = {"worker_id": worker_id, "noticed_at": now, "due_at": now + rule.notice}
        session.execute(dialect.insert(RetentionNotice).values(values).on_conflict_do_nothing())
        _tell(session, worker_id, now)
    return found


def _tell(session: Session, worker_id: int, now: datetime) -> None:
    """Send word to the person's WeChat, where there is one that still takes messages; the notice stands in the export too."""
    due = clock.show(now + inactive().notice)[:10]
    for account_id in person_of(session, account_id=None, worker_id=worker_id).account_ids:
        values = {"item": "求职档案", "status": "快到期", "at": due, "note": "登录一次就保留，否则到期清空。"}
        post(session, account_id, "case_update", values, key=f"inactive-{account_id}-{due}", now=now)


def leave_inactive(session: Session, now: datetime, *, batch: int = PEOPLE) -> int:
    """Empty those who were told and stayed away; forget the notice of those who came back. How many left."""
    rule = inactive()
    back = select(Worker.worker_id).where(Worker.worker_id == RetentionNotice.worker_id, _away(now - rule.after))
    session.execute(delete(RetentionNotice).where(~exists(back)))
    query = (
        select(RetentionNotice.worker_id)
        .where(RetentionNotice.due_at <= now, ~_held(RetentionNotice.worker_id))
        .order_by(RetentionNotice.worker_id)
        .limit(batch)
    )
    found = list(session.scalars(query))
    for worker_id in found:
        person = person_of(session, account_id=None, worker_id=worker_id)
        leave(session, person, BY_ITSELF, now, cause="inactive", caller=None)
        session.execute(delete(RetentionNotice).where(RetentionNotice.worker_id == worker_id))
    return len(found)


def _past(one: PersonalTable, now: datetime) -> ColumnElement[bool]:
    columns = one.table.c
    wanted: list[ColumnElement[bool]] = [columns[one.says.since] < now - limits()[one.says.rule].kept]
    subject = columns[one.says.subject]
    if one.says.subject == "worker_id":
        wanted.append(or_(subject.is_(None), ~_held(subject)))
    if one.says.while_here and one.says.subject == "worker_id":
        gone = select(1).where(Worker.worker_id == subject, Worker.erased_at.is_not(None))
        wanted.append(exists(gone.correlate(one.table)))
    elif one.says.while_here:
        gone = select(1).where(Erasure.account_id == subject, Erasure.done_at.is_not(None))
        wanted.append(exists(gone.correlate(one.table)))
    wanted += [  # a row that another one still needs stays as long as that one
        ~exists(select(1).where(key.parent == key.column).correlate(one.table))
        for other in Base.metadata.tables.values()
        for key in other.foreign_keys
        if key.column.table is one.table
    ]
    return and_(*wanted)


def _held(worker_id: Any) -> ColumnElement[bool]:
    return exists(select(1).where(LegalHold.worker_id == worker_id, LegalHold.lifted_at.is_(None)))


def _away(cutoff: datetime) -> ColumnElement[bool]:
    """No sign of life since: neither the profile nor a sign-in."""
    came = (
        select(1)
        .select_from(AccessToken)
        .join(Account, Account.account_id == AccessToken.account_id)
        .where(Account.worker_id == Worker.worker_id, AccessToken.created_at >= cutoff)
    )
    return and_(
        Worker.left_at.is_(None), func.coalesce(Worker.active_at, Worker.created_at) < cutoff, ~exists(came.correlate(Worker))
    )
