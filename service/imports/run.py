"""Work an import off, a batch in a transaction: jobs, lines and how far it got are written together.

Killed at any moment it goes on where it stopped: a batch counts only when it begins at the line where the last one ended, so of
two workers that both believe to have the task only one writes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from service import clock
from service.crypto.blind import blind_index, candidates
from service.crypto.seal import unseal
from service.db import Database
from service.errors import Conflict
from service.imports.judge import Settled, repeated
from service.imports.layout import columns_of
from service.imports.models import SheetImport, SheetJob, SheetLine
from service.imports.owner import Owner, owner_of
from service.imports.said import Said, said_by
from service.imports.settle import settle_all
from service.jobs.advert import Advert, Reading
from service.jobs.hold import ADVERT
from service.jobs.models import Job
from service.jobs.put import GONE, confirm_all, put
from service.jobs.put_new import put_new
from service.jobs.reviews.queue import follow, follow_new

BATCH = 200
"""Lines in one transaction: half a second on SQLite, while every other writer waits."""
_PURPOSE = "sheet"


@dataclass(frozen=True, slots=True)
class Ready:
    """A line put together. ``label`` is how people find it; ``first`` the line before it that has the same job, if any."""

    line_no: int
    label: str
    said: Said
    first: Ready | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is there already of a job: what its line said then, and how it stands."""

    content_index: str
    job_id: int
    status: str
    closed_reason: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class _Start:
    done: int
    region: str
    account_id: int | None


def run(database: Database, import_id: int, *, after_batch: Callable[[int], None] | None = None) -> None:
    """Work off what is left of a confirmed import; nothing when nothing is. ``after_batch`` is told how many lines are done."""
    with database.read_session() as session:
        row = session.get(SheetImport, import_id)
        if row is None or row.state != "running":
            return
        start = _Start(row.done, row.region_code, row.confirmed_by)
        lines = ready_lines(session, row)
    done: int | None = start.done
    while done is not None:
        with database.read_session() as session:
            owner = owner_of(session, session.get_one(SheetImport, import_id), clock.now())
        done = _batch(database, import_id, lines[done : done + BATCH], done, start, owner)
        if done is not None and after_batch is not None:
            after_batch(done)


def _batch(database: Database, import_id: int, lines: Sequence[Ready], done: int, start: _Start, owner: Owner) -> int | None:
    """One batch; how many lines are done then, None when the import is over."""
    now = clock.now()
    with database.read_session() as session:
        # Reading and judging need no lock: other writers get their turn meanwhile.
        settled = settle_lines(session, lines, owner, start.region, now)
    with database.write_session() as session:
        row = session.scalars(select(SheetImport).where(SheetImport.import_id == import_id).with_for_update()).one()
        if row.state != "running":
            return None
        if row.done != done or owner_of(session, row, now, lock=True) != owner:
            return row.done  # another worker was here, or the employer's standing changed: judge again
        counts = Counter(row.counts)
        if lines:
            counts.update(_write(session, import_id, lines, settled, owner, start.account_id, now))
        row.done, row.counts = done + len(lines), dict(counts)
        if row.done >= row.rows:
            row.state, row.finished_at, row.waiting_key, row.running_key = "done", now, None, None
            return None
    return done + len(lines)


def ready_lines(session: Session, row: SheetImport) -> list[Ready]:
    """Every line of an import put together, in order: also those that are done, since a later one may repeat them."""
    columns = {number: columns_of(sheet) for number, sheet in enumerate(row.layout, start=1)}
    used = [number for number, sheet in enumerate(row.layout, start=1) if not sheet["skipped"]]
    found: list[Ready] = []
    first: dict[str, Ready] = {}
    kept = session.execute(
        select(SheetLine.line_no, SheetLine.sheet, SheetLine.row, SheetLine.cells_sealed, SheetLine.row_key)
        .where(SheetLine.import_id == row.import_id, SheetLine.sheet.in_(used))
        .order_by(SheetLine.line_no)
    )
    for line in kept:
        said = said_by(cells_of(line.cells_sealed, line.row_key), columns[line.sheet])
        label = f"“{row.layout[line.sheet - 1]['name']}”第 {line.row} 行" if len(used) > 1 else f"第 {line.row} 行"
        ready = Ready(line.line_no, label, said, first.get(said.original_id))
        first.setdefault(said.original_id, ready)
        found.append(ready)
    return found


def cells_of(sealed: str | None, row_key: str | None) -> list[str]:
    """The cells of a line; none when they were dropped."""
    if sealed is None:
        return []
    cells: list[str] = json.loads(unseal(sealed, SheetLine.cells.aad(SheetLine, row_key or "")))
    return cells


def _known(session: Session, key: str, lines: Sequence[Ready]) -> dict[str, Known]:
    ids = {line.said.original_id for line in lines}
    rows = session.execute(
        select(SheetJob.original_id, SheetJob.content_index, Job.job_id, Job.status, Job.closed_reason, Job.valid_until)
        .join(Job, Job.job_id == SheetJob.job_id)
        .where(SheetJob.source_key == key, SheetJob.original_id.in_(ids))
    )
    return {row.original_id: Known(row.content_index, row.job_id, row.status, row.closed_reason, row.valid_until) for row in rows}


def settle_lines(session: Session, lines: Sequence[Ready], owner: Owner, region: str, now: datetime) -> list[Settled]:
    """What becomes of each line, beside what is there already. Nothing is written."""
    known = _known(session, owner.key, lines)
    early = [_as_before(line, known.get(line.said.original_id), now) for line in lines]
    asked = [line.said for line, answer in zip(lines, early, strict=True) if answer is None]
    ids = [known[said.original_id].job_id for said in asked if said.original_id in known]
    jobs = {job.original_id or "": job for job in session.scalars(select(Job).where(Job.job_id.in_(ids)))} if ids else {}
    judged = iter(settle_all(session, asked, owner, region, now, jobs))
    return [next(judged) if answer is None else answer for answer in early]


def _as_before(line: Ready, known: Known | None, now: datetime) -> Settled | None:
    """The answer to a line that needs no judging: it stood before, or is as it was."""
    if line.first is not None:
        return repeated(line.said, line.first.label, line.first.said.content)
    if known is not None and known.status == "closed" and known.closed_reason != GONE:
        return Settled(
            "rejected", "closed_by_person", "这个岗位已经关闭（招满或不招了），不会自动重新发布；要重新招人请换一个编号。"
        )
    if known is not None and known.content_index in candidates(line.said.content, _PURPOSE):
        if known.status == "held":
            return Settled("unchanged", "still_held", "和上次一样，还在等待审核。")
        if known.status == "open" and known.valid_until > now:
            return Settled("unchanged")
    return None


def _write(
    session: Session,
    import_id: int,
    lines: Sequence[Ready],
    settled: Sequence[Settled],
    owner: Owner,
    account_id: int | None,
    now: datetime,
) -> Counter[str]:
    """Write one batch: jobs, which line made them, what became of each line. Gives the counts by outcome."""
    answers, job_ids = _put(session, lines, settled, owner, account_id, now)
    rows: list[dict[str, Any]] = []
    for line, answer in zip(lines, answers, strict=True):
        rows.append(
            {
                "import_id": import_id,
                "line_no": line.line_no,
                "outcome": answer.outcome,
                "reason_code": answer.code[:32],
                "reason": answer.reason,
                "job_id": job_ids.get(line.line_no),
            }
        )
    session.flush()
    session.execute(update(SheetLine), rows)
    confirm_all(
        session,
        [
            job_ids[line.line_no]
            for line, answer in zip(lines, answers, strict=True)
            if answer.outcome == "unchanged" and line.line_no in job_ids
        ],
        account_id=account_id,
        now=now,
    )
    return Counter(answer.outcome for answer in answers)


def _put(
    session: Session, lines: Sequence[Ready], settled: Sequence[Settled], owner: Owner, account_id: int | None, now: datetime
) -> tuple[list[Settled], dict[int, int]]:
    """Write the jobs: those that are not there yet all at once, gigs and those that are there one by one."""
    there = {
        row.original_id: row.job_id
        for row in session.execute(
            select(Job.original_id, Job.job_id).where(
                Job.source_key == owner.key, Job.original_id.in_({line.said.original_id for line in lines})
            )
        )
    }
    answers = list(settled)
    job_ids: dict[int, int] = {}
    written: list[Ready] = []
    coming: list[tuple[Ready, Advert, Reading, Settled]] = []
    for place, (line, answer) in enumerate(zip(lines, settled, strict=True)):
        if answer.advert is None or answer.reading is None:
            if line.first is None and line.said.original_id in there:
                job_ids[line.line_no] = there[line.said.original_id]
            continue
        if line.said.original_id not in there and answer.advert.gig is None:
            coming.append((line, answer.advert, answer.reading, answer))
            continue
        try:
            with session.begin_nested():
                job, outcome = put(
                    session, answer.advert, account_id=account_id, now=now, reading=answer.reading, held_for=answer.held_for
                )
                session.flush()
                follow(session, job, answer.findings, now)
        except Conflict as refused:
            answers[place] = Settled("rejected", refused.error, refused.message)
            continue
        job_ids[line.line_no] = job.job_id
        written.append(line)
        if outcome == "unchanged" and answer.outcome == "published":
            answers[place] = Settled("unchanged")
    made = put_new(
        session,
        [(advert, reading) for _, advert, reading, _ in coming],
        account_id=account_id,
        now=now,
        held_for=[answer.held_for for *_, answer in coming],
    )
    waiting = [(job_id, answer.findings) for (*_, answer), job_id in zip(coming, made, strict=True) if ADVERT in answer.held_for]
    follow_new(session, waiting, now)
    for (line, *_), job_id in zip(coming, made, strict=True):
        job_ids[line.line_no] = job_id
    _remember(session, owner.key, [line for line, *_ in coming], written, job_ids, now)
    return answers, job_ids


def _remember(
    session: Session, key: str, new: Sequence[Ready], again: Sequence[Ready], job_ids: dict[int, int], now: datetime
) -> None:
    """Which job each line made. A job that was put one by one may have been there before or not."""
    rows = {
        line.said.original_id: {
            "source_key": key,
            "original_id": line.said.original_id,
            "content_index": blind_index(line.said.content, _PURPOSE),
            "job_id": job_ids[line.line_no],
            "seen_at": now,
        }
        for line in (*new, *again)
    }
    known = set(
        session.scalars(select(SheetJob.original_id).where(SheetJob.source_key == key, SheetJob.original_id.in_(set(rows))))
    )
    session.flush()
    added = [row for original_id, row in rows.items() if original_id not in known]
    changed = [row for original_id, row in rows.items() if original_id in known]
    if added:
        session.execute(insert(SheetJob), added)
    if changed:
        session.execute(update(SheetJob), changed)
