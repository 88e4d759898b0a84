"""Putting adverts of a source: the same one twice is one row, a changed one is changed, and the change log tells it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from service.db import Database
from service.errors import Conflict
from service.jobs.advert import Advert, GigAdvert, Source
from service.jobs.close import close
from service.jobs.lifetimes import lifetime
from service.jobs.models import Job, JobChange, JobHistory
from service.jobs.put import GONE, put

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LIST = Source(
    "list",
    "演示名录",
    source_class="catalogue",
    original_id="1",
    label="需求目录",
    legal_basis="政府公开名录",
    missing=("employer",),
)
ADVERT = Advert(kind="public", title="焊工", source=LIST, wage="7000元/月", region="赣州市章贡区", headcount=2)


def _put(database: Database, advert: Advert, now: datetime = NOW, **options: Any) -> tuple[int, str]:
    with database.write_session() as session:
        job, outcome = put(session, advert, account_id=None, now=now, **options)
        session.flush()
        return job.job_id, outcome


def _row(database: Database, job_id: int) -> Job:
    with database.read_session() as session:
        return session.scalars(
            select(Job).where(Job.job_id == job_id).options(joinedload(Job.gig), joinedload(Job.listing))
        ).one()


def _log(database: Database) -> tuple[int, int]:
    with database.read_session() as session:
        return (
            session.scalar(select(func.count()).select_from(JobChange)) or 0,
            session.scalar(select(func.count()).select_from(JobHistory)) or 0,
        )


def test_created_then_unchanged(database: Database) -> None:
    first = _put(database, ADVERT)
    again = _put(database, ADVERT, NOW + timedelta(days=3))
    assert (first[1], again[1]) == ("created", "unchanged")
    assert first[0] == again[0]
    assert _log(database) == (1, 1)
    row = _row(database, first[0])
    assert row.published_at == NOW
    assert row.valid_until == NOW + lifetime("public", NOW).days
    assert (row.label, row.missing, row.source_class) == ("需求目录", ["employer"], "catalogue")


def test_changed(database: Database) -> None:
    job_id, _ = _put(database, ADVERT)
    assert _put(database, replace(ADVERT, wage="8000元/月")) == (job_id, "changed")
    row = _row(database, job_id)
    assert (row.wage_min, row.version) == (8000, 2)
    assert _log(database) == (2, 2)
    with database.read_session() as session:
        entry = session.scalars(select(JobHistory).where(JobHistory.action == "put")).one()
        assert entry.changes["wage_text"] == ["7000元/月", "8000元/月"]


def test_without_an_id_of_its_source_each_is_new(database: Database) -> None:
    advert = replace(ADVERT, source=replace(LIST, original_id=None))
    assert _put(database, advert)[0] != _put(database, advert)[0]


def test_run_out_and_still_listed_is_valid_again(database: Database) -> None:
    job_id, _ = _put(database, ADVERT)
    later = NOW + lifetime("public", NOW).days + timedelta(days=1)
    assert _put(database, ADVERT, later) == (job_id, "changed")
    assert _row(database, job_id).valid_until == later + lifetime("public", NOW).days


def test_gone_comes_back_but_closed_by_a_person_stays_closed(database: Database) -> None:
    job_id, _ = _put(database, ADVERT)
    for reason, status in ((GONE, "open"), ("filled", "closed")):
        with database.write_session() as session:
            job = session.scalars(select(Job).options(joinedload(Job.gig), joinedload(Job.listing))).one()
            assert close(session, job, reason, account_id=None, now=NOW)
        _put(database, ADVERT)
        assert _row(database, job_id).status == status


def test_a_change_that_must_be_looked_at_is_held_and_what_others_wait_for_stays(database: Database) -> None:
    job_id, _ = _put(database, ADVERT)
    _put(database, replace(ADVERT, headcount=3), held_for=("advert",))
    held = _row(database, job_id)
    assert (held.status, held.held_for) == ("held", ["advert"])
    with database.write_session() as session:
        session.get_one(Job, job_id).held_for = ["advert", "reported"]
    _put(database, replace(ADVERT, headcount=4))
    left = _row(database, job_id)
    assert (left.status, left.held_for, left.headcount) == ("held", ["reported"], 4)


def test_held_until_somebody_has_looked(database: Database) -> None:
    job_id, _ = _put(database, ADVERT, held_for=("advert",))
    assert _row(database, job_id).status == "held"
    assert _put(database, ADVERT, held_for=("advert",))[1] == "unchanged"
    assert _put(database, ADVERT)[1] == "changed"
    assert _row(database, job_id).status == "open"


def test_a_gig_ends_with_its_work(database: Database) -> None:
    gig = GigAdvert(NOW + timedelta(hours=1), NOW + timedelta(hours=9), 4, "无")
    advert = replace(ADVERT, kind="gig", gig=gig)
    job_id, _ = _put(database, advert)
    assert _row(database, job_id).valid_until == gig.ends_at
    assert _put(database, replace(advert, gig=replace(gig, seats=6)))[1] == "changed"
    row = _row(database, job_id)
    assert row.gig is not None
    assert row.gig.seats == 6


def test_seats_are_not_taken_away(database: Database) -> None:
    gig = GigAdvert(NOW + timedelta(hours=1), NOW + timedelta(hours=9), 4, "无")
    advert = replace(ADVERT, kind="gig", gig=gig)
    _put(database, advert)
    with database.write_session() as session:
        job = session.scalars(select(Job).options(joinedload(Job.gig))).one()
        assert job.gig is not None
        job.gig.seats_taken = 3
    with pytest.raises(Conflict):
        _put(database, replace(advert, gig=replace(gig, seats=2)))


def test_nothing_is_left_when_the_transaction_fails(database: Database) -> None:
    def fail() -> None:
        with database.write_session() as session:
            put(session, ADVERT, account_id=None, now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert _log(database) == (0, 0)
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_processes_with_the_same_advert(kind: str, sqlite_url: str, new_postgres_url: Callable[[], str]) -> None:
    database = Database(sqlite_url if kind == "sqlite" else new_postgres_url())
    start = threading.Barrier(3)
    outcomes: list[str] = []

    def work() -> None:
        start.wait(10)
        outcomes.append(_put(database, ADVERT)[1])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["created", "unchanged", "unchanged"]
    assert _log(database) == (1, 1)
    database.close()
