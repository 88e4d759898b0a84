"""Read the whole chain and say which row was changed, removed or put elsewhere. Streams: memory stays flat at any length."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit.chain import ARCHIVE_FIELDS, EVENT_FIELDS, canonical, fits
from service.audit.models import AuditArchive, AuditEvent, AuditHead
from service.crypto.keyring import Keyring

PROBLEMS_MOST = 50
_BATCH = 2_000
_COLUMNS = [getattr(AuditEvent, name) for name in (*EVENT_FIELDS, "hash")]


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of the chain as it was at some moment, kept outside the database."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that does not hold, and what is the matter with it in Chinese."""

    seq: int
    said: str


@dataclass(slots=True)
class Verdict:
    """What was read, where it ended, and everything that does not hold."""

    rows: int = 0
    end: Anchor = field(default_factory=lambda: Anchor(0, ""))
    problems: list[Problem] = field(default_factory=list)

    def note(self, seq: int, said: str) -> None:
        """One more problem; after ``PROBLEMS_MOST`` they are not kept one by one."""
        if len(self.problems) < PROBLEMS_MOST:
            self.problems.append(Problem(seq, said))


def verify(session: Session, ring: Keyring, *, since: datetime | None = None, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Check the chain from its beginning (what is archived counts by its proof), or from the last row before ``since``.

    ``anchors`` were kept elsewhere: only they show that the end was cut off together with the row that says where the end is.
    """
    verdict = Verdict()
    start = _start(session, ring, verdict, since)
    seq, last = start.seq, start.hash
    known = {anchor.seq: anchor for anchor in anchors if anchor.seq >= start.seq}
    if start.seq in known and start.seq and known[start.seq].hash != last:
        verdict.note(start.seq, f"第 {start.seq} 条和另外保存的链头不一致")
    wanted = select(*_COLUMNS).where(AuditEvent.seq > seq).order_by(AuditEvent.seq).execution_options(yield_per=_BATCH)
    for row in session.execute(wanted):
        verdict.rows += 1
        _check_row(verdict, ring, row, seq, last)
        if row.seq in known and known[row.seq].hash != row.hash:
            verdict.note(row.seq, f"第 {row.seq} 条和另外保存的链头不一致")
        seq, last = row.seq, row.hash
    verdict.end = Anchor(seq, last)
    _check_end(session, verdict, known)
    return verdict


def _check_row(verdict: Verdict, ring: Keyring, row: Any, seq: int, last: str) -> None:
    if row.seq != seq + 1:
        gone = f"第 {seq + 1} 条" if row.seq == seq + 2 else f"第 {seq + 1} 到 {row.seq - 1} 条"
        verdict.note(seq + 1, f"{gone}不见了")
    elif row.prev_hash != last:
        verdict.note(row.seq, f"第 {row.seq} 条接不上前一条：被改过或调换过")
    if not fits(ring, canonical(row._mapping, EVENT_FIELDS), row.hash):  # noqa: SLF001  SQLAlchemy's public name for it
        known = row.hash.partition(".")[0] in ring.keys
        why = "内容和校验码对不上：被改过或调换过" if known else "校验码用的密钥不在密钥文件里：被改过，或密钥文件不全"
        verdict.note(row.seq, f"第 {row.seq} 条{why}")


def _check_end(session: Session, verdict: Verdict, anchors: dict[int, Anchor]) -> None:
    end = verdict.end
    head = session.execute(select(AuditHead.seq, AuditHead.hash)).first()
    told = max([head.seq if head is not None else 0, *anchors])
    if told > end.seq:
        verdict.note(end.seq + 1, f"结尾少了：应该有 {told} 条，只到第 {end.seq} 条")
    elif head is None:
        if end.seq:
            verdict.note(end.seq, "链头那一行不见了")
    elif head.seq < end.seq:
        verdict.note(head.seq + 1, f"链头只记到第 {head.seq} 条，后面的行不是系统写的")
    elif head.hash != end.hash:
        verdict.note(end.seq, f"第 {end.seq} 条和链头对不上：被改过或调换过")


def _start(session: Session, ring: Keyring, verdict: Verdict, since: datetime | None) -> Anchor:
    """Where to begin: behind the archives, each of which must hold and join the one before; or one row before ``since``."""
    start = Anchor(0, "")
    for archive in session.scalars(select(AuditArchive).order_by(AuditArchive.to_seq)):
        said = canonical({name: getattr(archive, name) for name in ARCHIVE_FIELDS}, ARCHIVE_FIELDS)
        if archive.from_seq != start.seq + 1 or not fits(ring, said, archive.proof):
            verdict.note(archive.from_seq, f"归档记录（第 {archive.from_seq} 到 {archive.to_seq} 条）被改过，或前面缺一段")
        start = Anchor(archive.to_seq, archive.last_hash)
    if since is not None:
        before = select(AuditEvent.seq, AuditEvent.hash).where(AuditEvent.at < since).order_by(AuditEvent.seq.desc()).limit(1)
        row = session.execute(before).first()
        if row is not None:
            start = Anchor(row.seq, row.hash)
    return start
