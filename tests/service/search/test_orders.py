"""Whose order the list has: everybody's own, nobody's, or turned with the day; and which filters go with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

import matching
from matching import Hit, Index, Query
from service import clock
from service.jobs.models import Job, JobChange
from service.search import fair
from tests.service.conftest import People, Publish, draft
from tests.service.search.conftest import ZHANGGONG_POINT, ids, search

YOUNG = {"age": 22, "sex": "female", **ZHANGGONG_POINT}
OLDER = {"age": 58, "sex": "male", "lat": 25.40, "lng": 114.93}
NOON = int(datetime(2026, 11, 26, 4, tzinfo=UTC).timestamp())
HOUR = 3600


@pytest.fixture
def seeds(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The seeds with which the engine was asked, in order."""
    asked: list[int | None] = []

    def note(index: Index, query: Query) -> tuple[Hit, ...]:
        asked.append(query.fair_seed)
        return matching.search(index, query)

    monkeypatch.setattr("service.search.find.search", note)
    return asked


def test_an_order_that_is_not_personal_is_the_same_for_two_persons(
    client: FlaskClient, people: People, pool: dict[str, int]
) -> None:
    wide = {"radius_km": 200, "personal": "false"}
    young, older = search(client, **YOUNG, **wide), search(client, **OLDER, **wide)
    assert [(item["job_id"], item["score"]) for item in young["items"]] == [
        (item["job_id"], item["score"]) for item in older["items"]
    ]
    assert len(young["items"]) == 5
    assert ids(search(client, **YOUNG, radius_km=200)) != ids(search(client, **OLDER, radius_km=200))
    for item in young["items"]:
        assert {reason["code"] for reason in item["reasons"]} <= {"text", "fresh"}
        assert item["parts"]["place"] == item["parts"]["age"] == item["parts"]["wage"] == item["parts"]["preference"] == 0
    signed_in = client.get("/v1/jobs", query_string=YOUNG | wide, headers=people.worker).get_json()
    assert signed_in["items"] == young["items"]


def test_what_leaves_out_still_leaves_out(client: FlaskClient, pool: dict[str, int]) -> None:
    near = search(client, radius_km=5, personal="false", **ZHANGGONG_POINT)
    assert set(ids(near)) == {pool["welder"], pool["guard"], pool["cleaner"], pool["factory"]}
    paid = search(client, wage_min=7000, personal="false")
    assert set(ids(paid)) == {pool["welder"], pool["welder_far"]}


def test_newest_and_not_personal_is_newest_first(client: FlaskClient, pool: dict[str, int]) -> None:
    items = search(client, sort="newest", personal="false", **YOUNG)["items"]
    moments = [item["published_at"] for item in items]
    assert moments == sorted(moments, reverse=True)
    assert len(moments) == 5


def test_fewest_applicants_first(app: flask.Flask, client: FlaskClient, pool: dict[str, int], index: Callable[[], None]) -> None:
    numbers = {"guard": 0, "welder": 1, "factory": 7, "cleaner": 8, "welder_far": 300}
    with app.extensions["database"].write_session() as session:
        for name, number in numbers.items():
            session.get_one(Job, pool[name]).applications = number
            session.add(JobChange(job_id=pool[name], at=clock.now()))
    index()
    first = search(client, sort="applications", limit=2)
    second = search(client, sort="applications", cursor=first["next"])
    assert ids(first) + ids(second) == [pool[name] for name in numbers]


def test_near_ties_take_turns_and_no_more(client: FlaskClient, people: People, pool: dict[str, int]) -> None:
    plain, turned = search(client, q="焊工", fair="false"), search(client, q="焊工")
    assert {item["parts"]["fair"] for item in plain["items"]} == {0}
    assert all(0 < item["parts"]["fair"] <= 30 for item in turned["items"])
    for item in turned["items"]:
        assert item["score"] == sum(item["parts"].values())
    assert turned == search(client, q="焊工")


def test_a_match_that_is_not_personal(client: FlaskClient, pool: dict[str, int]) -> None:
    wish = {"text": "焊工", "wage_min": 9000, "personal": False}
    answers = [client.post("/v1/match", json={**wish, **who}).get_json() for who in (YOUNG, OLDER)]
    assert answers[0]["items"] == answers[1]["items"]
    assert set(ids(answers[0])) == {pool["welder"], pool["welder_far"]}


def test_a_distance_is_personal(client: FlaskClient) -> None:
    response = client.get("/v1/jobs", query_string={"sort": "distance", "personal": "false", **ZHANGGONG_POINT})
    assert response.status_code == 422
    assert "您的位置" in response.get_json()["errors"]["sort"][0]


def test_a_seed_is_of_a_person_and_a_day_in_china() -> None:
    assert fair.seed(NOON, 7) == fair.seed(NOON + 11 * HOUR, 7)
    assert fair.seed(NOON, 7) != fair.seed(NOON + 12 * HOUR, 7)  # 16:00 UTC is midnight in China
    assert fair.seed(NOON, 7) != fair.seed(NOON, 8)
    assert fair.seed(NOON, 7) == 4_282_771_850  # the same on every machine


def test_whose_seed_it_is(app: flask.Flask, client: FlaskClient, people: People, pool: dict[str, int], seeds: list[Any]) -> None:
    headers = people.worker
    for asked in ({}, {"personal": "false"}, {"fair": "false"}, {"sort": "newest"}):
        client.get("/v1/jobs", query_string=asked, headers=headers)
    search(client)
    client.post("/v1/match", json={}, headers=headers)
    now = clock.seconds(clock.now())
    own, visitor = fair.seed(now, people.account_ids["worker"]), fair.seed(now, fair.VISITOR)
    assert seeds == [own, None, None, None, visitor, own]
    app.extensions["settings"] = replace(app.extensions["settings"], fair_exposure=False)
    search(client)
    assert seeds[-1] is None


def test_pages_keep_their_seed_over_midnight_and_signing_in(
    client: FlaskClient, people: People, pool: dict[str, int], seeds: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ids(search(client, limit=50))
    first = search(client, limit=2)
    later = clock.from_seconds(clock.seconds(clock.now()) + 24 * HOUR)
    monkeypatch.setattr(clock, "now", lambda: later)
    second = client.get("/v1/jobs", query_string={"limit": 2, "cursor": first["next"]}, headers=people.employer).get_json()
    third = search(client, limit=2, cursor=second["next"])
    assert ids(first) + ids(second) + ids(third) == whole
    assert len(set(seeds)) == 1


def test_several_places_and_trades(
    client: FlaskClient, pool: dict[str, int], publish: Publish, index: Callable[[], None]
) -> None:
    elsewhere = publish(draft(title="电焊工", region="赣州市于都县"))["job_id"]
    index()
    here = {pool["welder"], pool["welder_far"]}
    assert set(ids(search(client, q="焊工", region="360702,信丰县"))) == here
    assert set(ids(search(client, trade="6-18-02-04,保洁"))) == {*here, elsewhere, pool["cleaner"]}
    wish = {"text": "焊工", "region": "信丰县", "regions": ["章贡区"]}
    assert set(ids(client.post("/v1/match", json=wish).get_json())) == here
    paid: dict[str, Any] = {"trades": ["6-18-02-04", "保洁"], "wage_floor": 8500}
    assert ids(client.post("/v1/match", json=paid).get_json()) == [pool["welder"]]


def test_benefits_of_which_one_must_be_there_or_none(client: FlaskClient, pool: dict[str, int]) -> None:
    assert ids(search(client, tags_any="包吃,夜班")) == [pool["factory"]]
    assert set(ids(search(client, tags_none="包吃"))) == set(pool.values()) - {pool["factory"]}
    wish = {"preferences": {"tags_none": ["包吃"]}}
    assert set(ids(client.post("/v1/match", json=wish).get_json())) == set(pool.values()) - {pool["factory"]}
    assert ids(client.post("/v1/match", json={"preferences": {"tags_any": ["包吃"]}}).get_json()) == [pool["factory"]]


def test_a_benefit_that_nobody_offers_becomes_a_wish(client: FlaskClient, pool: dict[str, int]) -> None:
    answer = search(client, tags_any="夫妻房", tags_none="包吃")
    assert set(ids(answer)) == set(pool.values()) - {pool["factory"]}  # what was refused stays refused
    assert "满足" in answer["widened"]["message"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"personal": "maybe"}, "personal"),
        ({"fair": "1"}, "fair"),
        ({"tags": "包吃", "tags_none": "包吃"}, "tags_none"),
        ({"tags_any": "包吃", "tags_none": "包住,包吃"}, "tags_none"),
        ({"tags_any": ",".join(["包吃"] * 11)}, "tags_any"),
        ({"region": "赣州,没有这个地方"}, "region"),
        ({"region": ""}, "region"),
        ({"trade": ",".join(["焊工"] * 11)}, "trade"),
    ],
)
def test_bad_filters_are_named_in_plain_chinese(client: FlaskClient, asked: dict[str, Any], field: str) -> None:
    response = client.get("/v1/jobs", query_string=asked)
    assert response.status_code == 422, response.get_json()
    said = response.get_json()["errors"][field][0]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said)


@pytest.mark.parametrize(
    ("repeated", "joined"),
    [
        ([("tags_any", "夜班"), ("tags_any", "包吃")], {"tags_any": "夜班,包吃"}),
        ([("tags_none", "夜班"), ("tags_none", "包吃")], {"tags_none": "夜班,包吃"}),
        ([("tags", "包吃"), ("tags", "包住")], {"tags": "包吃,包住"}),
        ([("kind", "live"), ("kind", "public")], {"kind": "live,public"}),
        ([("region", "信丰县"), ("region", "章贡区")], {"region": "信丰县,章贡区"}),
        ([("trade", "保洁"), ("trade", "保安")], {"trade": "保洁,保安"}),
        ([("settlement", "day"), ("settlement", "month")], {"settlement": "day,month"}),
        (
            [("q", "包吃住的工作"), ("ignore", "benefit:包吃"), ("ignore", "benefit:包住")],
            {"q": "包吃住的工作", "ignore": "benefit:包吃,benefit:包住"},
        ),
    ],
)
def test_a_list_may_be_given_by_repeating_its_name(
    client: FlaskClient, pool: dict[str, int], repeated: list[tuple[str, str]], joined: dict[str, str]
) -> None:
    asked = "&".join(f"{name}={value}" for name, value in repeated)
    answer = client.get(f"/v1/jobs?{asked}").get_json()
    assert (answer["total"], ids(answer)) == ((whole := search(client, **joined))["total"], ids(whole))


def test_a_word_for_a_benefit_means_its_tags(client: FlaskClient, pool: dict[str, int]) -> None:
    assert ids(search(client, tags="包吃住")) == [pool["factory"]]
    assert ids(search(client, tags="管饭")) == [pool["factory"]]
    assert client.get("/v1/jobs", query_string={"tags": "包吃住", "tags_none": "包住"}).status_code == 422


@pytest.mark.parametrize("name", ["tags", "tags_any", "tags_none"])
def test_a_benefit_nobody_knows_is_refused(client: FlaskClient, pool: dict[str, int], name: str) -> None:
    response = client.get("/v1/jobs", query_string={name: "包吃,天天放假"})
    assert response.status_code == 422
    assert response.get_json()["errors"][name][0].startswith("没有「天天放假」这个标签，可用：包吃、包住")
    wish = {"preferences": {"tags" if name == "tags" else name: ["天天放假"]}}
    assert f"preferences.{name}" in client.post("/v1/match", json=wish).get_json()["errors"]


def test_a_benefit_of_an_advert_alone_can_be_asked_for(
    client: FlaskClient, pool: dict[str, int], publish: Publish, index: Callable[[], None]
) -> None:
    made = publish(draft(tags=["有篮球场"]))["job_id"]
    index()
    assert ids(search(client, tags="有篮球场")) == [made]


def test_choices_are_said_with_their_meaning(client: FlaskClient, pool: dict[str, int]) -> None:
    errors = client.get("/v1/jobs", query_string={"kind": "abc"}).get_json()["errors"]
    assert errors == {"kind": ["只能填这些之一：public（公共招聘）、gig（零工）、live（直播带岗）。"]}
    swapped = client.get("/v1/jobs", query_string={"lat": 114.93, "lng": 25.83}).get_json()["errors"]
    assert "经纬度可能填反了" in swapped["lat"][0]
