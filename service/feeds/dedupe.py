"""After a run has written: which of its adverts are the same job as another one, of this source or of any other.

Writing alone makes sure that they are compared: the task for it is made in the transaction that wrote them (``jobs/marking.py``).
Comparing them here as well says in the run what came of it, and keeps that with each record. A run that dies before it has come
here loses nothing: the task marks its jobs, and the next run of the source finds its records by what their step still says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from service.db import Database
from service.duplicates.mark import mark
from service.feeds import lease
from service.feeds.models import FeedRecord
from service.feeds.trail import BUSY, DUE, done, noted, skipped
from service.jobs.marking import compare_later
from service.jobs.models import FEED_RUN, Job

BATCH = 200
"""Jobs in one transaction, as when writing: other writers wait for it."""


def mark_written(
    database: Database, key: str, written: Mapping[int, bool], *, run_id: int, now: datetime, again: bool = False
) -> int:
    """Compare what a run has written, and keep with each record what came of it. How many are now copies of another one.

    ``written``: job to whether anything about it changed; those that did not are only read, unless ``again`` asks for all. What
    an earlier run of the source left undone is done as well.
    """
    with database.read_session() as session:
        left = _left(session, key) - written.keys()
    wanted = sorted(written.keys() | left)
    compared = set(wanted) if again else left | {job_id for job_id, changed in written.items() if changed}
    found = 0
    for at in range(0, len(wanted), BATCH):
        batch = wanted[at : at + BATCH]
        with database.write_session() as session:
            lease.confirm(session, run_id, key)
            # What follows from comparing is nobody's run: taking this one back must not touch the jobs of others.
            session.info.pop(FEED_RUN, None)
            missed: frozenset[int] = frozenset()
            if chosen := compared.intersection(batch):
                missed = mark(session, chosen, now).missed
                compare_later(session, missed)
            session.flush()
            found += _keep(session, key, batch, missed)
    return found


def _left(session: Session, key: str) -> set[int]:
    """Jobs whose records a run has written without coming to the end."""
    step = FeedRecord.steps["deduplicated"][1].as_string()
    mine = and_(FeedRecord.source_key == key, FeedRecord.copy == 0, FeedRecord.vanished_at.is_(None))
    return set(session.scalars(select(FeedRecord.job_id).where(mine, FeedRecord.job_id.is_not(None), step.in_((DUE, BUSY)))))


def _keep(session: Session, key: str, batch: list[int], missed: frozenset[int]) -> int:
    """Write the step of each record; how many of their jobs are copies."""
    rows = session.execute(
        select(FeedRecord.record_id, FeedRecord.steps, Job.job_id, Job.duplicate_of_id)
        .join(Job, Job.job_id == FeedRecord.job_id)
        .where(FeedRecord.source_key == key, FeedRecord.copy == 0, FeedRecord.job_id.in_(batch))
        .order_by(FeedRecord.record_id)
    ).all()
    changes: list[dict[str, Any]] = []
    for row in rows:
        said = done()
        if row.job_id in missed:
            said = skipped(BUSY, "正好有人在改这一条，稍后再比。")
        elif row.duplicate_of_id is not None:
            said = noted("same_job", f"与 {row.duplicate_of_id} 号岗位是同一个岗位，并到那一条里显示。")
        before = row.steps or {}
        # In its place; a record that ended before this step has none.
        if before.get("deduplicated", said) != said:
            changes.append({"record_id": row.record_id, "steps": {**before, "deduplicated": said}})
    if changes:
        session.execute(update(FeedRecord), changes)
    return sum(row.duplicate_of_id is not None for row in rows)
