"""From a job to people: who of those that agreed to be found has this job among the best of the last night.

What an employer gets is no person: an age bracket, skills, a rough distance. No name, no phone, no number by which two jobs'
lists could be joined. Contacts go out one by one, with a consent for this very employer and job (``workers.contact``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from matching.geo import distance_km
from service import audit
from service.accounts.caller import Caller
from service.consents import texts
from service.consents.ledger import record_disclosure
from service.consents.models import ConsentRecord, Disclosure
from service.consents.record import agreeing
from service.crypto.blind import blind_index
from service.jobs.models import Job
from service.matches.models import WorkerMatch
from service.workers.ages import ages, minor_age
from service.workers.models import Worker

LIMIT = 20
SHOWN = ("age_bracket", "skills", "certificates", "distance")
"""The names of what is shown, as the person's ledger has them."""
PURPOSE = "candidate_list"
_ONCE_A = timedelta(days=1)
_BRACKETS = ((18, "16-17"), (30, "18-29"), (40, "30-39"), (50, "40-49"), (60, "50-59"))


@dataclass(frozen=True, slots=True)
class Person:
    """One of the list. ``candidate`` names the person within this job only."""

    candidate: str
    score: int
    age_bracket: str | None
    skills: tuple[str, ...]
    certificates: tuple[str, ...]
    distance_km: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """The list and the worker ids behind it, which stay inside."""

    people: tuple[Person, ...]
    worker_ids: tuple[int, ...]


def candidates(session: Session, job: Job, now: datetime) -> Found:
    """The best of the last night for an open job, best first. Empty while there was no batch."""
    if job.status != "open" or job.valid_until <= now:
        return Found((), ())
    newest = select(func.max(WorkerMatch.day)).scalar_subquery()
    rows = session.execute(
        select(Worker, WorkerMatch.score)
        .join(WorkerMatch, WorkerMatch.worker_id == Worker.worker_id)
        .where(
            WorkerMatch.job_id == job.job_id,
            WorkerMatch.day == newest,
            Worker.left_at.is_(None),
            Worker.personal_ranking,
            Worker.worker_id.in_(agreeing(texts.CANDIDATE_LIST, now)),
        )
        .order_by(WorkerMatch.score.desc(), Worker.worker_id)
        .limit(LIMIT)
    ).all()
    # The profile or the advert may have changed since last night.
    fit = [(row, score) for row, score in rows if not (job.minors_barred and minor_age(row.birth_month, now) is not None)]
    return Found(tuple(_shown(row, score, job, now) for row, score in fit), tuple(row.worker_id for row, _ in fit))


def note(session: Session, job: Job, caller: Caller, worker_ids: Sequence[int], now: datetime, *, name: str) -> None:
    """Write into each person's ledger that this employer was shown them, once a day and job, and a line into the audit trail."""
    for worker_id in worker_ids:
        seen = exists().where(
            Disclosure.worker_id == worker_id,
            Disclosure.job_id == job.job_id,
            Disclosure.purpose == PURPOSE,
            Disclosure.recipient_id == caller.employer_id,
            Disclosure.at > now - _ONCE_A,
        )
        if not session.scalar(select(seen)):
            consent = session.scalars(
                select(ConsentRecord)
                .where(ConsentRecord.worker_id == worker_id, ConsentRecord.purpose == texts.CANDIDATE_LIST)
                .order_by(ConsentRecord.consent_id.desc())
                .limit(1)
            ).one_or_none()
            record_disclosure(
                session, worker_id, caller, SHOWN, PURPOSE, now, consent=consent, recipient_name=name, job_id=job.job_id
            )
    audit.record(
        session,
        caller,
        "candidate.read",
        "job",
        job.job_id,
        region_code=job.region_code,
        details={"shown": len(worker_ids)},
    )


def _shown(row: Worker, score: int, job: Job, now: datetime) -> Person:
    age = ages(row, now).age
    far = None
    if None not in (row.lat, row.lng, job.lat, job.lng):
        # The exact point of a home is not to be worked out from several jobs' distances: rounded again, and never below 1.
        far = max(1, round(distance_km(round(row.lat or 0, 2), round(row.lng or 0, 2), job.lat or 0, job.lng or 0)))
    return Person(
        candidate=blind_index(f"{job.job_id}:{row.worker_id}", "candidate").rpartition(".")[2][:24],
        score=score,
        age_bracket=None if age is None else next((name for below, name in _BRACKETS if age < below), "60+"),
        skills=tuple(row.skills or ()),
        certificates=tuple(row.certificates or ()),
        distance_km=far,
    )
