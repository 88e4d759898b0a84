"""The engine against the oracle on random pools: ids, values, parts, counts; after updates, deletes, merges and rebuilds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching import After, Job, Query, count, search, similar, suggest
from matching.model import SORTS
from seed_jobs import synthesize
from tests.matching.conftest import Pool, Pools

NOW = 1_795_305_600
DAY = 86_400
TITLES = ("焊工", "电焊工", "氩弧焊工", "普工", "电子厂普工", "保洁", "保安", "门卫看大门", "叉车司机", "CNC操作工", "育婴员", "")
SKILLS = ("二保焊", "氩弧焊", "叉车证", "看图纸", "C1驾照", "收银")
WORDS = ("焊工", "普工", "汗工", "保结", "看大门", "叉车", "cnc", "包吃住", "不存在的词甲乙丙", "电子厂 普工", "五十岁", "")
TAGS = ("包吃", "包住", "日结", "五险", "夫妻房")
REGIONS = ("360702000000", "360703000000", "360704000000", "420281000000", "420281001000", "441900000000", "")
CODES = ("6-18-02-04", "6-31-99-00", "4-07-05-01", "4-09-08-01")
POINTS = ((25.85, 114.93), (25.86, 114.95), (25.80, 115.00), (30.1, 114.97), (31.3, 120.6), (0.0, 0.0), (-33.0, 151.0))


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


ages = st.integers(16, 65)
limits = optional(st.tuples(optional(ages), optional(ages)))


@st.composite
def a_job(draw: st.DrawFn) -> Job:
    point = draw(st.sampled_from((*POINTS, None)))
    return Job(
        job_id=draw(st.integers(1, 60)),
        kind=draw(st.sampled_from(("public", "gig", "live"))),
        title=draw(st.sampled_from(TITLES)),
        published_at=NOW - draw(st.sampled_from((0, 1, DAY - 1, DAY, 3 * DAY, 49 * DAY, 90 * DAY, -5))),
        valid_until=draw(st.sampled_from((None, NOW - 1, NOW, NOW + 1, NOW + 30 * DAY))),
        trade_codes=tuple(draw(st.lists(st.sampled_from(CODES), max_size=2))),
        skills=tuple(draw(st.lists(st.sampled_from(SKILLS), max_size=3))),
        description=draw(st.sampled_from(("", "流水线上下料，包吃住，焊工优先。", "看管大门，登记车辆 6000-8000元"))),
        region=draw(st.sampled_from(REGIONS)),
        lat=point[0] if point else None,
        lng=point[1] if point else None,
        wage_min_yuan_month=draw(optional(st.sampled_from((2000, 3000, 4500, 6000)))),
        wage_max_yuan_month=draw(optional(st.sampled_from((3000, 6000, 9000)))),
        age_min=draw(optional(ages)),
        age_max=draw(optional(ages)),
        age_men=draw(limits),
        age_women=draw(limits),
        age_binding=draw(st.booleans()),
        minors_barred=draw(st.booleans()),
        tags=frozenset(draw(st.lists(st.sampled_from(TAGS), max_size=3))),
        settlement=draw(st.sampled_from((None, "day", "week", "month", "job"))),
        hours_per_day=draw(st.sampled_from((None, 4.0, 8.0, 8.3, 12.0))),
        employer_id=draw(optional(st.integers(1, 4))),
        applications=draw(st.sampled_from((0, 0, 1, 5, 40, 70_000))),
    )


some_tags = st.frozensets(st.sampled_from((*TAGS, "没有这个")), max_size=2)


@st.composite
def a_query(draw: st.DrawFn) -> Query:
    point = draw(st.sampled_from((*POINTS, (12.0, 115.0), None, None)))
    return Query(
        now=NOW,
        text=draw(st.sampled_from(WORDS)),
        skills=tuple(draw(st.lists(st.sampled_from(SKILLS), max_size=1))),
        trade_codes=tuple(draw(st.lists(st.sampled_from((*CODES, "6-18", "6")), max_size=1))),
        age=draw(optional(st.sampled_from((7, 15, 16, 17, 18, 30, 52, 70)))),
        sex=draw(st.sampled_from((None, "male", "female"))),
        lat=point[0] if point else None,
        lng=point[1] if point else None,
        radius_km=draw(optional(st.sampled_from((0.0, 2.5, 20.0, 500.0, 30_000.0)))),
        regions=tuple(draw(st.lists(st.sampled_from(("360000000000", "360700000000", "360702000000", "420281")), max_size=2))),
        kinds=draw(st.frozensets(st.sampled_from(("public", "gig", "live")), max_size=2)),
        wage_min_yuan_month=draw(optional(st.sampled_from((3000, 4500, 7000)))),
        wage_floor_yuan_month=draw(optional(st.sampled_from((3000, 6000)))),
        tags_wanted=draw(some_tags),
        tags_all=draw(st.frozensets(st.sampled_from(TAGS), max_size=1)),
        tags_any=draw(some_tags),
        tags_none=draw(st.frozensets(st.sampled_from(TAGS), max_size=1)),
        settlements=draw(st.frozensets(st.sampled_from(("day", "week", "month", "job")), max_size=2)),
        hours_max=draw(st.sampled_from((None, None, 8.0, 10.0))),
        published_since=draw(st.sampled_from((None, None, NOW - 2 * DAY))),
        employers_blocked=draw(st.frozensets(st.integers(1, 4), max_size=2)),
        personal=draw(st.sampled_from((True, True, False))),
        sort=draw(st.sampled_from(("score", "score", "distance", "wage", "newest"))),
        limit=draw(st.sampled_from((1, 3, 100))),
    )


BARE = ("regions", "kinds", "tags_all", "tags_any", "tags_none", "settlements", "employers_blocked", "words_none", "trades_none")


def looser(query: Query) -> list[Query]:
    """The query, and forms of it that find more: with every filter at once most pools hold nothing."""
    bare = replace(
        query,
        **{name: type(getattr(query, name))() for name in BARE},
        radius_km=None,
        wage_floor_yuan_month=None,
        hours_max=None,
        published_since=None,
    )
    return [query, bare, replace(bare, text="", skills=(), trade_codes=()), replace(query, text="", skills=(), trade_codes=())]


def check_pages(pool: Pool, query: Query) -> None:
    """Small pages put together are the one big page."""
    whole = pool.check(replace(query, limit=1000))
    paged: list[int] = []
    after: After | None = None
    while True:
        hits = pool.check(replace(query, limit=3, after=after))
        if not hits:
            break
        paged += [hit.job_id for hit in hits]
        after = hits[-1].key
    assert paged == [hit.job_id for hit in whole]


slow = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@slow
@given(jobs=st.lists(a_job(), max_size=40), queries=st.lists(a_query(), min_size=1, max_size=4))
def test_equals_the_oracle_on_random_pools(pools: Pools, jobs: list[Job], queries: list[Query]) -> None:
    pool = pools(jobs)
    for query in queries:
        for form in looser(query):
            pool.check(form)


@slow
@given(
    jobs=st.lists(a_job(), max_size=30),
    changes=st.lists(st.tuples(st.lists(a_job(), max_size=6), st.lists(st.integers(1, 60), max_size=4)), max_size=5),
    query=a_query(),
)
def test_equals_the_oracle_through_updates_and_deletes(
    pools: Pools, jobs: list[Job], changes: list[tuple[list[Job], list[int]]], query: Query
) -> None:
    pool = pools(jobs)
    for upserts, deletes in changes:
        kept = [job for job in upserts if job.job_id not in deletes]
        pool.apply(kept, deletes)
        assert pool.index.jobs == len(pool.now)
        for form in looser(query):
            pool.check(form)
    check_pages(pool, looser(query)[1])
    pool.rebuild()
    pool.check(query)


@slow
@given(query=a_query(), copies=st.integers(1, 30))
def test_ties_go_to_the_newer_and_then_to_the_smaller_id(pools: Pools, query: Query, copies: int) -> None:
    jobs = [Job(job_id, "gig", "焊工", NOW - (job_id % 3), lat=25.85, lng=114.93) for job_id in range(1, copies + 1)]
    pool = pools(jobs)
    check_pages(pool, looser(query)[1])
    check_pages(pool, looser(query)[2])


@pytest.fixture
def made_up(pools: Pools) -> Pool:
    pool = pools(list(synthesize.jobs(3000, 5)))
    pool.apply(list(synthesize.jobs(3100, 6))[2950:], [7, 8, 9, 2999, 123_456])
    return pool


def test_equals_the_oracle_on_made_up_adverts_in_several_blocks(made_up: Pool) -> None:
    for number, query in enumerate(synthesize.queries(60, 3)):
        made_up.check(replace(query, sort=SORTS[number % 5] if number % 3 == 0 else "score"))
        made_up.check(replace(query, fair_seed=number, words_none=("日结",) if number % 2 else ()))


def test_deep_pages_have_no_wall(made_up: Pool) -> None:
    query = Query(now=NOW, lat=28.0, lng=115.0, limit=1000)
    seen: list[int] = []
    after: After | None = None
    while hits := search(made_up.index, replace(query, after=after)):
        seen += [hit.job_id for hit in hits]
        after = hits[-1].key
    whole = search(made_up.index, replace(query, limit=10_000))
    assert seen == [hit.job_id for hit in whole]
    assert len(seen) == count(made_up.index, query).total > 2000


@pytest.mark.parametrize("sort", SORTS)
def test_one_job_and_none(pools: Pools, sort: Any) -> None:
    query = Query(now=NOW, text="焊工", lat=25.85, lng=114.93, sort=sort)
    assert pools([]).check(query) == ()
    assert [hit.job_id for hit in pools([Job(4, "gig", "电焊工", NOW)]).check(query)] == [4]


def test_unknown_words_find_nothing_rather_than_anything(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "焊工", NOW)])
    assert pool.check(Query(now=NOW, text="量子纠缠师")) == ()
    assert pool.check(Query(now=NOW, text="找工作")) != ()


def test_children_find_nothing_and_minors_no_barred_work(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "普工", NOW), Job(2, "gig", "普工", NOW, minors_barred=True)])
    assert pool.check(Query(now=NOW, age=15)) == ()
    assert [hit.job_id for hit in pool.check(Query(now=NOW, age=17))] == [1]
    assert len(pool.check(Query(now=NOW, age=18))) == 2


def test_a_place_in_the_sea_and_a_job_without_a_place(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "普工", NOW, region="360702000000"), Job(2, "gig", "普工", NOW, lat=25.85, lng=114.93)])
    sea = Query(now=NOW, lat=5.0, lng=140.0, radius_km=50.0)
    assert pool.check(sea) == ()
    assert [hit.distance_km is None for hit in pool.check(replace(sea, radius_km=None, sort="distance"))] == [False, True]
    assert [hit.job_id for hit in pool.check(Query(now=NOW, regions=("360700",)))] == [1]


def test_the_edge_of_a_radius_is_the_same_for_all(pools: Pools) -> None:
    """Distances are whole units of 0.76 m, rounded down: what lies a part of a unit beyond the radius is still within it."""
    jobs = [Job(number, "gig", "焊工", NOW, lat=25.85 + number * 1e-6, lng=114.93) for number in range(1, 400)]
    pool = pools(jobs)
    found = [
        len(pool.check(Query(now=NOW, text="焊工", lat=25.85, lng=114.93, radius_km=km, limit=500))) for km in (0.01, 0.02, 0.03)
    ]
    assert 0 < found[0] < found[1] < found[2]


def test_a_point_off_the_globe_is_the_callers_mistake_and_a_jobs_is_no_place(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "普工", NOW, lat=200.0, lng=float("nan"))])
    with pytest.raises(ValueError, match="globe"):
        search(pool.index, Query(now=NOW, lat=200.0, lng=0.0))
    assert search(pool.index, Query(now=NOW, lat=20.0, lng=110.0))[0].distance_km is None


def test_reasons_say_what_counted(pools: Pools) -> None:
    job = Job(
        1,
        "gig",
        "电焊工",
        NOW - 3600,
        lat=25.85,
        lng=114.93,
        wage_min_yuan_month=6000,
        age_min=45,
        age_max=55,
        tags=frozenset({"包住"}),
    )
    pool = pools([job])
    query = Query(
        now=NOW, text="焊工", age=52, lat=25.8788, lng=114.93, wage_min_yuan_month=4500, tags_wanted=frozenset({"包住", "日结"})
    )
    said = {reason.code: reason.text for reason in pool.check(query)[0].reasons}
    assert said == {
        "text": "工种：电焊工 ≈ 焊工",
        "place": "距您 3.2 公里",
        "wage": "月薪 6000 起，高于期望 4500",
        "age": "52 岁在 45-55 岁要求内",
        "tags": "有您想要的：包住",
        "fresh": "24 小时内发布",
    }
    older = {reason.code: reason.text for reason in pool.check(replace(query, age=58, wage_min_yuan_month=7000))[0].reasons}
    assert older["age"] == "要求 45-55 岁，您 58 岁，可先问一问"
    assert older["wage"] == "月薪 6000，低于期望 7000"
    assert pool.check(Query(now=NOW))[0].reasons[0].code == "fresh"
    (anybody,) = pool.check(replace(query, personal=False))
    assert {reason.code for reason in anybody.reasons} == {"text", "fresh"}


@pytest.mark.parametrize(("typed", "meant"), [("汗工", "焊工"), ("保结", "保洁"), ("电汉工", "电焊工"), ("想找汗工", "焊工")])
def test_words_typed_wrongly_find_what_was_meant(pools: Pools, typed: str, meant: str) -> None:
    pool = pools([Job(1, "gig", meant, NOW), Job(2, "gig", "司机", NOW)])
    hits = pool.check(Query(now=NOW, text=typed))
    assert [hit.job_id for hit in hits] == [1]
    assert meant in hits[0].reasons[0].text
    assert "您写的是" in hits[0].reasons[0].text


def test_similar_jobs_are_of_the_same_work_and_never_itself(pools: Pools) -> None:
    jobs = [Job(n, "gig", "电焊工", NOW, lat=25.85, lng=114.93 + n / 10) for n in (1, 2, 3)] + [Job(4, "gig", "保洁", NOW)]
    pool = pools(jobs)
    assert [hit.job_id for hit in similar(pool.index, 1, NOW, 5)] == [2, 3]
    assert [hit.job_id for hit in similar(pool.index, 1, NOW, 1)] == [2]
    assert similar(pool.index, 99, NOW, 5) == ()


@pytest.mark.parametrize("typed", ["电焊", "dianh", "dhg"])
def test_suggestions_by_characters_pinyin_and_first_letters(pools: Pools, typed: str) -> None:
    pool = pools([Job(n, "gig", "电焊工", NOW) for n in (1, 2)] + [Job(3, "gig", "保洁", NOW)])
    found = {one.text: one for one in suggest(pool.index, typed, 5)}
    assert found["电焊工"].count == 2
    assert not found["电焊工"].corrected
    assert "保洁" not in found


def test_a_suggestion_repairs_a_typing_error(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "保洁", NOW)])
    assert [(one.text, one.corrected) for one in suggest(pool.index, "保结", 5)] == [("保洁", True)]
    assert suggest(pool.index, "", 5) == ()
    assert suggest(pool.index, "😀", 5) == ()


def test_latin_letters_are_no_typing_error_of_a_latin_word(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "CG设计", NOW), Job(2, "gig", "KUDU店员", NOW), Job(3, "gig", "保洁", NOW)])
    for typed in ("cgu", "yudu"):
        assert not [one.text for one in suggest(pool.index, typed, 5) if one.text.isascii()]
    assert [(one.text, one.corrected) for one in suggest(pool.index, "baojei", 5) if one.text.isascii()] == []


def test_a_suggestion_counts_fresh_jobs_too(pools: Pools) -> None:
    pool = pools([Job(1, "gig", "电焊工", NOW)])
    pool.index.add(Job(2, "gig", "电焊工", NOW))
    pool.index.add(Job(3, "gig", "电焊工", NOW))
    pool.index.remove(3)
    assert {one.text: one.count for one in suggest(pool.index, "电焊工", 5)}["电焊工"] == 2
