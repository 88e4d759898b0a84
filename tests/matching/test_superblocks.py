"""More rows than one superblock holds: every filter and order against a scan of all rows, and pages without a wall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matching import After, Index, IndexWriter, open_index, search
from matching.asking import plan_for
from matching.bench.brute import brute_force
from matching.engine import rank
from matching.model import SORTS, Query
from seed_jobs import synthesize

JOBS = 40_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("large")
    with IndexWriter(folder) as writer:
        writer.rebuild(synthesize.jobs(JOBS, 9), "1")
        writer.apply(list(synthesize.jobs(40, 10)), range(500, 540), "2")
    index = open_index(folder)
    yield index
    index.close()


def test_equals_a_scan_of_all_rows(large: Index) -> None:
    assert len(large.snapshot.lives[0].segment.hot.supers.facts) == 2
    for number, query in enumerate(synthesize.queries(80, 11)):
        for form in (
            query,
            replace(query, sort=SORTS[number % 5], fair_seed=number),
            replace(query, text="", skills=(), radius_km=None, regions=("36",), tags_none=frozenset({"包住"}), limit=40),
            replace(query, radius_km=None, words_none=("包装",), trades_none=("6-18",), settlements=frozenset({"month"})),
        ):
            plan = plan_for(large.snapshot, form)
            assert np.array_equal(rank(large.snapshot, plan).best[:, :3], brute_force(large.snapshot, plan)), form


@pytest.mark.long
@pytest.mark.parametrize("sort", ["score", "newest"])
def test_page_ten_thousand(large: Index, sort: str) -> None:
    """Three jobs a page: the pages put together are one long list without a gap or a double."""
    query = Query(now=synthesize.NOW, sort="newest" if sort == "newest" else "score", lat=25.83, lng=114.93, limit=3)
    after: After | None = None
    seen: list[int] = []
    for _ in range(10_000):
        hits = search(large, replace(query, after=after))
        seen += [hit.job_id for hit in hits]
        after = hits[-1].key
    assert seen == [hit.job_id for hit in search(large, replace(query, limit=30_000))]
