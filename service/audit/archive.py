"""The old beginning of the chain leaves the database: into a file that can be checked, and never before its time.

The file holds the rows as JSON lines. A row in ``audit_archive`` says what it held and carries the link on which the rest of the
chain hangs; only what such a row covers can be deleted at all.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tomllib
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from service import clock
from service.audit.chain import ARCHIVE_FIELDS, EVENT_FIELDS, canonical, fits, link, text_of
from service.audit.models import AuditArchive, AuditEvent
from service.audit.trail import hold_head, record
from service.crypto import keyring
from service.crypto.keyring import Keyring
from service.errors import Conflict

_RULES = Path(__file__).parent / "data" / "retention.toml"
_BATCH = 2_000
LARGEST_ROWS = 1_000_000
"""Rows of one file; what is left goes with the next call."""


@dataclass(frozen=True, slots=True)
class Archived:
    """What one call moved."""

    from_seq: int
    to_seq: int
    file: Path


def kept_days(today: date) -> int:
    """How many days a row stays at least, by the rules in force on a day."""
    rules = tomllib.loads(_RULES.read_text(encoding="utf-8"))["rule"]
    return max(int(rule["days"]) for rule in rules if rule["from"] <= today)


def archive(session: Session, directory: Path, now: datetime) -> Archived | None:
    """Move what is old enough into a new file; None when nothing is. The caller's transaction holds all of it or nothing.

    A file of a call that did not commit is written over by the next one. Raises Conflict when a row does not hold: what was
    tampered with is not to be put away as if it were in order.
    """
    hold_head(session)  # nobody else archives or adds meanwhile
    first = (session.scalar(select(func.max(AuditArchive.to_seq))) or 0) + 1
    before = now - timedelta(days=kept_days(now.astimezone(clock.BEIJING).date()))
    too_young = session.scalar(select(func.min(AuditEvent.seq)).where(AuditEvent.at >= before))
    newest = session.scalar(select(func.max(AuditEvent.seq))) or 0
    last = min((too_young or newest + 1) - 1, first + LARGEST_ROWS - 1)
    if last < first:
        return None
    ring = keyring.current()
    path = directory / f"audit-{first:012d}-{last:012d}.jsonl.gz"
    rows, last_hash = _write_file(path, session, ring, first, last)
    values: dict[str, Any] = {
        "from_seq": first,
        "to_seq": last,
        "last_hash": last_hash,
        "file_name": path.name,
        "file_hash": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rows": rows,
        "at": now,
    }
    values["proof"] = link(ring, canonical(values, ARCHIVE_FIELDS))
    session.execute(insert(AuditArchive).values(values))
    session.execute(delete(AuditEvent).where(AuditEvent.seq <= last))
    record(session, None, "audit.archive", "audit_archive", last, details={"from": first, "to": last, "rows": rows})
    return Archived(first, last, path)


def read_archive(path: Path, ring: Keyring) -> tuple[int, list[int]]:
    """How many rows a file holds, and the numbers of those that do not hold. Raises OSError or ValueError for another file."""
    rows, wrong, last = 0, [], None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            claimed = row.pop("hash")
            if not fits(ring, row, claimed) or (last is not None and row["prev_hash"] != last):
                wrong.append(int(row["seq"]))
            rows, last = rows + 1, claimed
    return rows, wrong


def _write_file(path: Path, session: Session, ring: Keyring, first: int, last: int) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    rows, hash_ = 0, ""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed, closing(_rows(session, first, last)) as found:
            for row in found:
                said = canonical(row, EVENT_FIELDS)
                if row["seq"] != first + rows or not fits(ring, said, row["hash"]):
                    raise Conflict("audit_broken", f"第 {first + rows} 条对不上，不能归档，请先执行 flask audit verify。")
                packed.write(text_of({**said, "hash": row["hash"]}) + b"\n")
                rows, hash_ = rows + 1, row["hash"]
        file.flush()
        os.fsync(file.fileno())
    return rows, hash_


def _rows(session: Session, first: int, last: int) -> Generator[dict[str, Any], None, None]:
    columns = [getattr(AuditEvent, name) for name in (*EVENT_FIELDS, "hash")]
    wanted = select(*columns).where(AuditEvent.seq.between(first, last)).order_by(AuditEvent.seq)
    with session.execute(wanted.execution_options(yield_per=_BATCH)) as result:  # closed also when a row does not hold
        for row in result:
            yield dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for it
