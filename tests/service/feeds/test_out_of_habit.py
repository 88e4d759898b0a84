"""A list half as long as always, and a rule met ten times as often: real pulls, seen wherever staff look."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import flask
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from service import clock
from service.config import Settings
from service.db import Database
from service.feeds.cli import feeds_cli
from service.feeds.ingest import pull
from service.feeds.models import FeedRun
from service.feeds.staff_tasks import DIGEST
from service.state_metrics import FEEDS_SECONDS, StateMetrics
from service.tasks import registry
from service.tasks.registry import Outside
from tests.service.conftest import People
from tests.service.feeds.conftest import MakeSource, WriteCsv, row

KEY = "job51_sample"
RULE = "D-08.origin_preferred"
NIGHTS, LONG, SHORT, LOCALS = 6, 30, 15, 12


@pytest.fixture
def odd_run(app: flask.Flask, write_csv: WriteCsv, make_source: MakeSource) -> int:
    """Six nights of the same list, each with one advert that the rule has a word about, then half of it with twelve such."""
    source = replace(make_source(vanish_share=1.0), key=KEY)
    until = (clock.now().date() + timedelta(days=90)).isoformat()
    database: Database = app.extensions["database"]
    number: int | None = None
    for night in range(NIGHTS + 1):
        count, locals_first = (LONG, 1) if night < NIGHTS else (SHORT, LOCALS)
        words = [
            f"第{night}天写的，本地人优先。" if one <= locals_first else "用平缝机缝制工作服。" for one in range(1, count + 1)
        ]
        rows = [row(one, content=said, until=until) for one, said in enumerate(words, 1)]
        number = pull(database, source, now=clock.now(), path=write_csv("file.csv", rows), write=True).run_id
    assert number is not None
    return number


@pytest.fixture
def terminal(app: flask.Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """The command line, with the settings of the application."""
    monkeypatch.setenv("DATABASE_URL", app.extensions["database"].url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return CliRunner()


def test_seen_in_status_api_digest_and_metrics(
    app: flask.Flask,
    client: FlaskClient,
    people: People,
    settings: Settings,
    terminal: CliRunner,
    odd_run: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = [("count", "read"), ("count", "fit"), ("count", "closed"), ("reason", RULE)]

    standing = client.get("/v1/feeds/status", headers=people.bureau).get_json()["items"][0]
    assert (standing["source"], [(one["kind"], one["what"]) for one in standing["oddities"]]) == (KEY, expected)
    run = client.get(f"/v1/feeds/{KEY}/runs/{odd_run}", headers=people.bureau).get_json()
    assert run["remarks"] == {RULE: LOCALS}
    assert [(one["what"], one["value"]) for one in run["oddities"]][::3] == [("read", SHORT), (RULE, LOCALS)]

    shown = terminal.invoke(feeds_cli, ["status"]).output
    assert f"! {KEY}：读到 {SHORT} 条，比平常少：平常 {LONG} 条左右" in shown
    assert re.search(rf"! {KEY}：.*户籍、地域歧视.*出现 {LOCALS} 次", shown)

    work = registry.known(DIGEST).outside
    assert work is not None
    work(Outside(app.extensions["database"], settings), {}, clock.now() + timedelta(days=1))
    told = client.get("/v1/feeds/digest", headers=people.bureau).get_json()
    assert [line["source"] for line in told["out_of_habit"]] == [KEY]
    assert {("count", "read"), ("reason", RULE)} <= {(one["kind"], one["what"]) for one in told["out_of_habit"][0]["oddities"]}

    # Whoever scraped in the minute before, another part of the application included, has let it be read already.
    monkeypatch.setattr("service.state_metrics.FEEDS_SECONDS", 0)
    scraped = client.get("/metrics").get_data(as_text=True)
    kinds = dict(re.findall(rf'chengnuan_feed_oddities\{{kind="(\w+)",source="{KEY}"\}} (\d+)\.0', scraped))
    assert kinds == {"broken": "0", "silent": "0", "count": "3", "reason": "1"}


def test_a_scrape_reads_the_runs_at_most_once_a_minute(app: flask.Flask, odd_run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_000.0
    monkeypatch.setattr("service.state_metrics.time.monotonic", lambda: moment)
    metrics = StateMetrics(app)

    def broken() -> float:
        (told,) = list(metrics._feeds())
        return sum(one.value for one in told.samples if one.labels == {"source": KEY, "kind": "broken"})

    assert broken() == 0
    with app.extensions["database"].write_session() as session:
        session.get_one(FeedRun, odd_run).status = "failed"
    moment += FEEDS_SECONDS
    assert broken() == 0
    moment += 1
    assert broken() == 1
