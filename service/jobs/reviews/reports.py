"""Workers report an advert, once each, and see what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from service.errors import Conflict
from service.jobs.contacts import without_contacts
from service.jobs.hold import ADVERT
from service.jobs.models import Job, held_columns
from service.jobs.put import apply
from service.jobs.reviews.models import JobReport
from service.jobs.reviews.queue import open_review
from service.jobs.reviews.tables import due, report_reasons, reporters_to_hold

WORDS_LENGTH = 300


def report(session: Session, job: Job, worker_id: int, reason: str, words: str, now: datetime) -> JobReport:
    """Take down what a worker reports about a locked job, and put the job into the queue.

    When enough different people report it for a grave reason it is not shown until somebody has looked. Raises Conflict when this
    person has reported this job before.
    """
    before = session.scalar(select(JobReport.report_id).where(JobReport.job_id == job.job_id, JobReport.worker_id == worker_id))
    if before is not None:
        raise Conflict("already_reported", "您已经举报过这个岗位，处理结果可以在“我的举报”里看。")
    grave = report_reasons()[reason].grave
    review = open_review(session, job, "report", due("grave_report" if grave else "report", now), now)
    row = JobReport(
        job_id=job.job_id,
        worker_id=worker_id,
        review_id=review.review_id,
        reason=reason,
        words=without_contacts(words)[:WORDS_LENGTH],
        state="open",
        reported_at=now,
    )
    session.add(row)
    session.flush()
    _hold_when_many(session, job, now)
    return row


def mine(session: Session, worker_id: int, *, after: int, limit: int) -> tuple[list[tuple[JobReport, str]], int | None]:
    """A person's reports with the titles of the jobs, the newest first, from before an id; and where to go on."""
    wanted = (
        select(JobReport, Job.title)
        .join(Job, Job.job_id == JobReport.job_id)
        .where(JobReport.worker_id == worker_id)
        .order_by(JobReport.report_id.desc())
        .limit(limit + 1)
    )
    if after:
        wanted = wanted.where(JobReport.report_id < after)
    rows: Sequence[tuple[JobReport, str]] = [(row[0], row[1]) for row in session.execute(wanted)]
    return list(rows[:limit]), rows[limit - 1][0].report_id if len(rows) > limit else None


def _hold_when_many(session: Session, job: Job, now: datetime) -> None:
    needed = reporters_to_hold(now)
    if needed is None or job.status == "closed" or ADVERT in job.waits_for:
        return
    grave = [reason.code for reason in report_reasons().values() if reason.grave]
    people = session.scalar(
        select(func.count(distinct(JobReport.worker_id))).where(
            JobReport.job_id == job.job_id, JobReport.state == "open", JobReport.reason.in_(grave)
        )
    )
    if (people or 0) >= needed:
        apply(session, job, held_columns(job.waits_for | {ADVERT}), action="hold", account_id=None, now=now)
