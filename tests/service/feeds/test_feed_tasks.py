"""Sources pulled by the clock, and from the bureau's API."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from service.db import Database
from service.feeds import tasks
from service.feeds.models import FeedRun
from service.feeds.source import open_source
from service.feeds.way import Timing, timing_of
from service.jobs.models import Job
from service.tasks import Outside
from service.tasks.models import Task
from tests.service.conftest import People, settings_for
from tests.service.feeds.test_county_sheets import line, put

MORNING = datetime(2026, 11, 27, 0, 0, tzinfo=UTC)  # 08:00 in Beijing


@pytest.fixture
def set_up(tmp_path: Path) -> Path:
    """The county's folder with a sheet in it, in the operator's folder of feeds."""
    feeds = tmp_path / "feeds"
    folder = feeds / "county_sheets"
    folder.mkdir(parents=True)
    (feeds / "county_sheets.toml").write_text('[source]\nenabled = true\n[timing]\ndaily_at = "06:20"\n', encoding="utf-8")
    put(folder, "唐江镇岗位表2026-11-20.xlsx", [line("演示服装厂", "缝纫工", until="2099-12-31")])
    return feeds


def due(outside: Outside, now: datetime) -> list[dict[str, str]]:
    finish = tasks.find_due(outside, {}, now)
    with outside.database.write_session() as session:
        assert finish is not None
        finish(session)
    with outside.database.read_session() as session:
        return [dict(one) for one in session.scalars(select(Task.payload).where(Task.kind == tasks.PULL))]


def test_each_moment_makes_one_pull(database: Database, tmp_path: Path, set_up: Path) -> None:
    outside = Outside(database, settings_for(database.url, tmp_path))
    assert due(outside, MORNING) == [{"source": "county_sheets"}]
    assert len(due(outside, MORNING)) == 1
    assert len(due(outside, MORNING.replace(day=28))) == 2
    (set_up / "province_jobs.toml").write_text("this is no toml", encoding="utf-8")
    assert len(due(outside, MORNING.replace(day=29))) == 3  # another one's broken settings are in nobody's way


def test_the_task_pulls_and_writes(database: Database, tmp_path: Path, set_up: Path) -> None:
    outside = Outside(database, settings_for(database.url, tmp_path))
    tasks.pull_source(outside, {"source": "county_sheets"}, datetime.now(UTC))
    with database.read_session() as session:
        assert session.scalars(select(Job.title).where(Job.status == "open")).all() == ["缝纫工"]
        assert session.scalars(select(FeedRun.status)).all() == ["done"]
    for sheet in (set_up / "county_sheets").iterdir():
        sheet.unlink()
    tasks.pull_source(outside, {"source": "county_sheets"}, datetime.now(UTC))  # no use in trying again: it is in the run's row
    with database.read_session() as session:
        assert session.scalars(select(FeedRun.status).order_by(FeedRun.run_id)).all() == ["done", "failed"]
        assert session.scalars(select(Job.status)).all() == ["open"]


@pytest.mark.parametrize(
    ("timing", "now", "slot"),
    [
        ({"every_minutes": 60}, "2026-11-27T03:25:00+00:00", "2026-11-27T03:00:00+00:00"),
        ({"daily_at": "06:20"}, "2026-11-26T22:19:00+00:00", "2026-11-25T22:20:00+00:00"),
        ({"daily_at": "06:20"}, "2026-11-26T22:20:00+00:00", "2026-11-26T22:20:00+00:00"),
    ],
)
def test_moments(timing: dict[str, object], now: str, slot: str) -> None:
    assert timing_of(timing).slot(datetime.fromisoformat(now)) == datetime.fromisoformat(slot)


@pytest.mark.parametrize("timing", [{"every_minutes": 1}, {"every_minutes": 60, "daily_at": "06:20"}, {"never": True}])
def test_timings_that_are_none(timing: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="timing"):
        timing_of(timing)


@pytest.mark.parametrize("timing", ["", "[timing]\nevery_minutes = 0\n"])
def test_enabled_without_a_rhythm_is_pulled_by_hand_only(database: Database, tmp_path: Path, set_up: Path, timing: str) -> None:
    (set_up / "county_sheets.toml").write_text(f"[source]\nenabled = true\n{timing}", encoding="utf-8")
    assert due(Outside(database, settings_for(database.url, tmp_path)), MORNING) == []


def test_by_hand_only() -> None:
    assert timing_of({"every_minutes": 0}) == Timing()
    assert Timing().slot(MORNING) is None
    assert open_source("shortage_lists").timing == Timing()


class TestApi:
    @pytest.fixture
    def feeds(self, app: flask.Flask) -> Path:
        folder: Path = app.extensions["settings"].feeds_dir
        (folder / "county_sheets").mkdir(parents=True)
        (folder / "county_sheets.toml").write_text('[source]\nenabled = true\nregion = "360702000000"\n', encoding="utf-8")
        return folder

    def test_the_bureau_sees_the_sources_and_their_runs(
        self, app: flask.Flask, client: FlaskClient, people: People, feeds: Path
    ) -> None:
        sheet = put(feeds / "county_sheets", "唐江镇岗位表.xlsx", [line("演示服装厂", "缝纫工", until="2099-12-31")])
        os.utime(sheet, (time.time() - 3600, time.time() - 3600))
        outside = Outside(app.extensions["database"], app.extensions["settings"])
        tasks.pull_source(outside, {"source": "county_sheets"}, datetime.now(UTC))
        (feeds / "province_jobs.toml").write_text("[source]\ntrust = 7\n", encoding="utf-8")
        answer = client.get("/v1/feeds", headers=people.bureau)
        assert answer.status_code == 200, answer.get_json()
        cards = {one["source"]: one for one in answer.get_json()["items"]}
        assert set(cards) >= {"county_sheets", "job51_sample", "partner_postings", "province_jobs", "shortage_lists"}
        county = cards["county_sheets"]
        assert (county["enabled"], county["shown"], county["trust"], county["problem"]) == (True, 1, 0.85, "")
        assert (county["last_run"]["status"], county["last_run"]["published"], county["last_run"]["mode"]) == ("done", 1, "full")
        assert "就业促进法" in county["legal_basis"]
        assert "trust" in cards["province_jobs"]["problem"]
        runs = client.get("/v1/feeds/county_sheets/runs", headers=people.bureau).get_json()
        assert [one["status_name"] for one in runs["items"]] == ["完成"]
        assert [one["code"] for one in runs["items"][0]["reasons"]] == ["not_a_job"]
        assert runs["next_before"] is None
        assert client.get("/v1/feeds/nobody/runs", headers=people.bureau).status_code == 404

    @pytest.mark.usefixtures("feeds")
    def test_it_has_one_pulled(self, app: flask.Flask, client: FlaskClient, people: People) -> None:
        answer = client.post("/v1/feeds/county_sheets/runs", json={}, headers=people.bureau)
        assert answer.status_code == 202, answer.get_json()
        database: Database = app.extensions["database"]
        with database.read_session() as session:
            task = session.scalars(select(Task).where(Task.kind == tasks.PULL)).one()
            assert (task.task_id, task.payload) == (answer.get_json()["task_id"], {"source": "county_sheets", "full": False})
        with database.write_session() as session:
            moment = datetime.now(UTC)
            session.add(
                FeedRun(
                    source_key="county_sheets", running_key="county_sheets", started_at=moment, heartbeat_at=moment, report={}
                )
            )
        again = client.post("/v1/feeds/county_sheets/runs", json={}, headers=people.bureau)
        assert (again.status_code, again.get_json()["error"]) == (409, "feed_running")

    @pytest.mark.usefixtures("feeds")
    def test_not_another_countys_nor_one_that_is_not_set_up(self, client: FlaskClient, people: People) -> None:
        refused = client.post("/v1/feeds/county_sheets/runs", json={}, headers=people.other_bureau)
        assert (refused.status_code, refused.get_json()["error"]) == (403, "not_your_feed")
        assert client.post("/v1/feeds/shortage_lists/runs", json={}, headers=people.bureau).status_code == 403
        closed = client.post("/v1/feeds/province_jobs/runs", json={}, headers=people.operator)
        assert closed.status_code in {403, 409}
        assert client.get("/v1/feeds", headers=people.worker).status_code == 403
