"""The public page: figures are added up once, percentiles are never flattered, outages count."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from service import clock
from service.db import Database
from service.employers.models import Verification
from service.metric_files import DIRECTORY
from service.performance import tasks
from service.performance.counted import Counted, at_most, epoch, read_counters, share_below, together
from service.performance.models import CounterMark, DailyFigures
from service.wechat.models import OutgoingMessage
from tests.service.conftest import People, settings_for

NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
"""Noon in Beijing."""
ROOT = Path(__file__).resolve().parents[3]
BOUNDS = ("0.02", "0.05", "0.1", "0.25", "+Inf")


def _counted(requests: int = 0, errors: int = 0, **times: int) -> Counted:
    search = {bound: times.get(f"s{number}", 0) for number, bound in enumerate(BOUNDS)}
    return Counted(requests, errors, search, {"0.3": times.get("v", 0), "+Inf": 0})


def _minute(
    database: Database, now: datetime, counted: Counted | None = None, *, answered: bool = True, began: str = "1"
) -> None:
    with database.write_session() as session:
        tasks.add_up(session, now, answered=answered, counted=counted, epoch=began)


def _row(database: Database, day: date = date(2026, 11, 27)) -> DailyFigures:
    with database.read_session() as session:
        return session.get_one(DailyFigures, day)


def test_counts_are_added_once(database: Database) -> None:
    _minute(database, NOON, _counted(100, 2, s0=50, s2=10, v=3))
    _minute(database, NOON + timedelta(minutes=1), _counted(150, 2, s0=60, s2=20, v=3))
    _minute(database, NOON + timedelta(minutes=2), _counted(150, 2, s0=60, s2=20, v=3))
    row = _row(database)
    assert (row.requests, row.errors) == (150, 2)
    assert (row.search_times["0.02"], row.search_times["0.1"]) == (60, 20)
    assert row.visible_times == {"0.3": 3, "+Inf": 0}


def test_a_restart_begins_to_count_anew(database: Database) -> None:
    _minute(database, NOON, _counted(100))
    _minute(database, NOON + timedelta(minutes=1), _counted(130), began="2")
    assert _row(database).requests == 230
    with database.read_session() as session:
        assert session.scalars(select(CounterMark)).one().epoch == "2"


def test_a_new_day_has_a_row_of_its_own(database: Database) -> None:
    midnight = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
    _minute(database, midnight - timedelta(minutes=1), _counted(100))
    _minute(database, midnight, _counted(110))
    assert _row(database).requests == 100
    assert _row(database, date(2026, 11, 28)).requests == 10
    assert _row(database, date(2026, 11, 28)).probes == 1


def test_minutes_in_which_nobody_was_there_have_failed(database: Database) -> None:
    for minute in (0, 1, 2, 10):
        _minute(database, NOON + timedelta(minutes=minute), answered=minute != 2)
    row = _row(database)
    assert (row.probes, row.probes_ok) == (11, 3)


def test_before_the_very_first_answer_nothing_is_down(database: Database) -> None:
    """A first start loads and compiles: the service was not there yet. From its first answer on every minute counts."""
    for minute in range(3):
        _minute(database, NOON + timedelta(minutes=minute), answered=False)
    assert (_row(database).probes, _row(database).probes_ok) == (0, 0)
    _minute(database, NOON + timedelta(minutes=10))
    assert (_row(database).probes, _row(database).probes_ok) == (1, 1)  # nor what nobody wrote down meanwhile
    _minute(database, NOON + timedelta(minutes=11), answered=False)  # started again: that is down
    _minute(database, NOON + timedelta(minutes=15))
    assert (_row(database).probes, _row(database).probes_ok) == (6, 2)


def test_a_first_start_over_midnight(database: Database) -> None:
    midnight = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
    _minute(database, midnight - timedelta(minutes=1), answered=False)
    _minute(database, midnight + timedelta(minutes=5), answered=False)
    _minute(database, midnight + timedelta(minutes=6))
    _minute(database, midnight + timedelta(minutes=7))
    first, second = _row(database), _row(database, date(2026, 11, 28))
    assert (first.probes, second.probes, second.probes_ok) == (0, 2, 2)
    _minute(database, midnight + timedelta(days=1, minutes=2), answered=False)  # on later days from midnight
    third = _row(database, date(2026, 11, 29))
    assert (third.probes, third.probes_ok) == (3, 0)


def test_the_page_says_from_when_it_counts(client: FlaskClient, app: flask.Flask) -> None:
    database: Database = app.extensions["database"]
    now = clock.now()
    _minute(database, now, answered=False)
    assert client.get("/performance.json").get_json()["days"][0]["uptime"] is None
    _minute(database, now)
    page = client.get("/performance", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert client.get("/performance.json").get_json()["days"][0]["uptime"] == 1.0
    assert "从第一次装好、能回答的那一分钟算起" in page


def test_an_outage_over_midnight_counts(database: Database) -> None:
    _minute(database, NOON)
    _minute(database, NOON + timedelta(hours=13))  # one in the morning
    row = _row(database, date(2026, 11, 28))
    assert (row.probes, row.probes_ok) == (61, 1)


def test_days_are_kept_for_a_while(database: Database) -> None:
    for days in (0, 50, 91, 140):
        _minute(database, NOON + timedelta(days=days))
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(DailyFigures)) == 3


def test_messages_and_reviews_of_the_day(app: flask.Flask, people: People) -> None:
    database: Database = app.extensions["database"]
    account_id = people.account_ids["worker"]

    def message(number: int, queued: datetime, state: str, took: float | None = None) -> OutgoingMessage:
        done = None if took is None else queued + timedelta(seconds=took)
        return OutgoingMessage(
            account_id=account_id, message="made_up", message_key=f"made-up-{number}", state=state, queued_at=queued,
            done_at=done, expires_at=queued + timedelta(days=1), row_key=f"{number:032x}",
        )  # fmt: skip

    def review(due: datetime, decided: datetime | None) -> Verification:
        return Verification(
            employer_id=people.employer_id, region_code="360702000000", state="x", submitted_by=account_id,
            submitted_at=due - timedelta(days=1), due_at=due, decided_at=decided,
        )  # fmt: skip

    hour = timedelta(hours=1)
    with database.write_session() as session:
        session.add_all(
            [
                message(1, NOON - hour, "sent", 2),
                message(2, NOON - hour, "sent", 60),
                message(3, NOON - hour, "refused", 1),
                message(4, NOON - hour, "queued"),
                message(5, NOON - timedelta(seconds=1), "queued"),
                message(6, NOON - 20 * hour, "sent", 60),
                review(NOON + hour, NOON - hour),
                review(NOON - 2 * hour, NOON - hour),
                review(NOON - hour, None),
                review(NOON + 30 * hour, None),
            ]
        )
    _minute(database, NOON)
    row = _row(database)
    assert (row.messages, row.messages_in_time) == (3, 1)
    assert (row.reviews, row.reviews_in_time) == (3, 1)


@given(st.dictionaries(st.sampled_from(BOUNDS), st.integers(0, 1000)), st.integers(1, 100))
def test_a_percentile_is_never_flattered(times: dict[str, int], percent: int) -> None:
    found = at_most(times, percent)
    total = sum(times.values())
    if total == 0:
        assert found is None
        assert share_below(times, 0.1) is None
        return
    within = sum(number for bound, number in times.items() if found is None or float(bound) <= found)
    assert within * 100 >= total * percent
    smaller = [float(bound) for bound in times if found is None or float(bound) < found]
    for bound in (one for one in smaller if one != float("inf")):
        assert (share_below(times, bound) or 0.0) * 100 < percent + 1e-9


def test_buckets_that_changed_do_not_lose_counts() -> None:
    assert together({"0.1": 3, "+Inf": 1}, {"0.05": 2, "+Inf": 1}) == {"0.05": 2, "0.1": 3, "+Inf": 2}


def test_the_counters_of_all_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DIRECTORY, raising=False)
    assert read_counters() is None
    monkeypatch.setenv(DIRECTORY, str(tmp_path))
    before = epoch()
    assert before
    assert before == epoch()
    assert read_counters() == Counted()


_A_WEB_PROCESS = """
import sys
from pathlib import Path
from service.app import create_app
from service.metrics import VISIBLE_SECONDS
from tests.service.conftest import settings_for
app = create_app(settings_for(sys.argv[1], Path(sys.argv[2])))
client = app.test_client()
asked = [client.get("/v1/jobs?q=x"), client.post("/v1/match", json={"text": "x"}), client.get("/v1/jobs/1"), client.get("/none")]
print(*(answer.status_code for answer in asked))
VISIBLE_SECONDS.observe(0.2)
"""


def test_what_real_processes_count_is_read(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names and labels are those under which the web counts: two processes, without an index, so each search is a 503."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    for _ in range(2):
        command = [sys.executable, "-c", _A_WEB_PROCESS, sqlite_url, str(tmp_path)]
        environment = os.environ | {DIRECTORY: str(folder)}
        told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert told.stdout.split() == ["503", "503", "404", "404"], told.stderr[-2000:]
    monkeypatch.setenv(DIRECTORY, str(folder))
    counted = read_counters()
    assert counted is not None
    assert (counted.requests, counted.errors) == (8, 4)
    assert sum(counted.search_times.values()) == 4
    assert sum(counted.visible_times.values()) == 2
    assert at_most(counted.search_times, 100) is not None


@pytest.mark.parametrize(("status", "told"), [(200, True), (503, False)])
def test_the_probe_asks_the_web(status: int, told: bool) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = settings_for("sqlite://", Path(), port=server.server_address[1])
        assert tasks.answers(settings) is told
        server.shutdown()
    assert tasks.answers(settings) is False


def test_the_page_before_the_first_minute(client: FlaskClient, app: flask.Flask) -> None:
    assert "还没有数字" in client.get("/performance", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert client.get("/performance.json").get_json() == {"days": []}


def test_the_page_and_its_json(client: FlaskClient, app: flask.Flask) -> None:
    database: Database = app.extensions["database"]
    now = clock.now()
    _minute(database, now - timedelta(days=2))
    _minute(database, now - timedelta(days=1), _counted(10, 1, s4=10), answered=False)
    _minute(database, now, _counted(100_010, 3, s0=99_000, s2=950, s3=50, s4=10, v=4))
    page = client.get("/performance", headers={"Accept": "text/html,application/xhtml+xml"})
    words = page.get_data(as_text=True)
    assert page.mimetype == "text/html"
    assert "100,000 次" in words
    assert "99.95%" in words
    assert "<script" not in words
    assert "style-src 'sha256-" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    told = client.get("/performance.json").get_json()
    assert client.get("/performance", headers={"Accept": "application/json"}).get_json() == told
    today, yesterday, _ = told["days"]
    assert (today["searches"], today["errors"], today["search_p50_ms"], today["search_p99_ms"]) == (100_000, 2, 20, 20)
    assert today["search_within_100_ms"] == 0.9995
    assert today["visible_p95_ms"] == 300
    assert (yesterday["search_p50_ms"], yesterday["search_within_100_ms"], yesterday["uptime"]) == (None, 0.0, 0.0)
    assert yesterday["messages_within_10_s"] is None


def test_almost_all_is_not_all(client: FlaskClient, app: flask.Flask) -> None:
    _minute(app.extensions["database"], clock.now(), _counted(s0=9_999_999, s4=1))
    assert client.get("/performance.json").get_json()["days"][0]["search_within_100_ms"] == 0.99999
    assert "99.99%" in client.get("/performance", headers={"Accept": "text/html"}).get_data(as_text=True)
