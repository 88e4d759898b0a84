"""Write judged records: a batch, a transaction; other writers wait half a second and not minutes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.orm import Session, joinedload

from service.crypto.seal import FieldLocked, unseal
from service.crypto.sealed import new_row_key
from service.db import Database
from service.feeds import lease
from service.feeds.around import Around, named_in
from service.feeds.clean import Contact, unpacked
from service.feeds.haul import Haul
from service.feeds.models import FeedRecord
from service.feeds.records import UNKNOWN, Record
from service.feeds.report import Report
from service.feeds.settle import THERE, Known, Settled, settle
from service.feeds.source import FeedSource
from service.feeds.trail import stopped_at
from service.jobs.advert import Advert, Reading
from service.jobs.hold import ADVERT
from service.jobs.models import Job
from service.jobs.put import GONE, apply, put, unchanged
from service.jobs.put_new import put_new
from service.jobs.reviews.before import NOTHING_SAID, words_about
from service.jobs.reviews.queue import follow, follow_new, stop_waiting
from service.jobs.reviews.usual_wages import usual_wages

BATCH = 200
"""Rows in one transaction: half a second on SQLite, while every other writer waits."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Decided:
    """A record beside what the tables know of it."""

    record: Record
    known: Known | None


def write_all(
    database: Database,
    source: FeedSource,
    records: Sequence[Record],
    report: Report,
    *,
    now: datetime,
    run_id: int | None,
    progress: Progress | None = None,
    again: bool = False,
) -> dict[int, bool]:
    """Settle every record and write what became of it; without ``run_id`` only count.

    Gives the jobs that were put, each with whether anything about it changed.

    ``again``: a replay. Records are settled although nothing has changed, and what only a pull knows (when it was seen, in which
    run, what its row said) is left as it is.
    """
    written: dict[int, bool] = {}
    with database.read_session() as session:
        usual = usual_wages(session)
    for batch in _batches(records):
        # All that needs no lock is done before the transaction, so that other writers get their turn.
        with database.read_session() as session:
            known = _known(session, source.key, batch)
            around = Around(named_in(session, batch, now), usual)
        decided = [Decided(record, known.get((record.original_id, record.copy))) for record in batch]
        settled = [settle(one.record, one.known, source, now, around=around, again=again) for one in decided]
        if run_id is not None:
            with database.write_session() as session:
                lease.confirm(session, run_id, source.key)
                done = _write(session, source.key, decided, settled, run_id=run_id, now=now, again=again)
            settled = [answer for answer, _ in done]
            written |= {
                job_id: answer.outcome != "unchanged"
                for answer, job_id in done
                if answer.advert is not None and job_id is not None
            }
        else:
            with database.read_session() as session:
                settled = _foreseen(session, source.key, decided, settled, now)
        for one, answer in zip(decided, settled, strict=True):
            _count(report, answer, one.known)
        if progress:
            progress(min(sum(report.outcomes.values()), len(records)), len(records))
    return written


def close_vanished(
    database: Database, source: FeedSource, haul: Haul, records: Iterable[Record], *, run_id: int | None, now: datetime
) -> int:
    """Close what the source no longer has, also what waits for somebody; how many adverts that were. Without a run: only count
    them.

    Absent is gone in a whole list only; in any other haul, what the source itself calls gone. What had vanished before and
    stands in the pool all the same is closed as well.
    """
    present = {(record.original_id, record.copy) for record in records}
    named = haul.gone - {original_id for original_id, _ in present}
    with database.read_session() as session:
        rows = session.execute(
            select(FeedRecord.record_id, FeedRecord.original_id, FeedRecord.copy, FeedRecord.job_id, Job.status)
            .outerjoin(Job, Job.job_id == FeedRecord.job_id)
            .where(FeedRecord.source_key == source.key, or_(FeedRecord.vanished_at.is_(None), Job.status.in_(THERE)))
        ).all()
    gone = [row for row in rows if row.original_id in named or (haul.whole and (row.original_id, row.copy) not in present)]
    if run_id is None:
        return sum(row.copy == 0 and row.status in THERE for row in gone)
    closed = 0
    for at in range(0, len(gone), BATCH):
        batch = gone[at : at + BATCH]
        with database.write_session() as session:
            lease.confirm(session, run_id, source.key)
            closed += _close(session, [row.job_id for row in batch if row.copy == 0 and row.job_id is not None], now)
            session.execute(
                update(FeedRecord)
                .where(FeedRecord.record_id.in_([row.record_id for row in batch]))
                .values(vanished_at=now, contact_sealed=None)
            )
    return closed


def _batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[at : at + BATCH] for at in range(0, len(records), BATCH))


def _known(session: Session, key: str, batch: Sequence[Record]) -> dict[tuple[str, int], Known]:
    """What the tables hold about these records, and about jobs of theirs, by (original_id, copy)."""
    rows = session.execute(
        select(
            FeedRecord.original_id,
            FeedRecord.copy,
            FeedRecord.record_id,
            FeedRecord.content_hash,
            FeedRecord.outcome,
            FeedRecord.vanished_at,
            FeedRecord.row_key,
            FeedRecord.contact_sealed,
            FeedRecord.reason_code,
            FeedRecord.reason,
            FeedRecord.steps,
            Job.job_id,
            Job.status,
            Job.closed_reason,
            Job.held_for,
            Job.valid_until,
            Job.employer_id,
        )
        .outerjoin(Job, and_(Job.job_id == FeedRecord.job_id, FeedRecord.copy == 0))
        .where(FeedRecord.source_key == key, FeedRecord.original_id.in_({record.original_id for record in batch}))
    ).all()
    words = words_about(session, [row.job_id for row in rows if row.job_id is not None])
    return {
        (row.original_id, row.copy): Known(
            record_id=row.record_id,
            content_hash=row.content_hash,
            outcome=row.outcome,
            vanished=row.vanished_at is not None,
            job_id=row.job_id,
            job_status=row.status or "",
            job_closed_reason=row.closed_reason or "",
            job_valid_until=row.valid_until,
            job_employer_id=row.employer_id,
            contact=contact_of(row.contact_sealed, row.row_key),
            reason_code=row.reason_code,
            reason=row.reason,
            steps=row.steps or {},
            job_held_for=frozenset(row.held_for or ()),
            word=words.get(row.job_id, NOTHING_SAID),
        )
        for row in rows
    }


def contact_of(sealed: str | None, row_key: str | None) -> Contact:
    """The contact of a record. One that no key opens any more counts as none: the next pull brings it again."""
    if not sealed:
        return Contact()
    try:
        return unpacked(unseal(sealed, FeedRecord.contact.aad(FeedRecord, row_key or "")))
    except FieldLocked:
        return Contact()


def _write(
    session: Session,
    key: str,
    batch: Sequence[Decided],
    settled: Sequence[Settled],
    *,
    run_id: int,
    now: datetime,
    again: bool,
) -> list[tuple[Settled, int | None]]:
    """Write one batch; what really became of each record (the table may have it already just as it is), and its job."""
    done = _put(session, key, batch, settled, now)
    new: list[dict[str, Any]] = []
    seen: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for one, (answer, job_id) in zip(batch, done, strict=True):
        row = _row(one.record, answer, job_id)
        if one.known is None or one.known.contact != one.record.contact:
            row |= _contact(one.record)
        if not again:
            row |= {
                "run_id": run_id,
                "row_no": one.record.row_no,
                "raw": one.record.raw,
                "last_seen_at": now,
                "vanished_at": None,
            }
        if one.known is None:
            identity = {"source_key": key, "original_id": one.record.original_id, "copy": one.record.copy}
            steps = {"steps": answer.trail or None, "stopped_at": stopped_at(answer.trail)}
            new.append({**row, **steps, **identity, "first_seen_at": now})
            continue
        # What was found out the last time stands, but for where it was found.
        fetched = one.record.trail.get("fetched")
        if answer.trail:
            row |= {"steps": answer.trail, "stopped_at": stopped_at(answer.trail)}
        elif not again and one.known.steps and fetched != one.known.steps.get("fetched"):
            row["steps"] = {**one.known.steps, "fetched": fetched}
        seen[tuple(row)].append({**row, "record_id": one.known.record_id})
    _close(session, [job_id for answer, job_id in done if answer.close and job_id is not None], now)
    session.flush()
    if new:
        session.execute(insert(FeedRecord), new)
    for rows in seen.values():
        if rows:
            session.execute(update(FeedRecord), rows)
    return done


def _foreseen(session: Session, key: str, batch: Sequence[Decided], settled: Sequence[Settled], now: datetime) -> list[Settled]:
    """What writing would find: an advert that stands in the table just as it is would not be published anew."""
    wanted = {
        one.record.original_id: (answer.advert, answer.reading, answer.held_for)
        for one, answer in zip(batch, settled, strict=True)
        if answer.outcome == "published" and answer.advert is not None and answer.reading is not None
    }
    same = unchanged(session, key, wanted, now)
    return [
        replace(answer, outcome="unchanged") if answer.outcome == "published" and one.record.original_id in same else answer
        for one, answer in zip(batch, settled, strict=True)
    ]


def _put(
    session: Session, key: str, batch: Sequence[Decided], settled: Sequence[Settled], now: datetime
) -> list[tuple[Settled, int | None]]:
    """What became of each record, and its job: adverts that are not there yet all at once, the others one by one."""
    wanted = {one.record.original_id for one, answer in zip(batch, settled, strict=True) if answer.advert is not None}
    there = set(session.scalars(select(Job.original_id).where(Job.source_key == key, Job.original_id.in_(wanted))))
    done: list[tuple[Settled, int | None]] = []
    coming: dict[int, tuple[Advert, Reading]] = {}
    new: list[Settled] = []
    for place, (one, answer) in enumerate(zip(batch, settled, strict=True)):
        if answer.advert is None:
            done.append((answer, one.known.job_id if one.known else None))
        elif answer.reading is not None and one.record.original_id not in there:
            there.add(one.record.original_id)
            coming[place] = (answer.advert, answer.reading)
            new.append(answer)
            done.append((answer, None))
        else:
            job, outcome = put(session, answer.advert, account_id=None, now=now, reading=answer.reading, held_for=answer.held_for)
            session.flush()
            follow(session, job, answer.findings, now)
            same = outcome == "unchanged" and answer.outcome == "published"
            done.append((replace(answer, outcome="unchanged") if same else answer, job.job_id))
    made = put_new(session, list(coming.values()), account_id=None, now=now, held_for=[answer.held_for for answer in new])
    follow_new(session, [(job_id, one.findings) for job_id, one in zip(made, new, strict=True) if ADVERT in one.held_for], now)
    for place, job_id in zip(coming, made, strict=True):
        done[place] = (done[place][0], job_id)
    return done


def _row(record: Record, settled: Settled, job_id: int | None) -> dict[str, Any]:
    return {
        "parsed": record.kept,
        "content_hash": record.content_hash,
        "outcome": settled.outcome,
        "reason_code": settled.code[:32],
        "reason": settled.reason[:512],
        "job_id": job_id,
    }


def _contact(record: Record) -> dict[str, str | None]:
    """A new row key with each text: it is sealed anew, and never under two keys of a row at once."""
    key = new_row_key()
    return {**FeedRecord.contact.columns(FeedRecord, key, record.contact.packed()), "row_key": key}


def _count(report: Report, answer: Settled, known: Known | None) -> None:
    report.count(answer.outcome, answer.code, answer.reason)
    result, *said = answer.trail.get("checked", [""])
    if result == "noted":
        report.remarks[said[0]] += 1
    if UNKNOWN in answer.trail.get("normalised", ()):
        report.remarks[UNKNOWN] += 1
    if answer.outcome == "published" and (known is None or known.job_id is None):
        report.created += 1


def _close(session: Session, job_ids: Sequence[int], now: datetime) -> int:
    """Close those of these jobs that are open, or would be once somebody lets them through, with history and change log; how
    many that were."""
    if not job_ids:
        return 0
    jobs = session.scalars(
        select(Job)
        .where(Job.job_id.in_(job_ids), Job.status.in_(THERE))
        .options(joinedload(Job.gig), joinedload(Job.listing))
        .with_for_update(of=Job)
    ).all()
    for job in jobs:
        apply(session, job, {"status": "closed", "closed_reason": GONE}, action="close", account_id=None, now=now)
    stop_waiting(session, [job.job_id for job in jobs], now)
    return len(jobs)
