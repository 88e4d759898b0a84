"""From a job to the best workers for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matching import formula, space
from matching.collect import NO_EMPLOYER, WAGE_CAP, frequencies, hours_quarters, region_number
from matching.model import KINDS, SETTLEMENTS, Candidate, CandidateKey, Job, Parts
from matching.people.kernels import best_of_pool, explain_rows
from matching.people.rows import Offer
from matching.people.store import People

Array = npt.NDArray[Any]


def _limits(job: Job) -> npt.NDArray[np.int64]:
    """Lowest and highest age for a worker who does not say their sex (the wider of both), for men, for women."""
    sexes = []
    for low, high in (job.age_men or (job.age_min, job.age_max), job.age_women or (job.age_min, job.age_max)):
        lowest = 0 if low is None else max(0, min(formula.AGE_OPEN - 1, low))
        sexes.append((lowest, formula.AGE_OPEN if high is None else max(0, min(formula.AGE_OPEN - 1, high))))
    men, women = sexes
    return np.array([(min(men[0], women[0]), max(men[1], women[1])), men, women], dtype=np.int64)


def _words(people: People, job: Job) -> tuple[Array, Array, Array]:
    """Impact by term, and the terms that anybody asks for with their impacts, largest first; term 0 closes the list."""
    counts, length = frequencies(job)
    impact_of = np.zeros(len(people.term_index), dtype=np.uint8)
    known = [(number, count) for term, count in counts.items() if (number := people.term_index.get(term)) is not None]
    pairs = np.array(known, dtype=np.int64).reshape(-1, 2)
    impact = formula.impacts(pairs[:, 1], np.full(len(pairs), length, dtype=np.int64)).astype(np.int64)
    impact_of[pairs[:, 0]] = impact
    order = np.argsort(-impact, kind="stable")
    return impact_of, np.append(pairs[order, 0], 0), np.append(impact[order], 0)


def offer_of(people: People, job: Job, now: int, after: CandidateKey | None = None) -> Offer:
    """The job in the numbers of these people: cutting its words is most of what this costs."""
    placed = space.is_point(job.lat, job.lng)
    x, y, z = space.unit_vector(job.lat, job.lng) if placed and job.lat is not None and job.lng is not None else (0, 0, 0)
    limits = _limits(job)
    tags = np.zeros(people.pool.tags.shape[2], dtype=np.uint64)
    for tag in job.tags:
        number = people.tag_index.get(tag)
        if number is not None:
            tags[number >> 6] |= np.uint64(1 << (number & 63))
    impact_of, term, impact = _words(people, job)
    return Offer(
        placed=int(placed),
        x=x,
        y=y,
        z=z,
        kind=KINDS.index(job.kind),
        settlement=SETTLEMENTS.index(job.settlement) + 1 if job.settlement else 0,
        hours=hours_quarters(job.hours_per_day),
        low=max(0, min(WAGE_CAP, job.wage_min_yuan_month or 0)),
        high=max(0, min(WAGE_CAP, job.wage_max_yuan_month or 0)),
        region=region_number(job.region),
        employer=NO_EMPLOYER if job.employer_id is None else job.employer_id,
        barred=int(job.minors_barred),
        binding=int(job.age_binding),
        fresh=formula.fresh_points(now, job.published_at),
        age_most=formula.AGE_UNSTATED if (limits == (0, formula.AGE_OPEN)).all() else formula.AGE_MAX,
        after=int(after is not None),
        after_score=after.score if after else 0,
        after_time=after.active_at if after else 0,
        after_id=after.worker_id if after else 0,
        limits=limits,
        tags=tags,
        impact_of=impact_of,
        term=term,
        impact=impact,
    )


def best_for(people: People, offer: Offer, limit: int) -> npt.NDArray[np.int64]:
    """The search proper, int64 [k, 4]: score, active_at, worker_id, row, in order."""
    best = np.empty((max(0, min(limit, people.workers)), 4), dtype=np.int64)
    return best[: best_of_pool(people.pool, people.absent, offer, best)] if len(best) else best


def candidates(people: People, job: Job, now: int, limit: int = 20, after: CandidateKey | None = None) -> tuple[Candidate, ...]:
    """The best ``limit`` workers for a job, exactly: largest score, last active, smallest id; none once the job is over.

    The score is what the job would have in each worker's own search, so all that leaves a job out there (reach, pay floor,
    benefits, regions, blocked employers, age) leaves the worker out here. ``now`` in seconds; pages carry it on, and ``after``.
    Threads may call it at once.
    """
    if job.valid_until is not None and job.valid_until <= now:
        return ()
    offer = offer_of(people, job, now, after)
    best = best_for(people, offer, limit)
    parts = np.empty((len(best), 7), dtype=np.int64)
    explain_rows(people.pool, best[:, 3].copy(), offer, parts)
    found = []
    for (score, active_at, worker_id, _), points in zip(best.tolist(), parts.tolist(), strict=True):
        text, place, wage, age, fresh, preference, chord = points
        distance = round(space.km_of(chord), 2) if chord >= 0 else None
        key = CandidateKey(score, active_at, worker_id)
        found.append(Candidate(worker_id, score, Parts(text, place, wage, age, fresh, preference), distance, key))
    return tuple(found)
