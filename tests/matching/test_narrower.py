"""What to add to a question: true numbers, over all matches, of what divides them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matching import Query, narrowing, search
from seed_jobs import synthesize
from tests.matching.conftest import Pool, Pools

NOW = synthesize.NOW
ASKED = [
    Query(now=NOW, text="焊工"),
    Query(now=NOW, text="保洁 保安", kinds=frozenset({"public"})),
    Query(now=NOW, text="司机", lat=29.0, lng=115.5, radius_km=400.0),
    Query(now=NOW, tags_all=frozenset({"包住"})),
]


@pytest.fixture(scope="module")
def made_up() -> object:
    pools = Pools()
    yield pools([*synthesize.jobs(3_000)])
    pools.close()


@pytest.mark.parametrize("query", ASKED)
def test_counts_are_those_of_the_jobs_found(made_up: Pool, query: Query) -> None:
    found = [made_up.now[hit.job_id] for hit in search(made_up.index, replace(query, limit=3_000))]
    offered = narrowing(made_up.index, query, 12)
    assert len({(one.kind, one.value) for one in offered}) == len(offered) > 3
    for one in offered:
        if one.kind == "tag":
            having = [job for job in found if one.value in job.tags]
        elif one.kind == "region":
            having = [job for job in found if job.region[:6] == one.value[:6]]
        elif one.kind == "trade":
            having = [job for job in found if one.value in job.trade_codes]
        else:
            having = [job for job in found if made_up.oracle.impacts[job.job_id].get(one.value)]
        assert one.count == len(having), one
        assert 0 < one.count < len(found)
    if not query.text:
        assert not {one.value for one in offered} & query.tags_all


def test_turns_and_the_most_even_first(made_up: Pool) -> None:
    offered = narrowing(made_up.index, ASKED[0], 6)
    assert [one.kind for one in offered[:3]] == ["word", "tag", "region"]
    whole = len(search(made_up.index, replace(ASKED[0], limit=3_000)))
    for kind in ("word", "tag", "region"):
        apart = [abs(2 * one.count - whole) for one in offered if one.kind == kind]
        assert apart == sorted(apart)
    assert narrowing(made_up.index, ASKED[0], 0) == ()


def test_a_wish_is_not_offered_again(made_up: Pool) -> None:
    wished = replace(ASKED[0], tags_wanted=frozenset({"包住"}))
    assert "包住" in {one.value for one in narrowing(made_up.index, ASKED[0], 12)}
    assert "包住" not in {one.value for one in narrowing(made_up.index, wished, 12)}


@pytest.mark.parametrize("typed", ["量子纠缠师", "汗工", "dianhan"])
def test_words_that_are_not_finished_get_nothing(made_up: Pool, typed: str) -> None:
    assert narrowing(made_up.index, Query(now=NOW, text=typed), 6) == ()
