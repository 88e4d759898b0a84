"""Running steps again on what was pulled before, without its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.db import Database
from service.errors import Refusal
from service.feeds import settle
from service.feeds.ingest import pull
from service.feeds.models import FeedRecord, FeedRun
from service.feeds.record import Parsed, Unusable
from service.feeds.replay import REPLAYED, replay
from service.jobs.checks import check_advert
from service.jobs.findings import Finding
from service.jobs.models import Job, JobChange
from tests.service.feeds.conftest import NOW, MakeSource, WriteCsv, parse, row

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def source(make_source: MakeSource, feed_database: Database, write_csv: WriteCsv) -> Any:
    """A source that was pulled: two rows that are shown, one that its parser could not read; its file is gone since."""
    made = make_source()
    path = write_csv("file.csv", [row(1), row(2, content="缝制工作服，电话 13800000001"), row(3, title="炸")])
    pull(feed_database, made, now=NOW, path=path, write=True)
    path.unlink()
    return made


def state(database: Database) -> dict[str, tuple[str, str]]:
    with database.read_session() as session:
        rows = session.execute(select(FeedRecord.original_id, FeedRecord.outcome, FeedRecord.reason_code))
        return {row.original_id: (row.outcome, row.reason_code) for row in rows}


@pytest.mark.parametrize("step", REPLAYED)
def test_nothing_changes_where_nothing_has_changed(feed_database: Database, source: Any, step: str) -> None:
    with feed_database.read_session() as session:
        before = {one.original_id: one.steps for one in session.scalars(select(FeedRecord))}
        changes = len(session.scalars(select(JobChange.change_id)).all())
    promised = replay(feed_database, source, step=step, now=LATER)
    report = replay(feed_database, source, step=step, now=LATER, write=True)
    assert report.outcomes["unchanged"] == 2
    assert (promised.outcomes, promised.created) == (report.outcomes, report.created)
    with feed_database.read_session() as session:
        assert len(session.scalars(select(JobChange.change_id)).all()) == changes
        for one in session.scalars(select(FeedRecord).where(FeedRecord.outcome == "unchanged")):
            assert list(one.steps or {}) == list(before[one.original_id] or {})
            assert one.last_seen_at == NOW
        assert session.scalars(select(FeedRun.action).order_by(FeedRun.run_id)).all() == ["pull", "replay"]
        assert session.scalars(select(Job).where(Job.original_id == "V2")).one().contact_phone == "13800000001"


def test_a_parser_that_was_mended_brings_its_rows_back(feed_database: Database, source: Any) -> None:
    def mended(values: Mapping[str, str], lookups: Mapping[str, Any]) -> Parsed | Unusable:
        return parse({**values, "title": values["title"].replace("炸", "炸鸡工")}, lookups)

    assert {code for _, code in state(feed_database).values()} == {"", "parse_failed"}
    replay(feed_database, replace(source, parse=mended), step="parsed", now=LATER)  # a trial writes nothing
    assert {code for _, code in state(feed_database).values()} == {"", "parse_failed"}
    report = replay(feed_database, replace(source, parse=mended), step="parsed", now=LATER, write=True)
    assert report.outcomes == {"unchanged": 2, "published": 1}
    with feed_database.read_session() as session:
        assert session.scalars(select(Job.status).where(Job.title == "炸鸡工")).one() == "open"


def test_a_rule_that_is_new_takes_back_what_it_forbids(
    feed_database: Database, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:

    def stricter(advert: Any, now: Any, reading: Any, **_: Any) -> tuple[Finding, ...]:
        found = check_advert(advert, now, reading)
        return (Finding("demo_rule", "title", "乙班", "不能这样写。", "block"), *found) if "乙班" in advert.title else found

    monkeypatch.setattr(settle, "check_advert", stricter)
    report = replay(feed_database, source, step="checked", now=LATER, write=True)
    assert report.outcomes == {"rejected": 1, "unchanged": 1}
    assert state(feed_database)["V1"] == ("rejected", "demo_rule")
    with feed_database.read_session() as session:
        assert session.scalars(select(Job.status).where(Job.original_id == "V1")).one() == "closed"
        kept = session.scalars(select(FeedRecord).where(FeedRecord.original_id == "V1")).one()
        assert (kept.stopped_at, (kept.steps or {})["checked"][:2]) == ("checked", ["stopped", "demo_rule"])
    monkeypatch.setattr(settle, "check_advert", check_advert)
    assert replay(feed_database, source, step="checked", now=LATER, write=True).outcomes == {"published": 1, "unchanged": 1}
    with feed_database.read_session() as session:
        assert session.scalars(select(Job.status).where(Job.original_id == "V1")).one() == "open"


def test_fetching_is_no_step_of_a_replay(feed_database: Database, source: Any) -> None:
    with pytest.raises(Refusal) as caught:
        replay(feed_database, source, step="fetched", now=LATER)
    assert caught.value.error == "feed_step_unknown"


def test_a_row_whose_cells_slipped_stays_out(feed_database: Database, make_source: MakeSource, write_csv: WriteCsv) -> None:
    path = write_csv("file.csv", [row(1), row(2)])
    whole = path.read_bytes().splitlines()
    path.write_bytes(b"\r\n".join([*whole, whole[1] + b",too,many", whole[1].replace(b"V1", b"V3")]) + b"\r\n")
    source = make_source()
    pull(feed_database, source, now=NOW, path=path, write=True)
    before = sorted(state(feed_database).values())
    assert ("rejected", "row_shape") in before
    replay(feed_database, source, step="parsed", now=LATER, write=True)
    with feed_database.read_session() as session:
        assert session.scalars(select(FeedRecord.outcome).where(FeedRecord.reason_code == "row_shape")).one() == "rejected"


def test_a_doubted_source_waits_where_a_rule_only_warns(
    feed_database: Database, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        settle,
        "check_advert",
        lambda *_, **__: (Finding("demo_warning", "title", "", "请核对。", "warn", article="演示条例第一条"),),
    )
    doubted = replay(feed_database, replace(source, trust=0.3), step="checked", now=LATER)
    assert doubted.outcomes == {"held": 2}
    trusted = replay(feed_database, replace(source, trust=0.8), step="checked", now=LATER)
    assert trusted.outcomes["held"] == 0


def test_a_trial_promises_what_the_writing_does(make_source: MakeSource, feed_database: Database, write_csv: WriteCsv) -> None:
    made = make_source()
    pull(feed_database, made, now=NOW, path=write_csv("a.csv", [row(1), row(2)]), write=True)
    path = write_csv("b.csv", [row(1, pay="6000-8000元/月"), row(2), row(4)])
    promised = pull(feed_database, made, now=LATER, path=path)
    done = pull(feed_database, made, now=LATER, path=path, write=True)
    assert promised.outcomes == done.outcomes == {"published": 2, "unchanged": 1}
    assert (promised.created, promised.closed) == (done.created, done.closed) == (1, 0)
