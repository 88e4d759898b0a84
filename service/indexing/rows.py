"""A row as the engine sees it. The only file that knows both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from matching.model import Job as EngineJob
from matching.model import Kind, Settlement
from service.clock import seconds
from service.jobs.lifetimes import ranked_from
from service.jobs.models import Job

SHOWN = (Job.status == "open", Job.duplicate_of_id.is_(None))
"""What the index holds: of several adverts for one job only the one that stands for all."""


def is_shown(row: Job) -> bool:
    """Whether a row belongs into the index; as :data:`SHOWN` says it to the database."""
    return row.status == "open" and row.duplicate_of_id is None


def engine_job(row: Job) -> EngineJob:
    """What the engine knows of an open job."""
    return EngineJob(
        job_id=row.job_id,
        kind=cast("Kind", row.kind),
        title=row.title,
        published_at=seconds(ranked_from(row.kind, row.published_at, row.stale_at)),
        valid_until=seconds(row.valid_until),
        trade_codes=tuple(row.trade_codes),
        skills=tuple(row.skills),
        description=row.description,
        region=row.region_code,
        lat=row.lat,
        lng=row.lng,
        wage_min_yuan_month=row.wage_min_yuan_month,
        wage_max_yuan_month=row.wage_max_yuan_month,
        age_min=row.age_min,
        age_max=row.age_max,
        age_men=_bounds(row.age_men),
        age_women=_bounds(row.age_women),
        age_binding=row.age_binding,
        minors_barred=row.minors_barred,
        tags=frozenset(row.tags),
        settlement=cast("Settlement | None", row.settlement),
        hours_per_day=row.hours_per_day,
        employer_id=row.employer_id,
        applications=row.applications,
    )


def _bounds(pair: list[int | None] | None) -> tuple[int | None, int | None] | None:
    return None if pair is None else (pair[0], pair[1])


def open_jobs(session: Session, *, batch: int = 2_000) -> Iterator[EngineJob]:
    """All open jobs, streamed: memory stays flat however many there are. The engine leaves expired ones out at query time."""
    statement = select(Job).where(*SHOWN).order_by(Job.job_id).execution_options(yield_per=batch)
    for row in session.scalars(statement):
        yield engine_job(row)
        session.expunge(row)


def jobs_now(session: Session, job_ids: list[int], *, batch: int = 500) -> tuple[list[EngineJob], list[int]]:
    """The present state of these jobs: (open ones to be written, ids to be taken out)."""
    found: list[EngineJob] = []
    for start in range(0, len(job_ids), batch):
        chunk = job_ids[start : start + batch]
        found += [engine_job(row) for row in session.scalars(select(Job).where(Job.job_id.in_(chunk), *SHOWN))]
    kept = {job.job_id for job in found}
    return found, [job_id for job_id in job_ids if job_id not in kept]
