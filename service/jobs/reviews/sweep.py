"""Adverts that wait for somebody to look at their words, and of which the queue knows nothing yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.jobs.advert import read_advert
from service.jobs.draft import advert_of_row
from service.jobs.hold import ADVERT
from service.jobs.models import Job
from service.jobs.queries import whole
from service.jobs.reviews.around import judge
from service.jobs.reviews.models import JobReview
from service.jobs.reviews.queue import follow

BATCH = 200


def sweep(session: Session, now: datetime, *, after: int = 0, most: int = BATCH) -> int | None:
    """Give a batch of them their place. Returns the job after which to go on, None when all are done."""
    unseen = (
        whole()
        .where(
            Job.status == "held",
            Job.held_for.is_not(None),
            Job.job_id > after,
            ~select(JobReview.review_id).where(JobReview.open_key == Job.job_id).exists(),
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
