"""Judged queries over the fixed pool: the quality of the service's answers has a floor. How it is measured: docs/relevance.md.

The floors are what was measured, less a margin: 0.02 over all queries, 0.05 in a group, where one query weighs more. A change
that raises a figure for good may raise its floor with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from matching import Index
from tests.relevance.judge import Judged, overrides, queries, works
from tests.relevance.measure import figures, grades
from tests.relevance.pool import is_real, pool
from tests.relevance.systems import full

NDCG, RECALL, EMPTY = 0.798, 0.767, 0.012
GROUPS = {
    "trade": 0.84,
    "everyday": 0.79,
    "typing": 0.79,
    "wish": 0.69,
    "dialect": 0.73,
    "older": 0.69,
    "young": 0.68,
    "couple": 0.59,
    "day": 0.83,
    "refusal": 0.71,
    "region": 0.77,
}

Found = Mapping[Judged, Sequence[int]]


@pytest.fixture(scope="module")
def found(pool_index: Index) -> Found:
    """The first page of every judged query."""
    answer = full(pool_index)
    return {query: answer(query) for query in queries()}


def test_the_pool_is_what_the_document_says() -> None:
    real = sum(map(is_real, pool()))
    assert 1_900 <= len(pool()) <= 2_100
    assert 1_550 <= real <= 1_700


def test_judgements_are_whole() -> None:
    """Every group has its floor, every query its work, every grade by hand its query and its job."""
    assert len(queries()) >= 300
    assert len({query.text for query in queries()}) >= 280
    assert set(GROUPS) == {query.group for query in queries()}
    assert {query.work for query in queries()} == set(works())
    keys = {query.key for query in queries()}
    assert all(key in keys and job_id in pool() and grade.why for (key, job_id), grade in overrides().items())


def test_every_query_can_be_answered_and_can_be_missed() -> None:
    for query in queries():
        points = Counter(grade.points for grade in grades(query).values())
        assert points[3] + points[2] + points[1] > 0, query
        assert points[0] > 50, query


def test_floor_over_all_queries(found: Found) -> None:
    measured = figures(found)
    assert measured.ndcg >= NDCG
    assert measured.recall >= RECALL
    assert measured.empty <= EMPTY


@pytest.mark.parametrize("group", GROUPS)
def test_floor_of_a_group(found: Found, group: str) -> None:
    assert figures({query: ids for query, ids in found.items() if query.group == group}).ndcg >= GROUPS[group]
