"""Record what is done: in the transaction that does it, or, for reads of personal data, in one of its own before the read.

An action calls :func:`record`; nothing is written until the transaction is about to commit. Then the rows are numbered and linked
while the one row of the chain's end is held, as the last thing of all: nobody who holds it waits for anything else, so it cannot
be part of a deadlock. A transaction that is rolled back leaves nothing, and no gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

import structlog
from prometheus_client import Counter
from sqlalchemy import BigInteger, String, Table, bindparam, column, event, select, table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

from service import clock, sessions
from service.audit.chain import EVENT_FIELDS, canonical, link
from service.audit.models import AuditEvent, AuditHead
from service.crypto import keyring
from service.crypto.keyring import KeysUnusable
from service.errors import Unavailable

HEAD = 1
SYSTEM = "system"
"""The role of what no person does: tasks, commands, feeds."""
WRITES = Counter("chengnuan_audit_writes", "Rows written to the audit trail, those of transactions that failed included")
_BUFFER = "audit"
_WORD = re.compile(r"[A-Za-z0-9_.:/+-]{0,64}")
_PERSONAL = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx]|\d{15})(?!\d)")
_DEEPEST = 4
_EVENTS, _HEADS = cast("Table", AuditEvent.__table__), cast("Table", AuditHead.__table__)
_PEOPLE = table("worker", column("worker_id", BigInteger), column("region_code", String))
"""By its name: the trail stands below the features that have the rows."""
_COUNTY = 6
"""Digits of a code that say the county (GB/T 2260)."""
_HEAD_HELD = select(_HEADS.c.seq, _HEADS.c.hash, _HEADS.c.at).where(_HEADS.c.head_id == HEAD).with_for_update()
_MOVE_HEAD = (
    update(_HEADS)
    .where(_HEADS.c.head_id == HEAD)
    .values(seq=bindparam("to_seq"), hash=bindparam("to_hash"), at=bindparam("to_at"))
)


class Actor(Protocol):
    """Who acts, as far as the trail needs it (service.accounts.caller.Caller)."""

    @property
    def account_id(self) -> int:
        """The account."""

    @property
    def role(self) -> str:
        """What it is signed in as."""

    @property
    def region_code(self) -> str:
        """Its territory."""

    @property
    def acting_for(self) -> int | None:
        """The grant under which it acts for another."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row to be written, and the (nested) transactions that must hold for it."""

    values: dict[str, Any]
    within: tuple[SessionTransaction, ...]


def record(
    session: Session,
    caller: Actor | None,
    action: str,
    object_kind: str,
    object_id: int | str,
    *,
    region_code: str = "",
    details: Mapping[str, Any] | None = None,
    for_worker: int | None = None,
) -> None:
    """Note what this transaction does; it is written just before it commits.

    ``caller`` None is the system itself. ``action`` is noun.verb (``worker.edit``). ``region_code`` is the territory of the
    object, else the caller's, else the county of the person concerned, as it stands when it is written: what people do with their
    own records is found by the office of the place, too. ``for_worker`` is that person. ``details`` takes ids, numbers, flags and
    names of fields; anything that could be content is a fault of the program (ValueError).
    """
    _check(action, object_kind, str(object_id))
    values = {
        "account_id": None if caller is None else caller.account_id,
        "role": SYSTEM if caller is None else caller.role,
        "acting_for": None if caller is None else caller.acting_for,
        "worker_id": for_worker,
        "action": action,
        "object_kind": object_kind,
        "object_id": str(object_id),
        "region_code": region_code or ("" if caller is None else caller.region_code),
        "details": _plain(dict(details or {}), _DEEPEST),
        "request_id": str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    }
    if not session.in_transaction():
        session.begin()  # what is noted belongs to a transaction, which may go back
    session.info.setdefault(_BUFFER, []).append(_Entry(values, _transactions(session)))


def read_personal(
    caller: Actor,
    object_kind: str,
    object_id: int | str,
    *,
    fields: Iterable[str],
    action: str = "personal.read",
    region_code: str = "",
    for_worker: int | None = None,
) -> None:
    """Note that somebody is about to be shown personal data of another; call it before the read, outside any session.

    It commits by itself. Raises Unavailable when it cannot be written: then the data are not shown.
    """
    try:
        with sessions.write_session() as session:
            record(
                session, caller, action, object_kind, object_id,
                region_code=region_code, details={"fields": sorted(fields)}, for_worker=for_worker,
            )  # fmt: skip
    except (SQLAlchemyError, KeysUnusable):
        raise Unavailable(
            "audit_unavailable",
            "查看个人信息要留下记录，现在记录写不进去，请稍后再试。",
            headers={"Retry-After": "10"},
        ) from None


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    """Number and link what was noted, at the very end of the outermost transaction."""
    if session.in_nested_transaction() or not session.info.get(_BUFFER):
        return
    session.flush()
    rows = [entry.values for entry in cast("list[_Entry]", session.info.pop(_BUFFER))]
    _place(session, [row for row in rows if not row["region_code"] and row["worker_id"] and row["account_id"]])
    append(session, rows)


def _place(session: Session, rows: list[dict[str, Any]]) -> None:
    """Fill in the county where the people concerned say they are; not where they live to the street, nor when they never said."""
    if not rows:
        return
    wanted = select(_PEOPLE.c.worker_id, _PEOPLE.c.region_code).where(_PEOPLE.c.worker_id.in_({row["worker_id"] for row in rows}))
    said = {row.worker_id: row.region_code for row in session.connection().execute(wanted)}
    for row in rows:
        code = said.get(row["worker_id"], "")
        row["region_code"] = code and code[:_COUNTY].ljust(len(code), "0")


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, gone: SessionTransaction) -> None:
    """What went back, with a savepoint or with everything, was not done."""
    if _BUFFER in session.info:
        session.info[_BUFFER] = [entry for entry in session.info[_BUFFER] if gone not in entry.within]


def append(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add rows to the end of the chain. The end is held from here to the commit."""
    head = hold_head(session)
    ring = keyring.current()
    seq, last, at = head.seq, head.hash, later(clock.now(), head.at)
    made = []
    for values in rows:
        seq += 1
        row = {**values, "seq": seq, "at": at, "prev_hash": last}
        row["hash"] = last = link(ring, canonical(row, EVENT_FIELDS))
        made.append(row)
    connection = session.connection()  # plain statements: as objects these three cost three times as much
    connection.execute(_EVENTS.insert(), made)
    connection.execute(_MOVE_HEAD, {"to_seq": seq, "to_hash": last, "to_at": at})
    WRITES.inc(len(made))


def hold_head(session: Session) -> Any:
    """The end of the chain (``seq``, ``hash``, ``at``), locked until the transaction ends. An empty database gets one; a lost one
    is found again from the last row (``verify`` tells when rows went with it)."""
    connection = session.connection()
    head = connection.execute(_HEAD_HELD).first()
    if head is None:
        last = connection.execute(
            select(_EVENTS.c.seq, _EVENTS.c.hash, _EVENTS.c.at).order_by(_EVENTS.c.seq.desc()).limit(1)
        ).first()
        seq, hash_, at = last if last is not None else (0, "", None)
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        values = {"head_id": HEAD, "seq": seq, "hash": hash_, "at": at}
        connection.execute(dialect.insert(_HEADS).values(values).on_conflict_do_nothing())
        head = connection.execute(_HEAD_HELD).one()
    return head


def later(now: datetime, before: datetime | None) -> datetime:
    """The present moment, but never before the last row: a clock that is set back leaves the trail in order."""
    return now if before is None or now >= before else before


def _transactions(session: Session) -> tuple[SessionTransaction, ...]:
    within: list[SessionTransaction] = []
    transaction = session.get_nested_transaction() or session.get_transaction()
    while transaction is not None:
        within.append(transaction)
        transaction = transaction.parent
    return tuple(within)


def _check(*words: str) -> None:
    for word in words:
        if not _WORD.fullmatch(word) or _PERSONAL.search(word):
            raise ValueError("the audit trail takes ids and names, not content")


def _plain(value: Any, deepest: int) -> Any:
    if value is None or isinstance(value, (bool, int)):
        if isinstance(value, int) and not isinstance(value, bool):
            _check(str(value))
        return value
    if isinstance(value, str):
        _check(value)
        return value
    if deepest and isinstance(value, Mapping):
        _check(*value)
        return {str(name): _plain(inner, deepest - 1) for name, inner in value.items()}
    if deepest and isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner, deepest - 1) for inner in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    raise ValueError("the audit trail takes ids and names, not content")
