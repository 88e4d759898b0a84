"""New keys, and everything that the old ones sealed sealed anew: resumable, beside running writers, in every table there is.

Nothing is remembered but the data themselves: a text says which key it needs, so a run that was killed is simply started again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, inspect, literal, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.crypto import keyring
from service.crypto.blind import blind_index
from service.crypto.keyring import KEY_ID_LENGTH, Key, new_key
from service.crypto.models import KeyCheck
from service.crypto.seal import VERSION, FieldLocked, seal, unseal
from service.crypto.sealed import SealedColumn, new_row_key, sealed_columns
from service.crypto.suites import NONCE_BYTES, NotAuthentic
from service.db import Base, Database
from service.errors import Conflict

BATCH = 500
PAUSE_SECONDS = 0.005
"""Between two batches, so that on SQLite a writer who waits gets his turn."""
PASSES_MOST = 20
GRACE = timedelta(hours=1)
"""How long a key must have been replaced before it can be retired: a transaction that began before may still write with it."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """How a column stands after a run: texts sealed anew, texts in rows that somebody held all the while, and texts that do not
    open with any key that is here."""

    table: str
    column: str
    changed: int
    left: int
    locked: int


def add_key(use: str, now: datetime) -> Key:
    """Make a key of the suite of the settings and the active one of its use at once. Raises KeysUnusable."""
    file = keyring.current_file()
    ring = file.get()
    key = new_key(use, file.suite, now)
    file.change({**ring.keys, key.key_id: key}, {**ring.active, use: key.key_id}, expected=ring)
    return key


def reseal(database: Database, *, batch: int = BATCH, told: Callable[[str, int], None] | None = None) -> list[Resealed]:
    """Seal every text with the active key, move what older versions left open, and make every index with the active index key.

    ``told(table.column, texts so far)`` is called after each batch. Rows that somebody holds at this moment are left for the next
    pass; rows that do not open are counted and left as they are.
    """
    done = []
    for one in sealed_columns():
        name, changed, left, locked = f"{one.model.__tablename__}.{one.field.name}", 0, 0, 0
        for number in range(PASSES_MOST):
            moved = locked = 0
            for step in _batches(database, one, batch):
                moved, locked = moved + step.changed, locked + step.locked
                if told is not None:
                    told(name, changed + moved)
            changed += moved
            left = max(0, _remaining(database, one) - locked)
            if not left:
                break
            time.sleep(PAUSE_SECONDS * 2 ** min(number, 8))
        done.append(Resealed(one.model.__tablename__, one.field.name, changed, left, locked))
    return done


def usage(session: Session) -> dict[str, int]:
    """How many texts and indexes each key holds; under ``""`` those that are still open or name no key."""
    counts: dict[str, int] = {}

    def add(column: Any, start: int) -> None:
        part = func.substr(column, start, KEY_ID_LENGTH)
        for key_id, count in session.execute(select(part, func.count()).where(column.is_not(None)).group_by(part)):
            counts[key_id] = counts.get(key_id, 0) + count

    for one in sealed_columns():
        add(getattr(one.model, one.field.column), len(VERSION) + 2)
        if one.field.legacy:
            left = getattr(one.model, one.field.legacy)
            counts[""] = counts.get("", 0) + (session.scalar(select(func.count()).where(left != "")) or 0)
    for column in _index_columns():
        add(column, 1)
    return counts


def retire(database: Database, key_id: str, now: datetime) -> None:
    """Take a key out of the file for ever. Raises Conflict while anything needs it, or it may still be in use."""
    file = keyring.current_file()
    ring = file.get()
    key = ring.keys.get(key_id)
    if key is None:
        raise Conflict("key_unknown", f"密钥文件里没有 {key_id}。")
    if key.use == "chain":
        raise Conflict("key_needed", "校验操作记录的旧密钥要一直留着，否则以前的记录没法检查。")
    if ring.active[key.use] == key_id:
        raise Conflict("key_active", "这个密钥正在使用，请先执行 flask keys rotate 换一个新的。")
    if now - ring.key(key.use).made_at < GRACE:
        raise Conflict("key_young", "换密钥还不到一小时，可能还有没写完的内容在用旧密钥，请过一会儿再来。")
    with database.write_session() as session:
        if needed := usage(session).get(key_id, 0):
            raise Conflict("key_needed", f"还有 {needed} 处内容要用这个密钥，请先执行 flask keys reseal。")
        kept = session.get(KeyCheck, key_id)
        if kept is not None:
            session.delete(kept)
        session.flush()
        file.change({name: one for name, one in ring.keys.items() if name != key_id}, ring.active, expected=ring)


def check_keys(session: Session, now: datetime) -> str | None:
    """Whether these keys are those that the database was written with: None, or a Chinese sentence. Notes keys that are new."""
    file = keyring.current_file()
    noted = {check.key_id: check for check in session.scalars(select(KeyCheck))}
    if noted and not file.path.exists():
        return str(keyring.lost(file.path))  # before the look that would make a new file
    ring = file.get()
    for key_id, check in noted.items():
        key = ring.keys.get(key_id)
        if key is None:
            return (
                f"密钥文件 {file.path} 里缺少数据库要用的密钥 {key_id}，请换回原来的密钥文件（KEYS_FILE 或备份）；"
                "用别的密钥启动会读不出已加密的内容。"
            )
        if not _proves(key, check.proof):
            return f"密钥文件 {file.path} 里的密钥 {key_id} 和数据库对不上，请换回原来的密钥文件。"
    fresh = [
        {"key_id": key_id, "proof": _proof(key), "first_used_at": now} for key_id, key in ring.keys.items() if key_id not in noted
    ]
    if fresh:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        session.execute(dialect.insert(KeyCheck).values(fresh).on_conflict_do_nothing())  # two processes may start at once
    return None


def _proof(key: Key) -> str:
    if key.use != "field":
        return key.suite.mac(key.secret, _word(key))
    nonce = os.urandom(NONCE_BYTES)
    return (nonce + key.suite.encrypt(key.secret, nonce, b"", _word(key))).hex()


def _proves(key: Key, proof: str) -> bool:
    if key.use != "field":
        return _proof(key) == proof
    try:
        content = bytes.fromhex(proof)
        key.suite.decrypt(key.secret, content[:NONCE_BYTES], content[NONCE_BYTES:], _word(key))
    except (ValueError, NotAuthentic):
        return False
    return True


def _word(key: Key) -> bytes:
    return f"key_check:{key.key_id}".encode()


def _index_columns() -> Iterator[Any]:
    """Columns of blind indexes, whoever fills them."""
    for mapper in Base.registry.mappers:
        for name in mapper.columns.keys():  # noqa: SIM118  a collection of SQLAlchemy's, not a dict
            if name.endswith("_index"):
                yield getattr(mapper.class_, name)


def _batches(database: Database, one: SealedColumn, batch: int) -> Iterator[Resealed]:
    """Once through a table, a transaction a batch."""
    keys = inspect(one.model).primary_key
    after: tuple[Any, ...] | None = None
    more = True
    while more:
        fresh: list[dict[str, Any]] = []
        with database.write_session() as session:
            wanted = select(*_columns(one)).where(_stale(one)).order_by(*keys).limit(batch)
            if after is not None:
                wanted = wanted.where(tuple_(*keys) > tuple_(*after))
            # Never waits for a row while holding others: no deadlock with whoever changes several.
            rows = session.execute(wanted.with_for_update(skip_locked=True)).all()
            for row in rows:
                with suppress(FieldLocked):
                    fresh.append(_anew(one, row))
            if fresh:
                _write(session, one, fresh)
        yield Resealed(one.model.__tablename__, one.field.name, len(fresh), 0, len(rows) - len(fresh))
        more = len(rows) == batch
        if more:
            after = tuple(rows[-1][: len(keys)])
            time.sleep(PAUSE_SECONDS)


def _remaining(database: Database, one: SealedColumn) -> int:
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(one.model).where(_stale(one))) or 0


def _stale(one: SealedColumn) -> ColumnElement[bool]:
    ring, field = keyring.current(), one.field
    sealed = getattr(one.model, field.column)
    conditions = [sealed.is_not(None) & sealed.not_like(f"{VERSION}.{ring.active['field']}.%")]
    if field.legacy:
        conditions.append(getattr(one.model, field.legacy) != "")
    if field.index:
        index = getattr(one.model, field.index_column)
        conditions.append(sealed.is_not(None) & or_(index.is_(None), index.not_like(f"{ring.active['index']}.%")))
    return or_(*conditions)


def _columns(one: SealedColumn) -> list[Any]:
    field, model = one.field, one.model
    legacy = getattr(model, field.legacy) if field.legacy else literal("")
    return [*inspect(model).primary_key, model.row_key, getattr(model, field.column).label("sealed"), legacy.label("legacy")]


def _anew(one: SealedColumn, row: Any) -> dict[str, Any]:
    """The new columns of a row, and the old ones that must still be there. Raises FieldLocked."""
    field, key = one.field, row.row_key or new_row_key()
    text = row.legacy or unseal(row.sealed, field.aad(one.model, key))
    values: dict[str, Any] = {
        "new_key": key,
        "new_sealed": seal(text, field.aad(one.model, key)),
        "old_sealed": row.sealed,
        "old_key": row.row_key,
        "old_legacy": row.legacy,
        **{f"at_{number}": part for number, part in enumerate(row[: len(inspect(one.model).primary_key)])},
    }
    if field.index:
        values["new_index"] = blind_index(text, field.index)
    return values


def _write(session: Session, one: SealedColumn, rows: list[dict[str, Any]]) -> None:
    """Compare and set, by the table itself: a text that was changed meanwhile stays as it is."""
    table, field = inspect(one.model).local_table, one.field
    columns = inspect(one.model).columns
    statement = update(table).values(
        {table.c.row_key: bindparam("new_key"), columns[field.column]: bindparam("new_sealed")}
        | ({columns[field.index_column]: bindparam("new_index")} if field.index else {})
        | ({columns[field.legacy]: ""} if field.legacy else {})
    )
    statement = statement.where(
        *(column == bindparam(f"at_{number}") for number, column in enumerate(inspect(one.model).primary_key)),
        columns[field.column].is_not_distinct_from(bindparam("old_sealed")),
        table.c.row_key.is_not_distinct_from(bindparam("old_key")),
    )
    if field.legacy:
        statement = statement.where(columns[field.legacy] == bindparam("old_legacy"))
    else:
        rows = [{name: value for name, value in row.items() if name != "old_legacy"} for row in rows]
    session.connection().execute(statement, rows)
