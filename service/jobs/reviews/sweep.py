"""Adverts that wait for somebody to look at their words, and of which the queue knows nothing yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, case, or_, select
from sqlalchemy.orm import Session, aliased

from service.jobs.advert import read_advert
from service.jobs.draft import advert_of_row
from service.jobs.hold import ADVERT
from service.jobs.models import Job, JobHistory
from service.jobs.queries import whole
from service.jobs.reviews.around import judge
from service.jobs.reviews.models import JobReview
from service.jobs.reviews.queue import follow

BATCH = 200
REWRITES = ("put", "edit", "rollback")
"""What is done to a job that may change its words."""


def sweep(session: Session, now: datetime, *, after: int = 0, most: int = BATCH) -> int | None:
    """Give a batch of them their place. Returns the job after which to go on, None when all are done."""
    # What staff asked to have mended waits for its owner, not for staff, until its words are others.
    last = aliased(JobReview)
    asked = (
        select(case((last.outcome == "mend", last.decided_at)))
        .where(last.job_id == Job.job_id, last.state == "decided")
        .order_by(last.decided_at.desc(), last.review_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    unseen = (
        whole()
        .where(
            Job.status == "held",
            Job.held_for.is_not(None),
            Job.job_id > after,
            ~select(JobReview.review_id).where(JobReview.open_key == Job.job_id).exists(),
            or_(asked.is_(None), _changed_since(asked)),
        )
        .order_by(Job.job_id)
        .limit(most)
        .with_for_update(of=Job)
    )
    jobs = list(session.scalars(unseen))
    for job in jobs:
        if ADVERT in job.waits_for:
            advert = replace(advert_of_row(job), valid_until=None)
            follow(session, job, judge(session, advert, read_advert(advert, now), now, job=job), now)
    session.flush()
    return jobs[-1].job_id if len(jobs) == most else None


def _changed_since(moment: ColumnElement[datetime | None]) -> ColumnElement[bool]:
    later = select(JobHistory.history_id).where(JobHistory.job_id == Job.job_id, JobHistory.at > moment)
    return later.where(JobHistory.action.in_(REWRITES)).exists()
