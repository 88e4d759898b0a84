"""Reading the change log without losing a line, however many transactions overlap.

A number from a sequence is taken when a row is written and becomes visible when its transaction commits; the two orders differ.
"Everything above the last number I saw" therefore skips a slow transaction for ever. What cannot skip is PostgreSQL's own
horizon: every transaction below ``pg_snapshot_xmin`` is over, so its rows are visible now or never. A position is that horizon,
plus the lines already seen at or above it; the next read asks for everything from the horizon on, less those seen. A line is
delivered once, as soon as it is committed, and an unrelated long transaction delays nothing but the tidying of the list.

SQLite has one writer at a time, so there the number itself is the order of the commits and the list stays empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from service.jobs.models import JobChange


@dataclass(frozen=True, slots=True)
class Position:
    """How far the log has been read. ``horizon``: a transaction number on PostgreSQL, the next line number on SQLite."""

    horizon: int = 0
    seen: frozenset[int] = field(default_factory=frozenset)

    def dump(self) -> str:
        """As the text that the index keeps in its manifest, swapped in one step with the data it belongs to."""
        return json.dumps({"horizon": self.horizon, "seen": sorted(self.seen)})

    @classmethod
    def load(cls, value: str) -> Position:
        """Back from :meth:`dump`. An empty text is the beginning."""
        if not value:
            return cls()
        read = json.loads(value)
        return cls(int(read["horizon"]), frozenset(int(number) for number in read["seen"]))

    def holds(self, change_id: int, transaction_id: int | None) -> bool:
        """Whether a committed line has been read. On SQLite lines have no transaction number."""
        number = change_id if transaction_id is None else transaction_id
        return number < self.horizon or change_id in self.seen


@dataclass(frozen=True, slots=True)
class Changes:
    """Jobs that changed since a position, when that was written down, and the position behind them."""

    job_ids: list[int]
    position: Position
    written_at: tuple[datetime, ...] = ()


NO_JOB = 0
"""A line for no job says: this database was put back from a backup. No index that has not seen it can be believed."""
RESTORED_GAP = 10_000_000
"""How far behind the last line that one lies: further than the log can have got in the time that was lost."""


class LogRewound(Exception):  # noqa: N818  a state of the database, not a fault
    """The database is older than the position: it was restored or replaced. Only a rebuild makes the index true again."""


def horizon(session: Session) -> int:
    """The present horizon: every line below it is visible in this session's snapshot, or will never be."""
    if session.get_bind().dialect.name == "postgresql":
        return int(session.execute(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")).scalar_one())
    return (session.scalar(select(func.max(JobChange.change_id))) or 0) + 1


def present(session: Session) -> Position:
    """The position behind everything that this session's snapshot sees; for a full rebuild."""
    return read(session, Position(), all_seen=False).position


def read(session: Session, since: Position, *, all_seen: bool = True) -> Changes:
    """What changed since. The session must read one snapshot (``snapshot_session``), and the jobs are to be read in it too.

    Raises :class:`LogRewound` when the database lies behind the position, or was put back since.
    """
    now = horizon(session)
    if all_seen and now < since.horizon:
        raise LogRewound
    if session.get_bind().dialect.name != "postgresql":
        lines = session.execute(
            select(JobChange.job_id, JobChange.at).where(JobChange.change_id >= since.horizon).order_by(JobChange.change_id)
        ).all()
        return Changes(_jobs(lines, all_seen=all_seen), Position(now), tuple(line.at for line in lines))
    wanted = select(JobChange.change_id, JobChange.job_id, JobChange.transaction_id, JobChange.at)
    # For a rebuild only the lines above the horizon matter: the snapshot holds them, though their neighbours may not be over.
    wanted = wanted.where(JobChange.transaction_id >= (since.horizon if all_seen else now)).order_by(JobChange.change_id)
    # A number that this server has not dealt out yet was brought by a dump of another one: the rebuild after it saw the job.
    ceiling = session.execute(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")).scalar_one()
    rows = session.execute(wanted.where(JobChange.transaction_id < ceiling)).all()
    fresh = [row for row in rows if row.change_id not in since.seen]
    seen = frozenset(row.change_id for row in rows if row.transaction_id >= now)
    return Changes(_jobs(fresh, all_seen=all_seen), Position(now, seen), tuple(row.at for row in fresh))


def note_restored(session: Session, now: datetime) -> None:
    """Tell every index that the database was put back from a backup. The numbers of the transactions that wrote its lines were
    another server's, perhaps: this one will deal them out again."""
    session.execute(update(JobChange).where(JobChange.transaction_id.is_not(None)).values(transaction_id=None))
    last = (session.scalar(select(func.max(JobChange.change_id))) or 0) + RESTORED_GAP
    session.add(JobChange(change_id=last, job_id=NO_JOB, at=now))
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT setval(pg_get_serial_sequence('job_change', 'change_id'), :last)"), {"last": last})


def _jobs(lines: Iterable[Any], *, all_seen: bool) -> list[int]:
    jobs = list(dict.fromkeys(line.job_id for line in lines))
    if all_seen and NO_JOB in jobs:
        raise LogRewound
    return jobs
