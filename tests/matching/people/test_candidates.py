"""The workers for a job against the oracle: each worker's own slow search says whether and with how many points."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import Candidate, CandidateKey, Job, Parts, People, Query, Worker, build_people, candidates, open_people
from seed_jobs import profiles, synthesize
from tests.matching.conftest import FIELDS, Pool, Pools
from tests.matching.oracle import Oracle
from tests.matching.test_engine import NOW, a_job, a_query, looser, optional, slow

Expected = list[tuple[int, int, Parts, float | None]]


class Crowd:
    """Profiles in a file beside a pool of jobs, and in a list."""

    def __init__(self, pool: Pool, workers: list[Worker]) -> None:
        self.pool = pool
        self.workers = {worker.worker_id: worker for worker in workers}
        self.path = pool.folder / "people"
        build_people(self.path, workers, pool.index)
        self.people: People = open_people(self.path)
        self.asked = {worker_id: pool.asked(worker.query(NOW)) for worker_id, worker in self.workers.items()}

    def expected(self, job: Job) -> Expected:
        """Ids, scores, parts and distances of everybody who would find the job, best first."""
        oracle = Oracle([job], self.pool.base.values(), FIELDS, self.pool.index.snapshot.knows)
        found = [
            (-answer.value, -worker.active_at, worker.worker_id, answer.parts, answer.km)
            for worker in self.workers.values()
            if worker.consent
            for answer in oracle.search(replace(worker.query(NOW), limit=1), self.asked[worker.worker_id])
        ]
        found.sort(key=lambda one: one[:3])
        return [(worker_id, -score, parts, km) for score, _, worker_id, parts, km in found]

    def check(self, job: Job) -> tuple[Candidate, ...]:
        """The engine's answer, equal to the oracle's, in one piece and in pages of three."""
        expected = self.expected(job)
        for limit in (1, 1000):
            found = candidates(self.people, job, NOW, limit)
            assert [(one.worker_id, one.score, one.parts) for one in found] == [one[:3] for one in expected[:limit]]
        for one, (_, _, _, km) in zip(found, expected, strict=True):
            assert (one.distance_km is None) == (km is None)
            assert km is None or one.distance_km == pytest.approx(km, abs=0.006)
        paged: list[int] = []
        after: CandidateKey | None = None
        while page := candidates(self.people, job, NOW, 3, after):
            paged += [one.worker_id for one in page]
            after = page[-1].key
        assert paged == [one.worker_id for one in found]
        return found


@st.composite
def a_worker(draw: st.DrawFn) -> Worker:
    wish = draw(a_query())
    wish = draw(st.sampled_from((*looser(wish), *looser(wish)[1:], *looser(wish)[1:])))
    active = NOW - draw(st.integers(0, 3))
    return Worker(draw(st.integers(1, 40)), draw(st.integers(0, 9)) > 0, active, wish)


@slow
@given(
    jobs=st.lists(a_job(), max_size=12), workers=st.lists(a_worker(), max_size=40), another=a_job(), place=optional(st.just(1))
)
def test_equals_the_oracle_on_random_crowds(
    pools: Pools, jobs: list[Job], workers: list[Worker], another: Job, place: int | None
) -> None:
    pool = pools([*jobs, another])
    crowd = Crowd(pool, workers)
    for job in [*list(pool.base.values())[:6], another if place else replace(another, lat=None, lng=None)]:
        crowd.check(job)


@pytest.fixture
def made_up(pools: Pools) -> Crowd:
    return Crowd(pools(list(synthesize.jobs(600, 5))), list(profiles.workers(1600, 5)))


def test_equals_the_oracle_on_made_up_profiles_in_several_blocks(made_up: Crowd) -> None:
    for job in synthesize.jobs(8, 5):
        assert made_up.check(job) or job.valid_until is not None


def test_the_best_few_are_the_beginning_of_all(made_up: Crowd) -> None:
    for job in synthesize.jobs(300, 5):
        assert candidates(made_up.people, job, NOW, 7) == candidates(made_up.people, job, NOW, 5000)[:7]


HERE = Query(now=0, text="焊工", lat=25.85, lng=114.93)
JOB = Job(1, "gig", "焊工", NOW, lat=25.85, lng=114.93, employer_id=7)


def ids(crowd: Crowd, job: Job = JOB) -> list[int]:
    return [one.worker_id for one in crowd.check(job)]


def test_only_who_consents_is_found_and_a_withdrawal_counts_at_once(pools: Pools) -> None:
    crowd = Crowd(pools([JOB]), [Worker(1, True, 5, HERE), Worker(2, False, 9, HERE), Worker(3, True, 7, HERE)])
    assert ids(crowd) == [3, 1]
    left = crowd.people.without([3, 99])
    assert [one.worker_id for one in candidates(left, JOB, NOW)] == [1]
    assert [one.worker_id for one in candidates(left.without([1]), JOB, NOW)] == []
    assert [one.worker_id for one in candidates(crowd.people, JOB, NOW)] == [3, 1]


def test_the_last_profile_of_an_id_counts(pools: Pools) -> None:
    crowd = Crowd(pools([JOB]), [Worker(1, True, 5, HERE), Worker(2, True, 5, HERE), Worker(1, False, 6, HERE)])
    assert ids(crowd) == [2]
    assert crowd.people.workers == 1


def test_equal_scores_go_to_the_last_active_and_then_to_the_smaller_id(pools: Pools) -> None:
    crowd = Crowd(pools([JOB]), [Worker(n, True, n // 3, HERE) for n in range(1, 12)])
    assert ids(crowd) == [9, 10, 11, 6, 7, 8, 3, 4, 5, 1, 2]


def test_children_are_never_found_and_minors_not_for_barred_work(pools: Pools) -> None:
    crowd = Crowd(pools([JOB]), [Worker(age, True, 0, replace(HERE, age=age)) for age in (7, 15, 16, 17, 18)])
    assert ids(crowd) == [16, 17, 18]
    assert ids(crowd, replace(JOB, minors_barred=True)) == [18]
    binding = replace(JOB, age_binding=True, age_men=(18, None), age_women=(17, None))
    assert ids(crowd, binding) == [17, 18]


def test_an_employer_does_not_see_who_blocked_it(pools: Pools) -> None:
    wary = replace(HERE, employers_blocked=frozenset({7, 8}))
    crowd = Crowd(pools([JOB]), [Worker(1, True, 0, HERE), Worker(2, True, 0, wary), Worker(3, True, 0, wary)])
    assert ids(crowd) == [1]
    assert ids(crowd, replace(JOB, employer_id=None)) == ids(crowd, replace(JOB, employer_id=9)) == [1, 2, 3]


def test_everybody_is_found_within_their_own_reach(pools: Pools) -> None:
    reaches = (1.0, 20.0, 300.0, None)
    near = [Worker(n, True, 0, replace(HERE, radius_km=reach)) for n, reach in enumerate(reaches)]
    nowhere = Worker(9, True, 0, replace(HERE, lat=None, lng=None, radius_km=3.0))
    crowd = Crowd(pools([JOB]), [*near, nowhere])
    assert ids(crowd) == [0, 1, 2, 3, 9]
    assert ids(crowd, replace(JOB, lat=25.95)) == [1, 2, 3, 9]
    assert ids(crowd, replace(JOB, lat=26.95)) == [2, 3, 9]
    assert ids(crowd, replace(JOB, lat=None, lng=None)) == [3, 9]
    assert ids(crowd, replace(JOB, lat=-30.0)) == [3, 9]


def test_a_point_off_the_globe_is_no_place(pools: Pools) -> None:
    people = Crowd(pools([JOB]), [Worker(1, True, 0, replace(HERE, lat=200.0, radius_km=1.0))]).people
    assert candidates(people, JOB, NOW)[0].distance_km is None


def test_what_a_person_refuses(pools: Pools) -> None:
    job = replace(JOB, title="焊工", description="上夜班", trade_codes=("6-18-02-04",))
    wishes = [{}, {"words_none": ("夜班",)}, {"trades_none": ("6-18",)}, {"trades_none": ("6-18-02-05", "4-07")}]
    crowd = Crowd(pools([job]), [Worker(n, True, 0, replace(HERE, **wish)) for n, wish in enumerate(wishes)])  # type: ignore[arg-type]
    assert [one.worker_id for one in candidates(crowd.people, job, NOW)] == [0, 3]


def test_a_job_that_is_over_is_for_nobody(pools: Pools) -> None:
    crowd = Crowd(pools([JOB]), [Worker(1, True, 0, HERE)])
    assert ids(crowd, replace(JOB, valid_until=NOW)) == []
    assert ids(crowd, replace(JOB, valid_until=NOW + 1)) == [1]


@pytest.mark.parametrize("workers", [0, 1, 1024, 1025])
def test_nobody_one_and_whole_blocks(pools: Pools, tmp_path: Path, workers: int) -> None:
    pool = pools([JOB])
    build_people(tmp_path / "people", (Worker(n, True, n, HERE) for n in range(workers)), pool.index)
    people = open_people(tmp_path / "people")
    assert people.workers == workers
    assert [one.worker_id for one in candidates(people, JOB, NOW, 3)] == list(range(workers))[:-4:-1]
    assert candidates(people, JOB, NOW, 0) == ()
    assert len(candidates(people, JOB, NOW, 5000)) == workers
