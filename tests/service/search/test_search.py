"""The one ranked list, as a client sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from service import clock
from service.jobs.models import Job
from tests.service.conftest import People, Publish, draft, gig_draft
from tests.service.search.conftest import ZHANGGONG_POINT, ids, search

ITEM = {"job_id", "kind", "title", "wage", "place", "distance_km", "source", "valid_until", "verified_at", "score", "reasons"}


def test_an_answer_has_what_the_api_promises(client: FlaskClient, pool: dict[str, int]) -> None:
    answer = search(client, q="电焊工", age=52, **ZHANGGONG_POINT)
    assert {"items", "total", "understood", "widened", "facets", "next"} <= set(answer)
    first = answer["items"][0]
    assert set(first) >= ITEM
    assert first["job_id"] == pool["welder"]
    assert first["score"] == sum(first["parts"].values())
    said = " ".join(reason["text"] for reason in first["reasons"])
    assert "电焊工" in said
    assert "公里" in said
    assert "52 岁" in said
    assert first["valid_until"].endswith("+08:00")
    assert answer["widened"] is None


def test_words_of_the_same_trade_are_found(client: FlaskClient, pool: dict[str, int]) -> None:
    assert set(ids(search(client, q="焊工"))) == {pool["welder"], pool["welder_far"]}
    assert ids(search(client, q="看大门的"))[0] == pool["guard"]
    assert ids(search(client, q="保结"))[0] == pool["cleaner"]


def test_what_is_understood_is_said_and_applied(client: FlaskClient, pool: dict[str, int]) -> None:
    answer = search(client, q="想在章贡区找个包吃住的电子厂，三千以上")
    assert ids(answer)[0] == pool["factory"]
    pieces = {piece["field"]: piece for piece in answer["understood"]}
    assert pieces["region"]["value"] == "360702000000"
    assert pieces["region"]["applied"]
    assert pieces["wage_min"]["value"] == 3000
    assert pieces["benefit"]["text"] in "想在章贡区找个包吃住的电子厂，三千以上"


def test_what_was_set_by_hand_is_not_overruled_by_words(client: FlaskClient, pool: dict[str, int]) -> None:
    answer = search(client, q="信丰 焊工", region="360702")
    assert ids(answer) == [pool["welder"]]
    assert not next(piece for piece in answer["understood"] if piece["field"] == "region")["applied"]


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"wage_min": 7000}, {"welder", "welder_far"}),
    ({"wage_min": 41, "wage_unit": "hour"}, {"welder", "welder_far"}),
    ({"region": "360722"}, {"welder_far"}),
    ({"region": "赣州信丰"}, {"welder_far"}),
    ({"tags": "包吃,包住"}, {"factory"}),
    ({"trade": "6-18-02-04"}, {"welder", "welder_far"}),
    ({"trade": "电焊工"}, {"welder", "welder_far"}),
    ({"radius_km": 5, **ZHANGGONG_POINT}, {"welder", "guard", "cleaner", "factory"}),
    ({"kind": "public"}, {"welder", "welder_far", "guard", "cleaner", "factory"}),
]


def test_filters(client: FlaskClient, pool: dict[str, int]) -> None:
    for asked, names in FILTERS:
        answer = search(client, **asked)
        assert set(ids(answer)) == {pool[name] for name in names}, asked
        assert answer["total"] == len(names), asked


def test_sorts(client: FlaskClient, pool: dict[str, int]) -> None:
    assert ids(search(client, sort="wage"))[:2] == [pool["welder_far"], pool["welder"]]
    moments = [item["published_at"] for item in search(client, sort="newest")["items"]]
    assert moments == sorted(moments, reverse=True)
    assert ids(search(client, sort="distance", **ZHANGGONG_POINT))[-1] == pool["welder_far"]


def test_facets_count_all_matches_not_the_page(client: FlaskClient, pool: dict[str, int]) -> None:
    facets = search(client, limit=1)["facets"]
    kinds = {facet["value"]: facet["count"] for facet in facets["kind"]}
    assert kinds == {"public": 5, "gig": 0, "live": 0}
    assert {facet["name"]: facet["count"] for facet in facets["region"]}["江西省赣州市信丰县"] == 1


def test_pages_meet_without_gap_or_double(client: FlaskClient, pool: dict[str, int]) -> None:
    whole = ids(search(client, limit=50))
    pages: list[int] = []
    asked: dict[str, Any] = {"limit": 2}
    while True:
        answer = search(client, **asked)
        pages += ids(answer)
        assert answer["total"] == 5
        if answer["next"] is None:
            break
        asked = {"limit": 2, "cursor": answer["next"]}
    assert pages == whole


def test_pages_hold_while_jobs_come_and_go(
    client: FlaskClient, pool: dict[str, int], publish: Publish, index: Callable[[], None]
) -> None:
    whole = ids(search(client, sort="newest", limit=50))
    first = search(client, sort="newest", limit=2)
    newer = publish(draft(title="新来的岗位"))["job_id"]
    index()
    second = search(client, sort="newest", limit=50, cursor=first["next"])
    # Of the same second, the smaller number comes first: the new one may follow, but nothing is repeated or skipped.
    assert [job_id for job_id in ids(first) + ids(second) if job_id != newer] == whole


def test_a_cursor_of_another_question_is_refused(client: FlaskClient, pool: dict[str, int]) -> None:
    cursor = search(client, limit=1)["next"]
    response = client.get("/v1/jobs", query_string={"q": "保安", "cursor": cursor})
    assert response.status_code == 400
    assert response.get_json()["error"] == "cursor_mismatch"


MADE_UP_CURSORS = ["", "x", "!!!!", "eyJhIjoxfQ", "W10", "WzEsIngiLDEsMSwxLDEsMSwiYSJd", "9" * 5000]


def test_a_made_up_cursor_is_refused(client: FlaskClient, pool: dict[str, int]) -> None:
    answers = [client.get("/v1/jobs", query_string={"cursor": cursor}).status_code for cursor in MADE_UP_CURSORS]
    assert set(answers) <= {400, 422}


def test_nothing_near_is_widened_and_said(client: FlaskClient, pool: dict[str, int]) -> None:
    answer = search(client, q="电焊工", lat=28.68, lng=115.86, radius_km=5)
    assert ids(answer)
    assert "公里" in answer["widened"]["message"]
    answer = search(client, q="保洁", region="赣州市信丰县")
    assert ids(answer) == [pool["cleaner"]]
    assert "赣州市" in answer["widened"]["message"]


def test_widened_pages_go_on_in_the_same_way(client: FlaskClient, pool: dict[str, int]) -> None:
    asked = {"q": "焊工", "lat": 28.68, "lng": 115.86, "radius_km": 5}
    first = search(client, **asked, limit=1)
    second = search(client, **asked, limit=1, cursor=first["next"])
    assert first["widened"] == second["widened"]
    assert {*ids(first), *ids(second)} == {pool["welder"], pool["welder_far"]}


def test_other_work_than_was_asked_for_is_never_offered(client: FlaskClient, pool: dict[str, int]) -> None:
    answer = search(client, q="飞机驾驶员", lat=25.83, lng=114.93, radius_km=5)
    assert answer["items"] == []
    assert answer["total"] == 0
    assert answer["next"] is None


def test_a_way_of_speaking_is_not_required(client: FlaskClient, pool: dict[str, int]) -> None:
    answer = search(client, q="章贡区 叽里咕噜 包住")
    assert pool["factory"] in ids(answer)
    assert "叽里咕噜" in answer["widened"]["message"]
    rest = search(client, q="章贡区 叽里咕噜 包住", limit=1)
    assert ids(search(client, q="章贡区 叽里咕噜 包住", limit=1, cursor=rest["next"]))[0] == ids(answer)[1]


def test_a_closed_job_is_never_shown_even_with_the_index_behind(
    app: flask.Flask, client: FlaskClient, pool: dict[str, int]
) -> None:
    with app.extensions["database"].write_session() as session:
        session.get_one(Job, pool["welder"]).status = "closed"
        session.get_one(Job, pool["guard"]).valid_until = clock.now() - timedelta(seconds=1)
    shown = ids(search(client, limit=2)) + ids(search(client, limit=50))
    assert pool["welder"] not in shown
    assert pool["guard"] not in shown
    # The page is refilled from the spare ids.
    assert len(search(client, limit=3)["items"]) == 3


def test_a_page_costs_one_select_of_jobs(app: flask.Flask, client: FlaskClient, pool: dict[str, int]) -> None:
    statements: list[str] = []
    engine = app.extensions["database"].answer_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        search(client, q="焊工", age=40, **ZHANGGONG_POINT)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    selects = [statement for statement in statements if statement.lstrip().upper().startswith("SELECT")]
    assert len(selects) == 1, selects
    assert "FROM job" in selects[0]


def test_gigs_stand_in_the_same_list(
    client: FlaskClient, people: People, publish: Publish, pool: dict[str, int], index: Callable[[], None]
) -> None:
    gig = publish(gig_draft(clock.now()), people.staff)["job_id"]
    index()
    answer = search(client)
    assert gig in ids(answer)
    item = next(item for item in answer["items"] if item["job_id"] == gig)
    assert item["gig"]["seats_left"] == 5
    assert ids(search(client, kind="gig")) == [gig]
    assert ids(search(client, q="日结 装卸")) == [gig]


def test_converted_pay_does_not_read_like_a_promise(
    client: FlaskClient, publish: Publish, pool: dict[str, int], index: Callable[[], None]
) -> None:
    daily = publish(draft(title="水电工", wage="300元/天", region="赣州市章贡区"))["job_id"]
    index()
    item = search(client, q="水电工", wage_min=5000)["items"][0]
    assert item["job_id"] == daily
    (said,) = [reason["text"] for reason in item["reasons"] if reason["code"] == "wage"]
    assert said.startswith("折合月薪约 6525")


def test_an_elder_reads_wage_and_place_first(client: FlaskClient, pool: dict[str, int]) -> None:
    response = client.get("/v1/jobs", query_string={"view": "elder", "limit": 1, **ZHANGGONG_POINT})
    assert list(response.get_json()["items"][0])[:3] == ["wage", "place", "distance_km"]


def test_an_answer_that_has_not_changed_is_not_sent_again(client: FlaskClient, pool: dict[str, int]) -> None:
    first = client.get("/v1/jobs", query_string={"sort": "wage", "limit": 50})
    again = client.get("/v1/jobs", query_string={"sort": "wage", "limit": 50}, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_wgs84_is_converted(client: FlaskClient, pool: dict[str, int]) -> None:
    """The same numbers in another system lie some 591 m away in Ganzhou."""
    gcj = search(client, q="电焊工", **ZHANGGONG_POINT)["items"][0]["distance_km"]
    wgs = search(client, q="电焊工", crs="wgs84", **ZHANGGONG_POINT)["items"][0]["distance_km"]
    assert gcj == pytest.approx(0, abs=0.01)
    assert wgs == pytest.approx(0.59, abs=0.05)


def test_no_index_is_a_clear_503(client: FlaskClient) -> None:
    response = client.get("/v1/jobs")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert response.get_json()["error"] == "index_not_ready"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"lat": 200, "lng": 1}, "lat"),
        ({"lat": "nan", "lng": 1}, "lat"),
        ({"lat": 1}, "lng"),
        ({"lat": 25, "lng": 114, "radius_km": -1}, "radius_km"),
        ({"lat": 25, "lng": 114, "radius_km": "inf"}, "radius_km"),
        ({"radius_km": 5}, "radius_km"),
        ({"age": 7}, "age"),
        ({"age": 300}, "age"),
        ({"q": "焊" * 10_000}, "q"),
        ({"limit": 0}, "limit"),
        ({"limit": 1000}, "limit"),
        ({"kind": "job"}, "kind"),
        ({"sort": "distance"}, "sort"),
        ({"wage_min": -1}, "wage_min"),
        ({"wage_min": "nan"}, "wage_min"),
        ({"published_since": "yesterday"}, "published_since"),
        ({"region": "朝阳区"}, "region"),
        ({"region": "没有这个地方"}, "region"),
        ({"region": "999999"}, "region"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_is_named_in_plain_chinese(client: FlaskClient, asked: dict[str, Any], field: str) -> None:
    response = client.get("/v1/jobs", query_string=asked)
    assert response.status_code == 422, response.get_json()
    body = response.get_json()
    assert field in body["errors"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in body["errors"][field][0])


ODD_WORDS = ["", "  ", "😀😀", "'; DROP TABLE job;--", "<script>alert(1)</script>", "%", "\\", "焊工" * 90]


def test_odd_words_are_answered(client: FlaskClient, pool: dict[str, int]) -> None:
    assert all(search(client, q=words)["total"] >= 0 for words in ODD_WORDS)


def test_the_same_answer_for_everybody_who_is_not_signed_in_or_is(
    client: FlaskClient, people: People, pool: dict[str, int]
) -> None:
    asked = {"q": "焊工", "fair": "false"}
    assert search(client, **asked) == client.get("/v1/jobs", query_string=asked, headers=people.worker).get_json()


def test_match_ranks_by_wishes(client: FlaskClient, pool: dict[str, int]) -> None:
    wish = {"text": "想找个焊工活", "age": 45, "wage_min": 7500, **ZHANGGONG_POINT}
    response = client.post("/v1/match", json=wish)
    assert response.status_code == 200, response.get_json()
    answer = response.get_json()
    assert ids(answer) == [pool["welder"], pool["welder_far"]]
    # A wish does not leave out the job that pays less.
    low = client.post("/v1/match", json={"text": "保洁", "wage_min": 9000}).get_json()
    assert ids(low) == [pool["cleaner"]]
    preferred = client.post("/v1/match", json={"preferences": {"tags": ["包吃"]}}).get_json()
    assert ids(preferred)[0] == pool["factory"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"age": 15}, 422),
        ({"nonsense": 1}, 422),
        ({"skills": "焊工"}, 422),
        ({"skills": [1]}, 422),
        ({"lat": 1}, 422),
        ([], 422),
        ({"preferences": {"tags": ["包吃"] * 50}}, 422),
    ],
)
def test_match_refuses_what_it_cannot_read(client: FlaskClient, body: Any, status: int) -> None:
    assert client.post("/v1/match", json=body).status_code == status


def test_match_needs_json(client: FlaskClient) -> None:
    response = client.post("/v1/match", data="text=焊工", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415
    broken = client.post("/v1/match", data="{", content_type="application/json")
    assert broken.status_code == 400


def test_similar_jobs_are_not_the_job_itself(client: FlaskClient, pool: dict[str, int]) -> None:
    response = client.get(f"/v1/jobs/{pool['welder']}/similar")
    assert response.status_code == 200
    found = ids(response.get_json())
    assert pool["welder_far"] in found
    assert pool["welder"] not in found
    assert client.get("/v1/jobs/999999/similar").status_code == 404


def test_suggest_knows_letters_and_pinyin(client: FlaskClient, pool: dict[str, int]) -> None:
    for typed in ("dhg", "电焊", "dianhan"):
        answer = client.get("/v1/suggest", query_string={"q": typed}).get_json()
        assert "电焊工" in [item["text"] for item in answer["items"]], typed
        assert all(item["count"] >= 0 for item in answer["items"])


def test_a_finished_word_is_told_what_to_add(client: FlaskClient, pool: dict[str, int]) -> None:
    add = _add(client, "焊工")
    told = {item["text"]: item for item in add}
    assert told["信丰县"] == {"text": "信丰县", "count": 1, "filter": "region", "value": "360722000000"}
    assert {item["filter"] for item in _add(client, "包住")} >= {"trade", "region"}
    assert client.get("/v1/suggest", query_string={"q": "dhg"}).get_json()["add"] == []
    assert client.get("/v1/suggest", query_string={"q": "的"}).get_json()["add"] == []


def _add(client: FlaskClient, typed: str) -> list[dict[str, Any]]:
    """What is offered for a word; that each filter finds as many as it promises is looked at here."""
    add: list[dict[str, Any]] = client.get("/v1/suggest", query_string={"q": typed}).get_json()["add"]
    for item in add:
        if item["filter"] != "q":
            assert search(client, q=typed, **{item["filter"]: item["value"]})["total"] == item["count"], item
    return add


def test_pages_hold_over_a_full_build(app: flask.Flask, client: FlaskClient, publish: Publish, index: Callable[[], None]) -> None:
    """A nightly build counts words anew; a cursor keeps the words as they were weighed on the first page."""
    titles = ["电焊工", "焊工", "氩弧焊工", "二保焊工", "保安", "保洁员", "普工", "叉车司机"] * 4
    made = [publish(draft(title=title, description="干活踏实。", address=""))["job_id"] for title in titles]
    index()
    asked = {"q": "焊工 保安", "limit": 5}
    whole: list[int] = []
    cursor = None
    while (answer := search(client, **asked, **({"cursor": cursor} if cursor else {})))["next"]:
        whole += ids(answer)
        cursor = answer["next"]
    whole += ids(answer)

    first = search(client, **asked)
    seen, cursor = ids(first), first["next"]
    for _ in range(30):
        publish(draft(title="仓库保安", description="干活踏实。", address=""))
    (app.extensions["settings"].index_dir / "MANIFEST").unlink()
    index()
    while cursor:
        answer = search(client, **asked, cursor=cursor)
        seen += ids(answer)
        cursor = answer["next"]
    old = [job_id for job_id in seen if job_id in made]
    assert old == whole
