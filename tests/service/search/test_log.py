"""Searches are counted without anybody who searched, and cost a search nothing."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from matching.geo import distance_km
from service import clock
from service.accounts.create import create_account
from service.accounts.tokens import issue_token
from service.db import Database
from service.privacy.tasks import forget_searches
from service.search import log as search_log
from service.search.log import FEW, SearchCounts, district, misses, without_persons
from service.search.models import SearchLog
from tests.service.conftest import GANZHOU, NANCHANG, ZHANGGONG, People

NOW = clock.parse("2026-11-27T10:20:30+08:00")


@pytest.fixture
def counts(database: Database) -> SearchCounts:
    """Counts without a thread."""
    return SearchCounts(lambda: database)


def lines(database: Database) -> list[tuple[Any, ...]]:
    """What the table holds."""
    with database.read_session() as session:
        rows = session.scalars(select(SearchLog).order_by(SearchLog.words, SearchLog.region_code))
        return [(row.words, row.region_code, row.widened, row.asked, row.missed, row.found) for row in rows]


def ask(counts: SearchCounts, said: str, *, times: int = 1, found: int = 0, region: str = ZHANGGONG, now: datetime = NOW) -> None:
    """The same search some times."""
    for _ in range(times):
        counts.note(said, (region,) if region else (), None, None, found=found, widened=False, now=now)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("电子厂 包吃住", "电子厂 包吃住"),
        ("月薪8000 以上", "月薪8000 以上"),
        ("45岁 保洁 3000-4000", "45岁 保洁 3000-4000"),
        ("电焊工13800000001", "电焊工#"),
        ("１３８０００００００１", "#"),
        ("138 0000 0001", "#"),
        ("138-0000-0001 保安", "# 保安"),
        ("打 0797-8000001", "打 #"),
        ("8000001", "#"),
        ("999999196001011232", "#"),
        ("99999919600101123X", "#"),
        ("一三八零零零零零零零一", "#"),
        ("幺三八零零零零零零零幺", "#"),
        ("微信 demo_0001", "微信 #"),
        ("加我 abc", "加我 #"),
        ("我叫张三丰 找保安", "我叫# 找保安"),
        ("联系人：李四", "联系人:#"),
        ("姓名 王五", "姓名 #"),
        ("王先生介绍的厂", "#先生介绍的厂"),
        ("a@example.com", "#"),
        ("oDemo00000000000000000000001", "#"),
        ("  普工   长白班 ", "普工 长白班"),
    ],
)  # fmt: skip
def test_words_without_persons(said: str, kept: str) -> None:
    assert without_persons(said) == kept


def test_texts_are_no_words(counts: SearchCounts, database: Database) -> None:
    ask(counts, "演示" * 200)
    ask(counts, "普工" * 100)
    assert counts.flush() == 1
    assert lines(database)[0][0] == ("普工" * 100)[:60]


def test_counted_by_hour_district_and_words(counts: SearchCounts, database: Database) -> None:
    ask(counts, "焊工", times=3, found=5)
    ask(counts, "焊工", times=2, found=0)
    ask(counts, "焊工", region=NANCHANG, found=1)
    ask(counts, "焊工", now=NOW + timedelta(hours=1))
    counts.note("焊工", (), 25.8178, 114.9211, found=2, widened=True, now=NOW)
    assert counts.flush() == 4
    assert counts.flush() == 0
    ask(counts, " 焊工", found=7)
    counts.flush()
    assert sorted(lines(database)) == sorted(
        [
            ("焊工", ZHANGGONG, False, 6, 2, 7),
            ("焊工", NANCHANG, False, 1, 0, 1),
            ("焊工", ZHANGGONG, False, 1, 1, 0),
            ("焊工", ZHANGGONG, True, 1, 1, 2),
        ]
    )


@pytest.mark.parametrize("place", [(25.8, 114.9), (39.9, 116.4), (31.2, 121.5), (43.8, 87.6), (22.5, 114.1), (47.3, 123.9)])
def test_the_district_is_the_nearest(place: tuple[float, float]) -> None:
    """Found on a plane, it is within a hundredth as near as the one that is nearest on the globe."""
    codes, lat, lng = search_log._counties()
    far = [distance_km(*place, *point) for point in zip(lat.tolist(), lng.tolist(), strict=True)]
    assert far[codes.index(district(place))] <= min(far) * 1.01


def test_a_point_becomes_a_district_and_no_more_is_kept() -> None:
    assert district((25.8, 114.9)) == ZHANGGONG
    assert district((0.0, 0.0)) == ""
    assert district("") == ""
    assert district("360702001000") == ZHANGGONG
    assert set(inspect(SearchLog).columns.keys()) == {
        "log_id", "hour", "region_code", "words", "widened", "asked", "missed", "found",
    }  # fmt: skip


def test_many_processes_and_threads_add_up(database: Database) -> None:
    everyone = [SearchCounts(lambda: database) for _ in range(4)]

    def work(counts: SearchCounts) -> None:
        for _ in range(5):
            ask(counts, "焊工", times=10)
            ask(counts, "普工", times=10)
            counts.flush()

    threads = [threading.Thread(target=work, args=(counts,)) for counts in everyone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(line[0], line[3]) for line in lines(database)] == [("普工", 200), ("焊工", 200)]


def test_a_database_that_is_away_loses_nothing_and_costs_no_search(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    away: list[bool] = [True]
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    counts = SearchCounts(lambda: gone if away else database)
    ask(counts, "焊工", times=2)
    with pytest.raises(SQLAlchemyError):
        counts.flush()
    ask(counts, "焊工")
    monkeypatch.setattr(search_log, "MOST_KEPT", 1)
    ask(counts, "普工")  # one more would be too many
    away.clear()
    counts.flush()
    gone.close()
    assert [(line[0], line[3]) for line in lines(database)] == [("焊工", 3)]


def test_the_thread_writes_what_is_left_when_it_ends(counts: SearchCounts, database: Database) -> None:
    counts.start()
    ask(counts, "焊工")
    counts.stop()
    assert [line[0] for line in lines(database)] == ["焊工"]


def test_what_few_asked_for_is_shown_to_nobody(counts: SearchCounts, database: Database) -> None:
    ask(counts, "焊工", times=FEW)
    ask(counts, "稀奇的活", times=FEW - 1)
    ask(counts, "普工", times=FEW, found=3)
    ask(counts, "叉车", times=2 * FEW, region=NANCHANG)
    ask(counts, "", times=FEW)
    counts.flush()
    since = NOW - timedelta(days=1)
    with database.read_session() as session:
        assert misses(session, "", since, 10) == [("叉车", NANCHANG, 2 * FEW, 2 * FEW), ("焊工", ZHANGGONG, FEW, FEW)]
        assert misses(session, GANZHOU, since, 10) == [("焊工", ZHANGGONG, FEW, FEW)]
        assert misses(session, "", since, 1) == [("叉车", NANCHANG, 2 * FEW, 2 * FEW)]
        assert misses(session, "", NOW + timedelta(hours=1), 10) == []


def test_after_180_days_they_go(counts: SearchCounts, database: Database) -> None:
    ask(counts, "焊工", now=NOW - timedelta(days=181))
    ask(counts, "普工", now=NOW - timedelta(days=179))
    counts.flush()
    with database.write_session() as session:
        forget_searches(session, {}, NOW)
    assert [line[0] for line in lines(database)] == ["普工"]


def test_the_report_of_a_bureau(app: flask.Flask, client: FlaskClient, people: People) -> None:
    database: Database = app.extensions["database"]
    counts = SearchCounts(lambda: database)
    ask(counts, "焊工", times=9, now=clock.now())
    ask(counts, "叉车", times=9, now=clock.now(), region=NANCHANG)
    counts.flush()
    answer = client.get("/v1/reports/search-misses", headers=people.bureau).get_json()
    assert answer == {
        "items": [{"words": "焊工", "region_code": ZHANGGONG, "place": "江西省赣州市章贡区", "asked": 9, "missed": 9}],
        "least": FEW,
    }
    assert [
        item["words"] for item in client.get("/v1/reports/search-misses", headers=people.other_bureau).get_json()["items"]
    ] == ["叉车"]
    assert len(client.get("/v1/reports/search-misses?days=1", headers=people.operator).get_json()["items"]) == 2
    assert client.get("/v1/reports/search-misses", headers=people.worker).status_code == 403
    # A bureau without a territory (a slip of whoever made the account) sees nothing, rather than everything.
    with database.write_session() as session:
        lost = create_account(session, role="auditor", login="lost", display_name="演示", now=clock.now(), region_code=GANZHOU)
        headers = {"Authorization": f"Bearer {issue_token(session, lost.account_id, clock.now())}"}
        session.flush()
        session.execute(text("UPDATE account SET region_code = '' WHERE login = 'lost'"))
    assert client.get("/v1/reports/search-misses", headers=headers).get_json()["items"] == []


def test_a_search_is_counted_once_with_its_words_and_district(
    app: flask.Flask, client: FlaskClient, people: People, pool: dict[str, int]
) -> None:
    counts: SearchCounts = app.extensions["search_counts"]
    counts.flush()
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        session.execute(text("DELETE FROM search_log"))
    first = client.get("/v1/jobs", query_string={"q": "普工 13800000001", "lat": 25.83, "lng": 114.93, "limit": 1}).get_json()
    assert client.get("/v1/jobs", query_string={"q": "天文学家", "region": "赣州市"}, headers=people.worker).status_code == 200
    if first["next"]:  # a second page is the same search
        client.get(
            "/v1/jobs", query_string={"q": "普工 13800000001", "lat": 25.83, "lng": 114.93, "limit": 1, "cursor": first["next"]}
        )
    client.post("/v1/match", json={"text": "焊工"})
    assert lines(database) == [], "a search itself writes nothing"
    counts.flush()
    assert sorted((line[0], line[1], line[3]) for line in lines(database)) == sorted(
        [("天文学家", GANZHOU, 1), ("普工#", ZHANGGONG, 1), ("焊工", "", 1)]
    )
