"""The generator: the same everywhere, in the proportions it promises."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice

import pytest

from matching.model import KINDS, Job
from matching.rules.benefits import TAGS
from seed_jobs import synthesize, vocabulary


@pytest.fixture(scope="module")
def pool() -> list[Job]:
    return list(synthesize.jobs(20_000, seed=7))


def test_a_seed_gives_the_same_jobs_whatever_the_number(pool: list[Job]) -> None:
    assert list(synthesize.jobs(5_000, seed=7)) == pool[:5_000]
    assert next(synthesize.jobs(1, seed=8)) != pool[0]


def test_the_stream_of_numbers_has_not_changed() -> None:
    """Figures measured last year are only comparable while seed 1 still means the same jobs."""
    first = next(synthesize.jobs(1))
    assert (first.title, first.region, first.lat, first.lng) == (
        "美妆、服饰、床品、鞋品导购（芦淞区）",
        "430203000000",
        27.749796,
        113.175458,
    )


def test_jobs_come_one_by_one() -> None:
    assert [job.job_id for job in islice(synthesize.jobs(10**9), 3)] == [1, 2, 3]


def test_two_in_five_are_where_the_seeds_are(pool: list[Job]) -> None:
    favoured = sum(job.region.startswith(vocabulary.FAVOURED) for job in pool)
    assert 0.38 < favoured / len(pool) < 0.42


def test_counties_are_unequal_and_kinds_as_found(pool: list[Job]) -> None:
    counties = Counter(job.region for job in pool).most_common()
    assert counties[0][1] > 30 * counties[len(counties) // 2][1]
    assert len(counties) > 1_000
    kinds = Counter(job.kind for job in pool)
    assert set(kinds) == set(KINDS)
    assert kinds["public"] > kinds["gig"] > kinds["live"]


def test_a_job_is_about_eighty_characters(pool: list[Job]) -> None:
    length = sum(len(job.title) + len(job.description) + sum(map(len, job.skills)) for job in pool) / len(pool)
    assert 70 < length < 90


def test_every_job_can_be_believed(pool: list[Job]) -> None:
    for job in pool:
        assert job.published_at <= synthesize.NOW
        assert job.wage_max_yuan_month is None or (job.wage_min_yuan_month or 0) <= job.wage_max_yuan_month
        assert (job.lat is None) == (job.lng is None)
        assert job.lat is None or (3 < job.lat < 54 and 73 < (job.lng or 0) < 136)
        assert job.age_min is None or job.age_min >= 16
        assert job.age_min is None or job.age_max is None or job.age_min <= job.age_max
        assert job.skills
        assert len(set(job.skills)) == len(job.skills)
    over = sum(job.valid_until is not None and job.valid_until < synthesize.NOW for job in pool)
    assert 0 < over < 0.04 * len(pool)


def test_queries_hold_the_promised_shares() -> None:
    wishes = synthesize.queries(1_000, seed=2)
    radii = Counter(query.radius_km for query in wishes)
    assert radii == {5.0: 100, 20.0: 250, 50.0: 300, 200.0: 150, None: 200}
    assert sum(bool(query.skills) for query in wishes) == 300
    assert all(query.lat is not None for query in wishes if query.radius_km is not None)
    assert all(query.text or query.skills for query in wishes)
    assert wishes == synthesize.queries(1_000, seed=2)
    assert wishes != synthesize.queries(1_000, seed=3)


def test_typing_errors_are_errors() -> None:
    words = vocabulary.load()
    titles = {title.text for title in words.titles}
    colloquial = {text for family in words.families for text in family.colloquial}
    strange = [
        query.text
        for query in synthesize.queries(1_000, seed=4)
        if query.text and query.text not in titles and not any(text in query.text for text in colloquial)
    ]
    assert 85 <= len(strange) <= 100  # swapping two equal characters, or two titles one character apart, leaves a real title


def test_any_small_number_of_queries() -> None:
    assert [len(synthesize.queries(n)) for n in (0, 1, 7, 33)] == [0, 1, 7, 33]


def test_the_command_prints_a_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert synthesize.main(["--jobs", "3", "--queries", "2"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["job_id"] for line in lines[:3]] == [1, 2, 3]
    assert len(lines) == 5


def test_tags_are_the_words_of_the_service() -> None:
    assert {tag for benefit in vocabulary.load().benefits for tag in benefit.tags} <= set(TAGS)


def test_leading_counties_exist() -> None:
    words = vocabulary.load()
    codes = {county.code for county in words.counties}
    assert all(f"{code}000000" in codes for code in words.largest)
    assert len(codes) > 2_800
