"""Take back a run: whole, or not at all for good.

It is a run of its own that holds the source, so that no pull comes in between. It goes from job to job in batches, one
transaction each, and keeps with each batch how far it is; when its process dies the next one goes on from there, and until one
has come to the end no pull of the source begins (``lease.take``).
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from service import audit
from service.db import Database
from service.employers.standing import may_publish
from service.errors import Conflict, NotFound
from service.feeds import lease
from service.feeds.models import ROLLED_BACK, FeedCursor, FeedRecord, FeedRun
from service.feeds.report import Report
from service.feeds.undo import ENDINGS, Ending, Undo, undo
from service.jobs.hold import ADVERT, EMPLOYER
from service.jobs.models import Job, JobHistory, held_columns
from service.jobs.put import apply
from service.jobs.queries import whole
from service.jobs.reviews.queue import stop_waiting

BATCH = 200
"""Jobs in one transaction, as many as a pull writes in one."""
Progress = Callable[[int, int], None]
EDIT = "edit"
"""What history calls a change that a person made."""
_STATES = {"status", "closed_reason", "held_for", "version"}
"""Whether it is shown: told by the way it ends."""


@dataclass(slots=True)
class Undone:
    """Counts of jobs by how they ended; ``jobs`` in all. ``contacts``: whose telephone was taken away, as history keeps none;
    ``edited``: which people have changed since, in words that stay."""

    run_id: int
    source_key: str
    jobs: int
    endings: Counter[Ending] = field(default_factory=Counter)
    contacts: int = 0
    edited: int = 0
    written: bool = False
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the run and answered."""
        return {
            "jobs": self.jobs,
            **{name: self.endings[name] for name in ENDINGS},
            "contacts": self.contacts,
            "edited": self.edited,
        }


def require_possible(session: Session, run_id: int, source_key: str | None = None) -> FeedRun:
    """The run, when it can be taken back. Raises NotFound ``feed_run_unknown``, or Conflict that says what stands in the way."""
    run = session.get(FeedRun, run_id)
    if run is None or (source_key is not None and run.source_key != source_key):
        raise NotFound("feed_run_unknown", "没有这一次导入，请在导入记录里核对编号。")
    if run.action == "rollback":
        raise Conflict("feed_run_is_rollback", f"第 {run_id} 次本身就是撤回，不能再撤回；请让来源重新导入。")
    if run.rolled_back_at is not None:
        raise Conflict("feed_run_rolled_back", f"第 {run_id} 次导入已经撤回了。")
    if run.running_key is not None and run.status == "running":
        raise Conflict("feed_run_running", f"第 {run_id} 次导入还在进行，请等它结束后再撤回。")
    if session.scalar(select(JobHistory.history_id).where(JobHistory.feed_run_id == run_id).limit(1)) is None:
        raise Conflict("feed_run_wrote_nothing", f"第 {run_id} 次导入没有改动任何岗位（或者是旧版本导入的），没有可以撤回的。")
    later = built_on(session, run)
    if later:
        said = "、".join(f"第 {one} 次" for one in later)
        raise Conflict(
            "feed_run_built_on",
            f"{said}导入在第 {run_id} 次之后又改了同一批岗位，请从最后一次开始先撤回它们。",
            details={"runs": list(later)},
        )
    return run


def built_on(session: Session, run: FeedRun) -> list[int]:
    """Later runs, the last first, that wrote jobs which this run wrote, and are not taken back themselves."""
    mine, theirs = aliased(JobHistory), aliased(JobHistory)
    found = session.scalars(
        select(FeedRun.run_id)
        .join(theirs, theirs.feed_run_id == FeedRun.run_id)
        .join(mine, mine.job_id == theirs.job_id)
        .where(
            mine.feed_run_id == run.run_id,
            FeedRun.source_key == run.source_key,
            FeedRun.run_id > run.run_id,
            FeedRun.action != "rollback",
            FeedRun.rolled_back_at.is_(None),
        )
        .distinct()
        .order_by(FeedRun.run_id.desc())
    )
    return list(found)


def plan(session: Session, run_id: int, now: datetime) -> Undone:
    """What taking back a run would do; nothing is written. Raises as :func:`require_possible`."""
    run = require_possible(session, run_id)
    told = Undone(run_id, run.source_key, _jobs(session, run_id))
    # Of what it created the state alone decides: a first pull of twenty thousand need not be loaded to be counted.
    states = select(Job.status, func.count()).where(Job.job_id.in_(_created(run_id))).group_by(Job.status)
    for status, count in session.execute(states):
        told.endings["kept" if status == "closed" else "closed"] += count
    edits = select(func.count(func.distinct(JobHistory.job_id))).where(JobHistory.job_id.in_(_created(run_id)))
    told.edited = session.scalar(edits.where(JobHistory.action == EDIT, JobHistory.feed_run_id.is_(None))) or 0
    after = 0
    while found := _batch(session, run_id, after, created=False):
        after = found[-1]
        for _, answer in _decide(session, run_id, found, now, lock=False):
            _count(told, answer)
        session.expunge_all()
    return told


def roll_back(
    database: Database, run_id: int, *, account_id: int | None, now: datetime, progress: Progress | None = None
) -> Undone:
    """Take back a run, or go on where an earlier try was broken off. Raises as :func:`require_possible`, and Conflict
    ``feed_running`` while a pull of the source goes on."""
    started = time.monotonic()
    with database.read_session() as session:
        run = require_possible(session, run_id)
        source_key, file_name = run.source_key, run.file_name
    report = Report(source_key, source_key, file_name)
    own_id = lease.take(database, report, "rollback", rolls_back=run_id)
    try:
        with lease.kept(database, own_id, source_key):
            told, after = _begin(database, own_id, run_id)
            done = sum(told.endings.values())
            while batch := _write(database, own_id, told, after, account_id=account_id, now=now):
                after = batch[-1]
                done += len(batch)
                if progress:
                    progress(done, told.jobs)
            _finish(database, own_id, told, now)
    except BaseException as wrong:
        message = lease.why_ended(wrong)
        lease.let_go(database, own_id, status="failed", message=message)
        raise
    told.seconds = time.monotonic() - started
    return told


def _begin(database: Database, own_id: int, run_id: int) -> tuple[Undone, int]:
    """Say which run is taken back; what an earlier try did already, and after which job it goes on."""
    with database.write_session() as session:
        run = require_possible(session, run_id)
        lease.confirm(session, own_id, run.source_key)
        before = session.scalars(
            select(FeedRun).where(FeedRun.rolls_back_id == run_id).order_by(FeedRun.run_id.desc()).limit(1)
        ).one_or_none()
        own = session.get_one(FeedRun, own_id)
        own.rolls_back_id = run_id
        own.report = dict(before.report) if before is not None else {}
        told = Undone(run_id, run.source_key, _jobs(session, run_id), written=True)
        told.endings.update({name: own.report[name] for name in ENDINGS if own.report.get(name)})
        told.contacts, told.edited = own.report.get("contacts", 0), own.report.get("edited", 0)
        return told, int(own.report.get("after", 0))


def _write(database: Database, own_id: int, told: Undone, after: int, *, account_id: int | None, now: datetime) -> Sequence[int]:
    """One batch in one transaction; the ids it went through, none when there are no more."""
    with database.write_session() as session:
        lease.confirm(session, own_id, told.source_key)
        found = _batch(session, told.run_id, after)
        if not found:
            return found
        ended: dict[Ending, list[int]] = defaultdict(list)
        through: list[int] = []
        for job, answer in _decide(session, told.run_id, found, now, lock=True):
            _count(told, answer)
            ended[answer.ending].append(job.job_id)
            if answer.fields:
                apply(session, job, dict(answer.fields), action="rollback", account_id=account_id, now=now)
            if ADVERT not in job.waits_for:
                through.append(job.job_id)
        stop_waiting(session, through, now)
        _mark_records(session, told.run_id, ended)
        session.get_one(FeedRun, own_id).report = {**told.as_json(), "after": found[-1]}
        return found


def _finish(database: Database, own_id: int, told: Undone, now: datetime) -> None:
    with database.write_session() as session:
        lease.confirm(session, own_id, told.source_key)
        session.get_one(FeedRun, told.run_id).rolled_back_at = now
        # What the source says next is asked for as a whole: a list of changes would not bring what was taken back again.
        session.execute(delete(FeedCursor).where(FeedCursor.source_key == told.source_key))
        audit.record(session, None, "feed.rolled_back", "feed_run", told.run_id, details=told.as_json())
    lease.let_go(database, own_id, status="done", message=f"撤回第 {told.run_id} 次导入")


def _jobs(session: Session, run_id: int) -> int:
    counted = select(func.count(func.distinct(JobHistory.job_id))).where(JobHistory.feed_run_id == run_id)
    return session.scalar(counted) or 0


def _created(run_id: int) -> Select[int]:
    return select(JobHistory.job_id).where(JobHistory.feed_run_id == run_id, JobHistory.action == "create")


def _batch(session: Session, run_id: int, after: int, *, created: bool = True) -> Sequence[int]:
    """The next jobs that the run wrote, by their ids; with or without those that it created."""
    wanted = select(JobHistory.job_id).where(JobHistory.feed_run_id == run_id, JobHistory.job_id > after)
    if not created:
        wanted = wanted.where(JobHistory.job_id.not_in(_created(run_id)))
    return session.scalars(wanted.distinct().order_by(JobHistory.job_id).limit(BATCH)).all()


def _decide(session: Session, run_id: int, job_ids: Sequence[int], now: datetime, *, lock: bool) -> list[tuple[Job, Undo]]:
    lines: dict[int, list[JobHistory]] = defaultdict(list)
    for line in session.scalars(
        select(JobHistory).where(JobHistory.feed_run_id == run_id, JobHistory.job_id.in_(job_ids)).order_by(JobHistory.history_id)
    ):
        lines[line.job_id].append(line)
    by_hand = _by_hand(session, lines)
    wanted = whole().where(Job.job_id.in_(job_ids)).order_by(Job.job_id)
    jobs = session.scalars(wanted.with_for_update(of=Job) if lock else wanted).all()
    return [(job, _with_employer(session, job, _undo(job, lines[job.job_id], now, by_hand), now)) for job in jobs]


def _undo(job: Job, lines: Sequence[JobHistory], now: datetime, by_hand: dict[int, set[str]]) -> Undo:
    changed = by_hand.get(job.job_id, set())
    return replace(undo(job, lines, now, changed), edited=bool(changed - _STATES))


def _by_hand(session: Session, lines: dict[int, list[JobHistory]]) -> dict[int, set[str]]:
    """Job to the fields that people have changed since the run last wrote it."""
    last = {job_id: written[-1].history_id for job_id, written in lines.items()}
    found: dict[int, set[str]] = defaultdict(set)
    later = select(JobHistory).where(
        JobHistory.job_id.in_(last), JobHistory.history_id > min(last.values(), default=0), JobHistory.feed_run_id.is_(None)
    )
    for line in session.scalars(later.where(JobHistory.action == EDIT)):
        if line.history_id > last[line.job_id]:
            found[line.job_id].update(line.changes)
    return found


def _with_employer(session: Session, job: Job, answer: Undo, now: datetime) -> Undo:
    """A job that would be shown again waits when its employer may not publish meanwhile."""
    if answer.ending != "reopened" or job.employer is None:
        return answer
    if may_publish(session, job.employer, now).outcome == "publish":
        return answer
    return replace(answer, fields={**answer.fields, "closed_reason": "", **held_columns([EMPLOYER])})


def _count(told: Undone, answer: Undo) -> None:
    told.endings[answer.ending] += 1
    told.contacts += "contact_phone" in answer.fields
    told.edited += answer.edited


def _mark_records(session: Session, run_id: int, ended: dict[Ending, list[int]]) -> None:
    """The source's records say what is true of them now. Without its hash a record is new to the next pull, whatever comes."""
    waits = {
        "outcome": "held",
        "reason_code": ROLLED_BACK,
        "reason": f"第 {run_id} 次导入已撤回，等来源下一次的数据。",
        "content_hash": "",
    }
    back = [*ended["closed"], *ended["restored"]]
    # Of those shown again the run had either not found a record any more, or one that could not be published.
    seen = FeedRecord.job_id.in_(ended["reopened"]) & (FeedRecord.run_id >= run_id)
    session.execute(update(FeedRecord).where(FeedRecord.copy == 0, FeedRecord.job_id.in_(back) | seen).values(**waits))
    gone = FeedRecord.job_id.in_([*ended["reopened"], *ended["expired"]]) & FeedRecord.vanished_at.is_not(None)
    session.execute(update(FeedRecord).where(FeedRecord.copy == 0, gone).values(vanished_at=None))


def undone_of(run: FeedRun) -> dict[str, int] | None:
    """What a run that takes another back has done so far, jobs by how they ended; None for any other run."""
    if run.action != "rollback":
        return None
    return {name: int((run.report or {}).get(name, 0)) for name in ("jobs", *ENDINGS, "contacts", "edited")}


def lines_of(told: Undone) -> list[str]:
    """As people read it."""
    done = "已撤回" if told.written else "将撤回"
    lines = [f"{done}来源 {told.source_key} 第 {told.run_id} 次导入，涉及 {told.jobs} 个岗位："]
    lines += [f"  {words} {told.endings[ending]}" for ending, words in ENDINGS.items() if told.endings[ending]]
    if told.edited:
        lines.append(f"  其中 {told.edited} 个岗位后来有人改过，改过的内容保留（导入时新增的会关闭，内容不丢）")
    if told.contacts:
        lines.append(f"  其中 {told.contacts} 个岗位的电话先拿掉，等来源下一次的数据补上（历史记录不保存电话）")
    lines.append(
        f"用时 {told.seconds:.1f} 秒；这个来源下一次会取完整清单。"
        if told.written
        else "这是试运行，什么都没有写入；确认无误后加上 --write。"
    )
    return lines
