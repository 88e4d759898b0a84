"""Jobs beside the open generation: found at once, exactly as from a segment, once, and no longer than until it holds them."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from itertools import count as counting
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import FreshFull, IndexWriter, Job, Query, count, match_many, open_index, search, similar
from matching.chains import ROWS_MOST
from matching.collect import collect, frequencies
from matching.fresh import POSTS_MOST, Delta
from matching.model import SORTS
from seed_jobs import synthesize
from tests.matching.conftest import Pool, Pools
from tests.matching.test_engine import NOW, a_job, a_query, check_pages, looser, slow


class Log:
    """A change log with a follower behind it, as the service has them: own changes are seen at once, others when followed."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.lines: list[tuple[Job | int, bool]] = []
        self.followed = 0
        self.written = dict(pool.now)

    def change(self, what: Job | int, *, own: bool) -> None:
        self.lines.append((what, own))
        line = len(self.lines)

        def held(position: str) -> bool:
            return int(position) >= line

        if own and isinstance(what, Job):
            self.pool.index.add(what, held)
        elif own and isinstance(what, int):
            self.pool.index.remove(what, held)
        self._stand()

    def follow(self, lines: int, *, rebuild: bool = False) -> None:
        new = self.lines[self.followed : self.followed + lines]
        self.followed += len(new)
        last = {what if isinstance(what, int) else what.job_id: what for what, _ in new}
        for job_id, what in last.items():
            _set(self.written, job_id, what)
        if rebuild:
            self.pool.writer.rebuild(self.written.values(), str(self.followed))
        else:
            upserts = [what for what in last.values() if isinstance(what, Job)]
            self.pool.writer.apply(upserts, last.keys() - {job.job_id for job in upserts}, str(self.followed))
        assert self.pool.index.refresh()
        self._stand(dict(self.written) if rebuild else None)

    def _stand(self, base: dict[int, Job] | None = None) -> None:
        """What the generation holds, and over it every own change that it does not hold yet."""
        now = dict(self.written)
        for what, own in self.lines[self.followed :]:
            if own:
                _set(now, what if isinstance(what, int) else what.job_id, what)
        self.pool.stand_at(now, base)


def _set(jobs: dict[int, Job], job_id: int, what: Job | int) -> None:
    jobs.pop(job_id, None)
    if isinstance(what, Job):
        jobs[job_id] = what


steps = st.one_of(
    st.tuples(st.just("own"), a_job() | st.integers(1, 60)),
    st.tuples(st.just("other"), a_job() | st.integers(1, 60)),
    st.tuples(st.sampled_from(("follow", "rebuild")), st.integers(0, 3)),
)


@slow
@given(jobs=st.lists(a_job(), max_size=20), taken=st.lists(steps, max_size=12), query=a_query())
def test_equals_the_oracle_whatever_the_follower_has_read(
    pools: Pools, jobs: list[Job], taken: list[tuple[str, Any]], query: Query
) -> None:
    pool = pools(jobs)
    log = Log(pool)
    for step, what in taken:
        if step in {"own", "other"}:
            log.change(what, own=step == "own")
        else:
            log.follow(what, rebuild=step == "rebuild")
        assert pool.index.jobs == len(pool.now)
        assert all(pool.index.contains(job_id) == (job_id in pool.now) for job_id in range(1, 61))
        for form in looser(query):
            pool.check(form)
    check_pages(pool, looser(query)[1])
    log.follow(len(log.lines))
    assert pool.index.snapshot.fresh is None
    pool.check(query)


@slow
@given(jobs=st.lists(a_job(), max_size=40), queries=st.lists(a_query(), min_size=1, max_size=3))
def test_equals_the_oracle_with_nothing_but_fresh_jobs(pools: Pools, jobs: list[Job], queries: list[Query]) -> None:
    pool = pools([])
    log = Log(pool)
    for job in jobs:
        log.change(job, own=True)
    for query in queries:
        for form in looser(query):
            pool.check(form)


@given(job=a_job())
def test_a_job_is_written_as_a_build_writes_it(job: Job) -> None:
    flat, delta = collect([job]), Delta()
    delta.put(job, frequencies(job), None)
    fresh = delta.view()
    assert fresh is not None
    rows = fresh.chains.rows
    assert rows.record[0].tolist() == flat.record[0].tolist()
    assert (rows.job_id[0], rows.applications[0]) == (flat.job_id[0], flat.applications[0])
    assert rows.regions[rows.region[0]] == flat.regions[0]
    assert rows.employers[rows.employer[0]] == flat.employers[0]
    assert list(fresh.trade_sets[0]) == [flat.trade_names[trade] for trade in flat.set_trades.tolist()]
    words = [flat.terms[term] for term in flat.token_term.tolist()]
    assert dict(fresh.impacts(0)) == dict(zip(words, flat.token_impact.tolist(), strict=True))


def test_made_up_adverts_by_every_order(pools: Pools) -> None:
    pool = pools(list(synthesize.jobs(1500, 5)))
    log = Log(pool)
    for job in list(synthesize.jobs(1700, 6))[1300:]:
        log.change(job, own=True)
    for job_id in (7, 8, 1499, 1650):
        log.change(job_id, own=True)
    queries = list(synthesize.queries(40, 3))
    for number, query in enumerate(queries):
        pool.check(replace(query, sort=SORTS[number % 5] if number % 3 == 0 else "score"))
        pool.check(replace(query, fair_seed=number, words_none=("日结",) if number % 2 else ()))
    pool.check(Query(now=NOW, words_none=("普工", "包吃住")))
    found = match_many(pool.index, queries)
    for number, query in enumerate(queries):
        ids = found.job_id[found.starts[number] : found.starts[number + 1]].tolist()
        assert ids == [hit.job_id for hit in search(pool.index, query)]


def test_similar_jobs_of_a_fresh_one_and_among_them(pools: Pools) -> None:
    pool = pools([Job(n, "gig", "电焊工", NOW, trade_codes=("6-18-02-04",)) for n in (1, 2)] + [Job(4, "gig", "保洁", NOW)])
    pool.index.add(Job(3, "gig", "电焊工", NOW, trade_codes=("6-18-02-04",), lat=25.85, lng=114.93))
    assert [hit.job_id for hit in similar(pool.index, 3, NOW, 5)] == [1, 2]
    assert [hit.job_id for hit in similar(pool.index, 1, NOW, 5)] == [2, 3]
    pool.index.remove(3)
    assert similar(pool.index, 3, NOW, 5) == ()


def test_without_being_told_the_next_generation_counts(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "焊工", NOW), Job(2, "gig", "焊工", NOW)])
    pool.index.add(Job(3, "gig", "焊工", NOW))
    pool.index.remove(1)
    assert {hit.job_id for hit in search(pool.index, Query(now=NOW, text="焊工"))} == {2, 3}
    assert not pool.index.refresh()
    assert pool.index.jobs == 2
    pool.writer.apply([Job(4, "gig", "焊工", NOW)], [], "1")
    assert pool.index.refresh()
    assert {hit.job_id for hit in search(pool.index, Query(now=NOW, text="焊工"))} == {1, 2, 4}


def test_what_the_generation_holds_already_is_not_added_again(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "焊工", NOW)])
    pool.index.add(Job(1, "gig", "保洁", NOW - 5), lambda position: position == "0")
    pool.index.remove(1, lambda position: position == "0")
    assert [hit.job_id for hit in search(pool.index, Query(now=NOW, text="焊工"))] == [1]


def test_a_query_under_way_keeps_what_it_began_with(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "焊工", NOW)])
    pool.index.add(Job(2, "gig", "焊工", NOW))
    held = pool.index.snapshot
    pool.index.add(Job(2, "gig", "保洁", NOW))
    pool.index.remove(1)
    assert held.jobs == 2
    assert held.locate(1) == (0, 0)
    assert held.locate(2) == (1, 0)
    assert pool.index.snapshot.locate(2) == (1, 1)
    assert pool.index.jobs == 1


def test_a_closed_index_has_nothing_fresh(pools: Pools) -> None:
    pool = pools([])
    pool.index.add(Job(2, "gig", "焊工", NOW))
    pool.index.close()
    assert search(pool.index, Query(now=NOW)) == ()


def test_a_full_delta_says_so_and_still_answers(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "焊工", NOW)])
    for job_id in range(2, ROWS_MOST + 2):
        pool.index.add(Job(job_id, "gig", "焊工", NOW - job_id))
    with pytest.raises(FreshFull, match="已满"):
        pool.index.add(Job(ROWS_MOST + 2, "gig", "焊工", NOW))
    pool.index.remove(1)
    query = Query(now=NOW, text="焊工", limit=5)
    assert [hit.job_id for hit in search(pool.index, query)] == [2, 3, 4, 5, 6]
    assert count(pool.index, query).total == pool.index.jobs == ROWS_MOST
    pool.writer.apply([], [], "1")
    pool.index.refresh()
    pool.index.add(Job(ROWS_MOST + 2, "gig", "焊工", NOW))
    assert pool.index.jobs == 2


def test_too_many_words_or_tags_are_no_room_either() -> None:
    delta = Delta()
    with pytest.raises(FreshFull):
        delta.put(Job(1, "gig", "焊工", NOW), ({str(number): 1 for number in range(POSTS_MOST + 1)}, 1), None)
    tags = frozenset(str(number) for number in range(257))
    with pytest.raises(FreshFull):
        delta.put(Job(1, "gig", "焊工", NOW, tags=tags), ({"焊工": 1}, 1), None)
    assert delta.view() is None
    delta.put(Job(1, "gig", "焊工", NOW, tags=frozenset(list(tags)[:256])), ({"焊工": 1}, 1), None)


def test_threads_never_see_a_job_twice_or_not_at_all(tmp_path: Path) -> None:
    """One thread replaces jobs, another follows and refreshes; every search in between finds each job exactly once."""
    jobs = [Job(n, "gig", "焊工", NOW - n) for n in range(1, 21)]
    with IndexWriter(tmp_path) as writer:
        writer.rebuild(jobs, "0")
        index = open_index(tmp_path)
        stop, failures = threading.Event(), list[BaseException]()
        done = counting(1)
        lines: list[Job] = []

        def guarded(work: Any) -> None:
            try:
                while not stop.is_set():
                    work()
            except BaseException as failure:  # noqa: BLE001 - a thread's failure is told to the test, whatever it is
                failures.append(failure)
                stop.set()

        chance = random.Random(7)

        def replace_one() -> None:
            line = next(done)
            job = Job(chance.randrange(1, 21), "gig", chance.choice(("焊工", "电焊工", "焊工 保洁")), NOW - line)
            lines.append(job)
            try:
                index.add(job, lambda position: int(position) >= line)
            except FreshFull:
                stop.wait(0.01)

        def follow() -> None:
            read = len(lines)
            last = {job.job_id: job for job in lines[:read]}
            writer.apply(last.values(), [], str(read))
            index.refresh()

        def look() -> None:
            for query in (Query(now=NOW, text="焊工", limit=50), Query(now=NOW, limit=50, sort="newest")):
                assert sorted(hit.job_id for hit in search(index, query)) == list(range(1, 21))
            assert count(index, Query(now=NOW)).total == 20

        threads = [threading.Thread(target=guarded, args=(work,)) for work in (replace_one, follow, look, look)]
        for thread in threads:
            thread.start()
        stop.wait(3)
        stop.set()
        for thread in threads:
            thread.join()
        assert not failures
        assert len(lines) > 50
        follow()
        last = {job.job_id: job.published_at for job in jobs + lines}
        assert {hit.job_id: hit.key.published_at for hit in search(index, Query(now=NOW, limit=50))} == last
        index.close()


def test_finding_rows_by_id() -> None:
    jobs = [Job(job_id, "gig", "焊工", NOW) for job_id in (5, -3, 1 << 40, 9)]
    delta = Delta()
    for job in jobs:
        delta.put(job, frequencies(job), None)
    fresh = delta.view()
    assert fresh is not None
    assert [fresh.find(job_id) for job_id in (5, -3, 1 << 40, 9, 6)] == [0, 1, 2, 3, -1]
    assert fresh.chains.rows.job_id.dtype == np.int64
