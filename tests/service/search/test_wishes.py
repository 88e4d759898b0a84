"""What is read out of free text, through the API: refused work stays away, each piece can be switched off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.service.conftest import Publish, draft
from tests.service.search.conftest import ids, search

WHOLE = "五十多岁想找个看大门的活，包住，离章贡区近点，三千以上，不要夜班"
HERE = {"lat": 25.83, "lng": 114.93, "region": "赣州市章贡区"}


@pytest.fixture
def guards(publish: Publish, index: Callable[[], None]) -> dict[str, int]:
    """Made-up guards: by day, by night, in turns, in the next county, and in another city."""
    made = {
        "day": draft(title="小区保安", description="长白班，无夜班，包住。", wage="3500元/月", age="18-60岁", **HERE),
        "night": draft(title="工地保安", description="上夜班，包住。", wage="3500元/月", age="18-60岁", **HERE),
        "turns": draft(title="商场保安", description="两班倒，包吃住。", wage="3500元/月", age="18-60岁", **HERE),
        "next": draft(title="学校保安", description="长白班。", wage="3200元/月", region="赣州市赣县区", lat=25.86, lng=115.01),
        "far": draft(title="酒店保安", description="长白班。", wage="3200元/月", region="赣州市信丰县", lat=25.38, lng=114.93),
    }
    found = {name: publish(body)["job_id"] for name, body in made.items()}
    index()
    return found


def pieces(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {piece["field"]: piece for piece in answer["understood"]}


def test_a_whole_wish(client: FlaskClient, guards: dict[str, int]) -> None:
    answer = search(client, q=WHOLE)
    assert set(ids(answer)) == {guards["day"], guards["next"]}
    assert ids(answer)[0] == guards["day"]
    said = " ".join(reason["text"] for reason in answer["items"][0]["reasons"])
    assert "距章贡区中心" in said
    assert "距您" not in said
    assert all(piece["applied"] for piece in answer["understood"])


def test_a_refused_shift_is_left_out_and_an_advert_that_denies_it_stays(client: FlaskClient, guards: dict[str, int]) -> None:
    assert set(ids(search(client, q="保安 不要夜班"))) == {guards["day"], guards["next"], guards["far"]}
    assert set(ids(search(client, q="保安"))) == set(guards.values())


def test_the_middle_of_a_county_is_no_distance_to_the_job(
    client: FlaskClient, publish: Publish, index: Callable[[], None]
) -> None:
    town, exact = draft(title="小区保安", region=None, address="章贡区水东镇"), draft(title="小区保安", **HERE)
    rough, known = publish(town)["job_id"], publish(exact)["job_id"]
    index()
    found = {item["job_id"]: item for item in search(client, q="保安", lat=25.8178, lng=114.9372)["items"]}
    said = {job_id: next(one["text"] for one in item["reasons"] if one["code"] == "place") for job_id, item in found.items()}
    assert said[rough] == "在章贡区（区中心距您约 1.6 公里）"
    assert said[known].startswith("距您 ")
    assert {job_id: item["distance_is_rough"] for job_id, item in found.items()} == {rough: True, known: False}
    near = {item["job_id"]: item for item in search(client, q="保安 离章贡区近")["items"]}
    assert next(one["text"] for one in near[rough]["reasons"] if one["code"] == "place") == "在章贡区"


REFUSED: list[tuple[str, set[str]]] = [
    ("除了保安都行", {"guard"}),
    ("别给我介绍工地", {"site"}),
    ("不想进厂", {"factory"}),
    ("不坐流水线", {"factory"}),
    ("不要中介", {"agency"}),
    ("不要加班", {"long"}),
    ("焊工的不要", {"welder", "welder_far"}),
    ("不要养老院", {"home"}),
]


@pytest.fixture
def market(pool: dict[str, int], publish: Publish, index: Callable[[], None]) -> dict[str, int]:
    """The made-up pool, and jobs that people refuse beside one that says it is none of them."""
    made = {
        "site": draft(title="瓦工", description="贴砖砌墙。", wage="300元/天", **HERE),
        "agency": draft(title="客服", description="劳务派遣，双休。", wage="3500元/月", **HERE),
        "direct": draft(title="文员", description="厂家直招，非中介，不收中介费，不坐流水线，无夜班。", wage="3500元/月", **HERE),
        "long": draft(title="仓库管理员", description="每天10小时。", wage="4500元/月", hours_per_day=10, **HERE),
        "home": draft(title="护工", description="养老院照顾老人。", wage="4500元/月", **HERE),
    }
    found = pool | {name: publish(body)["job_id"] for name, body in made.items()}
    index()
    return found


@pytest.mark.parametrize(("said", "gone"), REFUSED)
def test_refused_work_is_left_out_and_nothing_else(
    client: FlaskClient, market: dict[str, int], said: str, gone: set[str]
) -> None:
    answer = search(client, q=said, limit=50)
    assert set(ids(answer)) == {job_id for name, job_id in market.items() if name not in gone}
    assert [piece["applied"] for piece in answer["understood"]] == [True]


def test_a_refusal_can_be_switched_off(client: FlaskClient, guards: dict[str, int]) -> None:
    refused = pieces(search(client, q="保安 不要夜班"))["not"]
    assert refused["value"] == "shift:夜班"
    answer = search(client, q="保安 不要夜班", ignore=refused["ignore"])
    assert set(ids(answer)) == set(guards.values())
    assert not pieces(answer)["not"]["applied"]
    assert search(client, q="保安 不要夜班", ignore="not")["total"] == len(guards)


@pytest.mark.parametrize("ignore", ["near", "near:近点", "region,near"])
def test_a_place_can_be_switched_off(client: FlaskClient, guards: dict[str, int], ignore: str) -> None:
    found = set(ids(search(client, q="离章贡区近点 保安", ignore=ignore)))
    here = {guards["day"], guards["night"], guards["turns"]}
    assert found == (set(guards.values()) if "region" in ignore else here)


def test_an_ignored_word_is_not_searched_for(client: FlaskClient, guards: dict[str, int], pool: dict[str, int]) -> None:
    both = search(client, q="焊工 保安")
    assert pool["welder"] in ids(both)
    welder = next(piece for piece in both["understood"] if piece["text"] == "焊工")
    answer = search(client, q="焊工 保安", ignore=welder["ignore"])
    assert pool["welder"] not in ids(answer)
    assert guards["day"] in ids(answer)


def test_both_ends_of_an_age_share_one_switch(client: FlaskClient, guards: dict[str, int]) -> None:
    asked = {"q": "五十多岁 保安 3千以上"}
    keys = {piece["ignore"] for piece in search(client, **asked)["understood"]}
    assert keys == {"age:五十多岁", "trade:保安", "wage:3千以上"}
    off = search(client, **asked, ignore="age:五十多岁")
    assert [piece["applied"] for piece in off["understood"] if piece["field"].startswith("age")] == [False, False]
    assert "岁" not in " ".join(reason["text"] for item in off["items"] for reason in item["reasons"])


def test_names_that_fit_nothing_are_no_fault(client: FlaskClient, guards: dict[str, int]) -> None:
    assert ids(search(client, q="保安", ignore="benefit:包住,no such thing")) == ids(search(client, q="保安"))


@pytest.mark.parametrize("ignore", [",".join(["x"] * 50), "长" * 500])
def test_too_many_names_are_refused(client: FlaskClient, ignore: str) -> None:
    response = client.get("/v1/jobs", query_string={"q": "保安", "ignore": ignore})
    assert response.status_code == 422
    assert any(field.startswith("ignore") for field in response.get_json()["errors"])


def test_match_has_the_same_switch(client: FlaskClient, guards: dict[str, int]) -> None:
    body: dict[str, Any] = {"text": "保安 不要夜班"}
    refused = client.post("/v1/match", json=body).get_json()
    assert guards["night"] not in ids(refused)
    body["ignore"] = [pieces(refused)["not"]["ignore"]]
    assert guards["night"] in ids(client.post("/v1/match", json=body).get_json())


def test_a_cursor_belongs_to_what_was_ignored(client: FlaskClient, guards: dict[str, int]) -> None:
    cursor = search(client, q="保安 不要夜班", ignore="not", limit=1)["next"]
    assert ids(search(client, q="保安 不要夜班", ignore="not", limit=1, cursor=cursor))
    response = client.get("/v1/jobs", query_string={"q": "保安 不要夜班", "limit": 1, "cursor": cursor})
    assert response.get_json()["error"] == "cursor_mismatch"


def test_pay_is_told_in_its_unit_and_compared_by_the_month(client: FlaskClient, guards: dict[str, int]) -> None:
    paid = {}
    for asked in (100, 200):  # 2175 and 4350 yuan a month, beside the 3500 of the advert
        answer = search(client, q=f"保安 一天{asked}")
        assert (pieces(answer)["wage_min"]["value"], pieces(answer)["wage_unit"]["value"]) == (asked, "day")
        paid[asked] = next(item["parts"]["wage"] for item in answer["items"] if item["job_id"] == guards["day"])
    assert paid[100] > paid[200]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"q": "叽里咕噜", "lat": 25.83, "lng": 114.93}, "先列出离您近的"),
        ({"q": "叽里咕噜", "age": 50}, "符合其他条件的"),
        ({"q": "叽里咕噜 章贡区"}, "符合其他条件的"),
    ],
)
def test_whoever_gave_a_place_or_an_age_gets_a_list(
    client: FlaskClient, pool: dict[str, int], asked: dict[str, Any], sentence: str
) -> None:
    answer = search(client, **asked)
    assert pool["guard"] in ids(answer)
    assert "叽里咕噜" in answer["widened"]["message"]
    assert sentence in answer["widened"]["message"]
    first = search(client, **asked, limit=1)
    second = search(client, **asked, limit=1, cursor=first["next"])
    assert second["widened"] == first["widened"]
    assert ids(second) != ids(first)


def test_words_alone_that_nobody_knows_find_nothing(client: FlaskClient, pool: dict[str, int]) -> None:
    assert search(client, q="叽里咕噜")["total"] == 0
    assert search(client, q="随便啥都行")["total"] == len(pool)


@pytest.fixture
def benefits(publish: Publish, index: Callable[[], None]) -> dict[str, int]:
    """Made-up jobs: at the door without anything, and further away with what is wished for."""
    away = {"region": "赣州市信丰县", "lat": 25.38, "lng": 114.93}
    made = {
        "door": draft(title="小区保安", description="门岗值班。", wage="3500元/月", **HERE),
        "meals": draft(title="厨工", description="包吃住。", wage="3500元/月", **HERE),
        "couple": draft(title="养殖工", description="招夫妻工，包吃住。", wage="3500元/月", **away),
        "seated": draft(title="质检员", description="坐着上班。", wage="3500元/月", **away),
    }
    found = {name: publish(body)["job_id"] for name, body in made.items()}
    index()
    return found


@pytest.mark.parametrize(
    ("said", "found", "told"),
    [
        ("夫妻工 包吃住", {"couple"}, ""),
        ("坐着的活", {"seated"}, ""),
        ("包住", {"meals", "couple"}, ""),
        ("包住 双休", {"meals", "couple"}, "满足一部分"),
        ("残疾人能做的", {"door", "meals", "couple", "seated"}, "没有写明"),
        ("没有经验", {"door", "meals", "couple", "seated"}, ""),
        ("不包住的", {"door", "meals", "couple", "seated"}, ""),
        ("坐着的 叽里咕噜", {"seated"}, "叽里咕噜"),
    ],
)
def test_benefits_alone_are_not_drowned_by_distance(
    client: FlaskClient, benefits: dict[str, int], said: str, found: set[str], told: str
) -> None:
    answer = search(client, q=said, lat=25.83, lng=114.93)
    assert set(ids(answer)) == {benefits[name] for name in found}
    assert told in (answer["widened"] or {"message": ""})["message"]
    assert bool(answer["widened"]) == bool(told)


def test_work_that_is_named_goes_before_benefits(client: FlaskClient, benefits: dict[str, int]) -> None:
    assert ids(search(client, q="保安 坐着的", lat=25.83, lng=114.93)) == [benefits["door"]]


def test_an_age_nobody_said_is_explained(client: FlaskClient, guards: dict[str, int]) -> None:
    def ages(said: str) -> set[str]:
        items = search(client, q=said)["items"]
        return {reason["text"] for item in items for reason in item["reasons"] if reason["code"] == "age"}

    assert ages("五十多岁 保安") == {"五十多岁（按 54 岁算）在 18-60 岁要求内"}
    assert ages("六十多岁 保安") == {"要求 18-60 岁，您六十多岁（按 64 岁算），可先问一问"}
    assert ages("54岁 保安") == {"54 岁在 18-60 岁要求内"}


@pytest.mark.parametrize("said", ["12岁找保安", "我13，找保安", "十二岁想当保安", "15岁找保安", "我5岁"])
def test_no_job_for_a_child_and_a_word_why(client: FlaskClient, guards: dict[str, int], said: str) -> None:
    answer = search(client, q=said)
    assert (ids(answer), answer["total"]) == ([], 0)
    assert "未满 16 周岁" in answer["widened"]["message"]


@pytest.mark.parametrize("said", ["家里孩子12岁，找保安", "孩子今年12岁 保安", "带3岁宝宝能做的保安", "保安 12小时"])
def test_the_age_of_a_child_at_home_is_not_the_persons(client: FlaskClient, guards: dict[str, int], said: str) -> None:
    answer = search(client, q=said)
    assert not {"age_min", "age_max"} & pieces(answer).keys()
    assert answer["widened"] is None or "16" not in answer["widened"]["message"]
