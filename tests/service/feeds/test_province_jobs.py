"""The province's API against a server that behaves badly on demand: pages, delta, tombstones; nothing is lost by a gap."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from service.db import Database
from service.errors import Refusal
from service.feeds import lease
from service.feeds.fetch import Limits
from service.feeds.ingest import pull
from service.feeds.models import FeedCursor, FeedRecord, FeedRun
from service.feeds.report import Report
from service.feeds.source import FeedSource, open_source
from service.jobs.models import Job
from tests.service.feeds.conftest import NOW
from tests.service.feeds.serving import Server, says

Item = dict[str, Any]
Run = Callable[..., Report]


def item(number: int, **changed: Any) -> Item:
    """A whole vacancy as the API gives it."""
    whole: Item = {
        "jobId": f"P{number}",
        "jobName": f"缝纫工{'甲乙丙丁戊己庚辛壬癸'[number % 10]}班",
        "company": {"name": "演示服装厂", "creditCode": "", "industry": "C"},
        "recruitNum": 5,
        "education": "70",
        "workYears": "一年以上",
        "salary": {"min": 5000, "max": 7000.0, "unit": "month"},
        "description": "<p>用平缝机缝制工作服。</p><p>有意者电话&#49;3800000001联系。</p>",
        "welfare": ["包吃", "包住"],
        "areaCode": "360703",
        "workAddress": "南康区演示路 1 号",
        "publishTime": "2026-11-20T08:00:00+08:00",
        "expireTime": "2026-12-31",
    }
    return whole | changed


class Api:
    """What the province's server has, and how it misbehaves: a page number to a behaviour of its own."""

    def __init__(self, server: Server, items: Sequence[Item]) -> None:
        self.server = server
        self.items = list(items)
        self.removed: list[str] = []
        self.total: int | None = None
        self.broken: dict[int, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.encoding = "utf-8"
        self.as_of = "mark-1"
        server.paths["/api/jobs"] = self.answer

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        number, size = int(asked["pageNo"]), int(asked["pageSize"])
        if number in self.broken:
            self.broken[number](request)
        else:
            says(self.page(number, size), Content_Type="application/json; charset=utf-8")(request)

    def page(self, number: int, size: int) -> bytes:
        found = self.items[(number - 1) * size : number * size]
        total = len(self.items) if self.total is None else self.total
        data = {"list": found, "total": total, "serverTime": self.as_of, "removed": self.removed if number == 1 else []}
        return json.dumps({"code": 0, "data": data}, ensure_ascii=False).encode(self.encoding)

    @property
    def asked(self) -> list[str]:
        """The queries so far."""
        return [urlsplit(path).query for path, _ in self.server.asked]


@pytest.fixture
def api(server: Server) -> Api:
    return Api(server, [item(number) for number in range(5)])


@pytest.fixture
def source(server: Server, tmp_path: Path) -> FeedSource:
    """The source as an operator sets it up, for a server on loopback, two records to a page."""
    (tmp_path / "province.key").write_text("Bearer demo-key\n", encoding="utf-8")
    (tmp_path / "province_jobs.toml").write_text(
        f"""
        [source]
        enabled = true
        [bounds]
        rows = [3, 100]
        publishable = [2, 100]
        vanish_share = 0.5
        [fetch]
        url = "{server.url}/api/jobs"
        allow = ["{server.url}"]
        [fetch.headers_from]
        Authorization = "province.key"
        [fetch.paging]
        size = 2
        most_pages = 20
        [fetch.limits]
        read_seconds = 0.5
        whole_seconds = 1
        tries = 2
        pause_seconds = 0
        raw_bytes = 200000
        plain_bytes = 400000
        """,
        encoding="utf-8",
    )
    return open_source("province_jobs", tmp_path)


@pytest.fixture
def run(feed_database: Database, source: FeedSource) -> Run:
    def once(*, minutes: int = 0, **more: Any) -> Report:
        return pull(feed_database, source, now=NOW + timedelta(minutes=minutes), write=True, **more)

    return once


def shown(database: Database) -> set[str]:
    with database.read_session() as session:
        return {str(one) for one in session.scalars(select(Job.original_id).where(Job.status == "open"))}


def record(database: Database, original_id: str) -> FeedRecord:
    with database.read_session() as session:
        return session.scalars(select(FeedRecord).where(FeedRecord.original_id == original_id, FeedRecord.copy == 0)).one()


def cursor(database: Database) -> FeedCursor | None:
    with database.read_session() as session:
        return session.get(FeedCursor, "province_jobs")


ALL = {f"P{number}" for number in range(5)}


def test_all_pages_are_published_clean_and_with_a_contact(feed_database: Database, api: Api, run: Run, server: Server) -> None:
    report = run()
    assert (report.read, report.outcomes, report.mode, report.gap) == (5, {"published": 5}, "full", "")
    assert len(api.asked) == 3
    assert server.asked[0][1]["authorization"] == "Bearer demo-key"
    with feed_database.read_session() as session:
        job = session.scalars(select(Job).where(Job.original_id == "P1")).one()
        assert job.description == "用平缝机缝制工作服。\n有意者电话（联系方式略）联系。"
        assert (job.contact_phone, job.education, job.region_code) == ("13800000001", "初中", "360703000000")
        assert (job.wage_min, job.wage_max, job.wage_unit, job.headcount) == (5000, 7000, "month", 5)
        assert {"包吃", "包住"} <= set(job.tags)
        kept = session.scalars(select(FeedRecord).where(FeedRecord.original_id == "P1")).one()
        # Neither copy of the row holds the number, and the sealed one does.
        assert not re.search(r"1?3800000001", json.dumps([kept.raw, kept.parsed, kept.steps], ensure_ascii=False))
        assert kept.contact == "13800000001\n"


def test_each_step_is_kept(feed_database: Database, api: Api, run: Run) -> None:
    api.items[1] = item(1, areaCode="", workAddress="老地方")
    api.items[2] = item(2, jobName="")
    api.items[3] = item(3, recruitNum="若干")
    api.items[4] = item(4, jobName="押金三百元招普工", description="上岗先交押金300元。")
    run()
    whole = record(feed_database, "P0")
    assert list(whole.steps or {}) == [
        "fetched", "parsed", "normalised", "placed", "classified", "checked", "deduplicated", "published",
    ]  # fmt: skip
    assert whole.stopped_at == ""
    assert whole.steps is not None
    assert whole.steps["fetched"] == ["done", "json/utf-8"]
    assert whole.steps["normalised"][:2] == ["noted", "markup_removed"]
    assert whole.steps["placed"] == ["done", "360703000000", "用的是所在地区的中心点"]
    assert "制造业" in whole.steps["classified"][2]
    assert record(feed_database, "P1").stopped_at == "placed"
    with feed_database.read_session() as session:
        empty = session.scalars(select(FeedRecord).where(FeedRecord.reason_code == "occupation_empty")).one()
    assert empty.stopped_at == "normalised"
    incomplete = record(feed_database, "P3")
    assert (incomplete.stopped_at, incomplete.reason_code) == ("checked", "elements_missing")
    assert incomplete.steps is not None
    assert incomplete.steps["placed"][0] == "done"
    assert record(feed_database, "P4").stopped_at == "checked"
    assert shown(feed_database) == {"P0"}


def test_a_delta_brings_changes_and_tombstones_only(feed_database: Database, api: Api, run: Run) -> None:
    run()
    assert cursor(feed_database) is not None
    api.items = [item(1, recruitNum=9), item(2, deleted=True)]
    api.removed = ["P4", "P-never-seen"]
    api.as_of = "mark-2"
    report = run(minutes=60)
    assert "updatedSince=mark-1" in api.asked[-1]
    assert (report.mode, report.read, report.closed) == ("delta", 1, 2)
    assert shown(feed_database) == ALL - {"P2", "P4"}
    with feed_database.read_session() as session:
        assert session.scalars(select(Job.headcount).where(Job.original_id == "P1")).one() == 9
    gone = record(feed_database, "P4")
    assert gone.vanished_at is not None
    assert gone.contact == ""
    kept = cursor(feed_database)
    assert kept is not None
    assert kept.since == "mark-2"


def test_a_delta_that_brings_nothing_is_no_alarm(feed_database: Database, api: Api, run: Run) -> None:
    run()
    api.items = []
    report = run(minutes=60)
    assert (report.mode, report.stopped, report.read) == ("delta", "", 0)
    assert shown(feed_database) == ALL


def test_too_many_tombstones_stop_it(feed_database: Database, api: Api, run: Run) -> None:
    run()
    api.items, api.removed = [], [f"P{number}" for number in range(4)]
    assert run(minutes=60).stopped
    assert shown(feed_database) == ALL
    kept = cursor(feed_database)
    assert kept is not None
    assert kept.since == "mark-1"


def test_once_a_day_everything_is_read_and_what_is_absent_closes(feed_database: Database, api: Api, run: Run) -> None:
    run()
    del api.items[4]
    report = run(minutes=25 * 60)
    assert "updatedSince" not in api.asked[-1]
    assert (report.mode, report.closed, report.outcomes) == ("full", 1, {"unchanged": 4})
    assert shown(feed_database) == ALL - {"P4"}
    api.items.append(item(4))
    run(minutes=50 * 60)
    assert shown(feed_database) == ALL


def fails(status: int) -> Callable[[BaseHTTPRequestHandler], None]:
    return says(b"", status)


@pytest.mark.parametrize(
    "trouble",
    [
        fails(500),
        fails(404),
        says(b'{"code": 0, "data": {"list": [{"jobId": "P9", "jo'),
        says(b'{"code": 500, "msg": "busy"}'),
        says(b'{"code": 0}', Content_Length="900"),
        says(gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip"),
        says(b"", 302, Location="http://169.254.169.254/latest/meta-data"),
        says(b"", 302, Location="http://10.0.0.1/"),
    ],
    ids=["500", "404", "cut JSON", "notice with 200", "cut off", "gzip bomb", "metadata address", "private address"],
)
@pytest.mark.costly
def test_a_missing_page_closes_nothing(
    feed_database: Database, api: Api, run: Run, trouble: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    run()
    del api.items[4]
    api.items[0] = item(0, recruitNum=7)
    api.broken = {2: trouble}
    report = run(full=True)
    assert "第 2 页没有取到" in report.gap
    assert report.closed == 0
    assert shown(feed_database) == ALL
    with feed_database.read_session() as session:  # what came is used
        assert session.scalars(select(Job.headcount).where(Job.original_id == "P0")).one() == 7
        last = session.scalars(select(FeedRun).order_by(FeedRun.run_id.desc()).limit(1)).one()
        assert (last.status, last.report["gap"]) == ("done", report.gap)
    api.broken = {}
    assert run(full=True).closed == 1


@pytest.mark.parametrize("trouble", [fails(500), says(b"<html>"), says(b'{"data": {}}'), says(b"")])
def test_a_first_page_that_fails_is_a_failed_run(
    feed_database: Database, api: Api, run: Run, trouble: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    run()
    api.broken = {1: trouble}
    with pytest.raises(Refusal):
        run(full=True)
    assert shown(feed_database) == ALL
    with feed_database.read_session() as session:
        assert session.scalars(select(FeedRun.status).order_by(FeedRun.run_id.desc()).limit(1)).one() == "failed"


def test_an_empty_list_stops_it(feed_database: Database, api: Api, run: Run) -> None:
    run()
    api.items = []
    report = run(full=True)
    assert "不在合理范围" in report.stopped
    assert shown(feed_database) == ALL


def test_a_server_that_gives_the_same_page_again(feed_database: Database, api: Api, run: Run) -> None:
    run()
    first = api.page(1, 2)
    api.broken = {2: says(first), 3: says(first)}
    report = run(full=True)
    assert "和前面的内容一样" in report.gap
    assert (report.read, report.repeated, report.closed) == (2, 2, 0)
    assert shown(feed_database) == ALL


def test_a_list_that_moves_while_it_is_read(feed_database: Database, api: Api, run: Run) -> None:
    """A record comes in at the top between two pages: the last of page one stands on page two again."""
    data = {"list": [item(1), item(2)], "total": 5, "serverTime": "m", "removed": []}
    api.broken = {2: says(json.dumps({"data": data}).encode())}
    report = run()
    assert (report.read, report.repeated) == (4, 1)
    assert "只取到 4 条" in report.gap
    assert report.outcomes == {"published": 4}


def test_fewer_than_promised_is_a_gap(feed_database: Database, api: Api, run: Run) -> None:
    run()
    api.total = 9
    del api.items[4]
    report = run(full=True)
    assert "对方说有 9 条，只取到 4 条" in report.gap
    assert shown(feed_database) == ALL


def test_gb18030_that_says_it_is_utf8(feed_database: Database, api: Api, run: Run) -> None:
    api.encoding = "gb18030"
    report = run()
    assert (report.form, report.outcomes) == ("json/gb18030", {"published": 5})
    with feed_database.read_session() as session:
        assert session.scalars(select(Job.title).where(Job.original_id == "P1")).one() == "缝纫工乙班"


def test_a_record_that_was_mangled_before_it_was_sent(feed_database: Database, api: Api, run: Run) -> None:
    wrong = "缝纫工辅助".encode().decode("gb18030", errors="replace")
    api.items[1] = item(1, jobName="电子厂普工".encode("gb18030").decode("latin-1"))
    api.items[2] = item(2, jobName=wrong if "\ufffd" in wrong else "锟斤拷")
    run()
    with feed_database.read_session() as session:
        assert session.scalars(select(Job.title).where(Job.original_id == "P1")).one() == "电子厂普工"
        lost = session.scalars(select(FeedRecord).where(FeedRecord.reason_code == "text_broken")).one()
    assert lost.stopped_at == "normalised"


def test_a_slow_server_costs_the_run_and_nothing_else(feed_database: Database, api: Api, run: Run) -> None:
    run()

    def sleeps(request: BaseHTTPRequestHandler) -> None:
        request.connection.settimeout(1.5)
        request.rfile.read(1)  # until the other side leaves

    api.broken = {1: sleeps}
    with pytest.raises(Refusal) as caught:
        run(full=True)
    assert caught.value.error == "feed_slow"
    assert shown(feed_database) == ALL


def test_a_contact_that_changes_alone_is_brought(feed_database: Database, api: Api, run: Run) -> None:
    run()
    api.items[1] = item(1, contact={"name": "演示联系人", "phone": "139 0000 0001"})
    run(full=True)
    with feed_database.read_session() as session:
        job = session.scalars(select(Job).where(Job.original_id == "P1")).one()
        assert (job.contact_name, job.contact_phone) == ("演示联系人", "13900000001")


def test_what_is_not_set_up_is_said_so(feed_database: Database, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        pull(feed_database, open_source("province_jobs", tmp_path), now=NOW)
    assert caught.value.error == "feed_not_set_up"


@pytest.fixture
def listed(source: FeedSource) -> FeedSource:
    """The same where the server knows no changes, but says when its list is the one we have."""
    return replace(source, way=replace(source.way, conditional=True, paging=replace(source.way.paging, since_param="")))


def test_a_list_that_has_not_changed_is_not_read_again(
    feed_database: Database, api: Api, server: Server, listed: FeedSource
) -> None:
    mark = ['"v1"']

    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("If-None-Match") == mark[0]:
            says(b"", 304, ETag=mark[0])(request)
        else:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
            says(api.page(int(asked["pageNo"]), 2), ETag=mark[0], Content_Type="application/json")(request)

    server.paths["/api/jobs"] = answer

    def once(*, days: float = 0) -> Report:
        server.asked.clear()
        return pull(feed_database, listed, now=NOW + timedelta(days=days), write=True)

    assert (once().mode, len(server.asked)) == ("full", 3)
    same = once(days=1)
    assert (same.mode, same.read, same.closed, len(server.asked)) == ("same", 0, 0, 1)
    assert server.asked[0][1]["if-none-match"] == '"v1"'
    assert shown(feed_database) == ALL
    kept = cursor(feed_database)
    assert kept is not None
    assert (kept.etag, kept.full_at) == ('"v1"', NOW)
    # Another list: what it no longer has goes; and now and then it is read although it has not changed.
    mark[0], api.items = '"v2"', api.items[1:]
    assert (once(days=2).mode, shown(feed_database)) == ("full", ALL - {"P0"})
    assert once(days=3).mode == "same"
    assert (once(days=2 + listed.valid_days / 4 + 1).mode, len(server.asked)) == ("full", 2)
    assert all("if-none-match" not in headers for _, headers in server.asked)


@pytest.mark.parametrize(("bound", "said"), [(Limits(pull_bytes=1), "超过 0 MB"), (Limits(pull_seconds=0.3), "用了 0 分钟")])
def test_a_pull_has_an_end_whatever_the_server_still_has(
    feed_database: Database, api: Api, run: Run, source: FeedSource, bound: Limits, said: str
) -> None:
    run()
    api.as_of = "mark-2"

    def slowly(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.35)
        says(api.page(1, 2), Content_Type="application/json")(request)

    api.broken[1] = slowly
    bounded = replace(source, way=replace(source.way, limits=bound))
    report = pull(feed_database, bounded, now=NOW + timedelta(days=1), write=True)
    assert said in report.gap
    assert (report.read, report.closed, shown(feed_database)) == (2, 0, ALL)
    kept = cursor(feed_database)
    assert kept is not None
    assert kept.since == "mark-1"


def test_a_pull_that_waits_for_its_server_is_not_taken_for_dead(
    feed_database: Database, api: Api, run: Run, source: FeedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(lease, "SILENT", timedelta(seconds=0.8))
    patient = replace(source, way=replace(source.way, limits=replace(source.way.limits, read_seconds=5, whole_seconds=10)))
    refused: list[str] = []

    def slowly(request: BaseHTTPRequestHandler) -> None:
        time.sleep(1.6)
        with feed_database.write_session() as session:  # whether its process lives cannot be seen from another machine
            session.execute(update(FeedRun).values(host="another-machine"))
        try:
            pull(feed_database, patient, now=NOW, write=True)
        except Refusal as busy:
            refused.append(busy.error)
        says(api.page(1, 2), Content_Type="application/json")(request)

    api.broken[1] = slowly
    assert pull(feed_database, patient, now=NOW, write=True).outcomes == {"published": 5}
    assert refused == ["feed_running"]


def test_codes_that_no_table_has_are_told(feed_database: Database, api: Api, run: Run) -> None:
    api.items[1] = item(1, education="59", description="用平缝机缝制工作服。")
    api.items[2] = item(2, salary={"min": 5000, "max": 7000, "unit": "fortnight"}, description="用平缝机缝制工作服。")
    report = run()
    said = [(record(feed_database, key).steps or {})["normalised"] for key in ("P1", "P2")]
    assert said == [
        ["noted", "lookup_unknown", "来源用了没有见过的代码，这一项先空着：学历 5"],
        ["noted", "lookup_unknown", "来源用了没有见过的代码，这一项先空着：工资单位 fortnight"],
    ]
    assert report.remarks["lookup_unknown"] == 2
    assert (record(feed_database, "P2").reason_code, shown(feed_database)) == ("elements_missing", ALL - {"P2"})
    assert run(minutes=1, full=True).outcomes == {"unchanged": 4, "held": 1}
