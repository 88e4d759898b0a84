"""Jobs follow their employer's standing, and gigs the word of the station they name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.employers.models import Employer
from service.employers.standing import may_publish
from service.employers.watch import watch
from service.errors import Conflict
from service.jobs.advert import read_advert
from service.jobs.checks import verdict
from service.jobs.draft import advert_of_row
from service.jobs.findings import Finding
from service.jobs.hold import ADVERT, EMPLOYER, STATION
from service.jobs.models import Job, held_columns
from service.jobs.put import apply
from service.jobs.queries import whole
from service.jobs.reviews.around import judge
from service.jobs.reviews.queue import follow
from service.tasks import enqueue

BATCH = 500
SETTLE = "jobs.settle_employer"


def settle(session: Session, employer_id: int, now: datetime, *, after: int = 0, most: int = BATCH) -> int | None:
    """Hold an employer's open jobs when it may not publish, and open what only waited for it when it may.

    Every change has its line of history and of the change log. Gives the job after which to go on, None when all are done.
    """
    employer = session.get(Employer, employer_id)
    if employer is None:
        return None
    publishes = may_publish(session, employer, now).outcome == "publish"
    jobs = list(
        session.scalars(
            whole()
            .where(Job.employer_id == employer_id, Job.status == ("held" if publishes else "open"), Job.job_id > after)
            .order_by(Job.job_id)
            .limit(most)
            .with_for_update(of=Job)
        )
    )
    for job in jobs:
        before = job.waits_for
        reasons = before - {EMPLOYER} if publishes else before | {EMPLOYER}
        findings = _findings(session, job, now) if publishes and EMPLOYER in before else ()
        if verdict(findings) != "publish":
            reasons |= {ADVERT}
        if reasons != before:
            action = "hold" if reasons else "release"
            apply(session, job, held_columns(reasons), action=action, account_id=None, now=now)
            if ADVERT in reasons:
                follow(session, job, findings, now)
    session.flush()
    return jobs[-1].job_id if len(jobs) == most else None


def _findings(session: Session, job: Job, now: datetime) -> tuple[Finding, ...]:
    """What is to be said today of a job that waited: rules may have changed meanwhile. Whether it has run out in the meantime is
    another matter: then it is not shown anyhow, and may be renewed."""
    advert = replace(advert_of_row(job), valid_until=None)
    return judge(session, advert, read_advert(advert, now), now, job=job)


@watch
def settle_at_once(session: Session, employer_id: int, now: datetime) -> None:
    """The jobs of an employer, in the transaction that changed its standing: what is suspended is in no list any more.

    What is to be shown again must be read and checked first; beyond the first batch that is background work.
    """
    employer = session.get(Employer, employer_id)
    releases = employer is not None and may_publish(session, employer, now).outcome == "publish"
    after = settle(session, employer_id, now)
    while after is not None:
        if releases:
            enqueue(session, SETTLE, {"employer_id": employer_id, "after": after})
            return
        after = settle(session, employer_id, now, after=after)


def employers_with_jobs(session: Session, after: int = 0, most: int = BATCH) -> list[int]:
    """Employers with jobs that are shown or wait, in order of their ids."""
    found = session.scalars(
        select(Job.employer_id)
        .where(Job.employer_id > after, Job.status.in_(("open", "held")))
        .distinct()
        .order_by(Job.employer_id)
        .limit(most)
    )
    return [employer_id for employer_id in found if employer_id is not None]


def answer_for_station(session: Session, job: Job, *, accepted: bool, caller: Caller, now: datetime) -> None:
    """The station says whether it stands behind a gig. One that it does not want goes on without a station.

    Raises Conflict when it is not asked (any more).
    """
    terms = advert_of_row(job).gig
    if STATION not in job.waits_for or terms is None:
        raise Conflict("station_not_asked", "这条零工没有在等本站确认，请刷新后再看。")
    apply(
        session,
        job,
        held_columns(job.waits_for - {STATION}),
        gig=None if accepted else replace(terms, station_id=None),
        action="accept" if accepted else "decline",
        account_id=caller.account_id,
        now=now,
    )
    session.flush()
