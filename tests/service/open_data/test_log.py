"""The log a page at a time: no line is lost, whatever overlaps, and a position stays small."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from service import clock
from service.db import Database
from service.errors import BadRequest, Gone
from service.indexing.changes import note_restored
from service.indexing.follower import snapshot_session
from service.jobs.models import JobChange
from service.open_data import log
from service.open_data.policy import policy
from service.open_data.position import HELD_MOST, LONGEST, Position
from service.open_data.tasks import prune


def add(session: Session, *job_ids: int) -> None:
    """Lines of the log."""
    session.execute(insert(JobChange), [{"job_id": job_id, "at": clock.now()} for job_id in job_ids])


def start(database: Database) -> Position:
    """The position behind what there is."""
    with snapshot_session(database) as session:
        return log.present(session, clock.now())


def page(database: Database, since: Position, most: int = 1000) -> log.Page:
    """A page, its position sent through text."""
    with snapshot_session(database) as session:
        found = log.read(session, since, most)
    text = found.position.dump()
    assert len(text) <= LONGEST
    assert Position.load(text).dump() == text
    return log.Page(found.job_ids, Position.load(text), found.more)


def all_of(database: Database, since: Position, most: int) -> tuple[list[int], Position]:
    """All pages; every one but the last is full."""
    jobs: list[int] = []
    while True:
        found = page(database, since, most)
        jobs += found.job_ids
        since = found.position
        if not found.more:
            return jobs, since


def patiently(database: Database, since: Position, count: int) -> tuple[list[int], Position]:
    """All pages until so many jobs were given: what others in this server have open may hold the newest back a while."""
    jobs: list[int] = []
    deadline = time.monotonic() + 60
    while len(jobs) < count and time.monotonic() < deadline:
        more, since = all_of(database, since, 3)
        jobs += more
    return jobs, since


@pytest.mark.parametrize("most", [1, 3, 7, 1000])
def test_pages_of_any_size_give_every_line_once(database: Database, most: int) -> None:
    since = start(database)
    for first in (1, 11, 21):
        with database.write_session() as session:
            add(session, *range(first, first + 10))
    jobs, behind = all_of(database, since, most)
    assert jobs == list(range(1, 31))
    assert page(database, behind).job_ids == []


def test_a_page_that_ends_within_a_transaction_goes_on_there(postgres_url: str) -> None:
    """Also when, meanwhile, a transaction with a lower number commits, and the page after ends within that one."""
    database = Database(postgres_url)
    with Session(database.write_engine) as slow:
        since = start(database)
        add(slow, 101)  # takes its number here
        with database.write_session() as quick:
            add(quick, *range(1, 8))
        first = page(database, since, 3)
        assert (first.job_ids, first.more) == ([1, 2, 3], True)
        add(slow, 102, 103)
        slow.commit()
    second = page(database, first.position, 2)
    assert second.job_ids == [101, 102]
    rest, behind = all_of(database, second.position, 2)
    assert sorted(rest) == [4, 5, 6, 7, 103]
    assert page(database, behind).job_ids == []
    database.close()


def test_slow_transactions_hold_nothing_up_and_lose_nothing(postgres_url: str) -> None:
    database = Database(postgres_url)
    since = start(database)
    with Session(database.write_engine) as slow:
        add(slow, 1)
        for number in range(2, 6):
            with database.write_session() as session:
                add(session, number)
        before, since = all_of(database, since, 2)
        assert before == [2, 3, 4, 5]
        assert page(database, since).job_ids == []
        slow.commit()
    assert page(database, since).job_ids == [1]
    database.close()


def test_a_position_stays_small_while_a_transaction_takes_for_ever(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "HELD_MOST", 5)
    database = Database(postgres_url)
    since, got = start(database), []
    with Session(database.write_engine) as slow:
        add(slow, 100)
        for number in range(20):
            with database.write_session() as session:
                add(session, number + 1)
            found = page(database, since)
            got += found.job_ids
            since = found.position
            assert len(since.held) <= 5
        assert got == [1, 2, 3, 4, 5]
        slow.commit()
    rest, since = patiently(database, since, 16)
    assert sorted(rest) == [*range(6, 21), 100]
    assert page(database, since).job_ids == []
    database.close()


def test_a_start_beside_very_many_quick_ones_gives_some_again_and_loses_none(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "HELD_MOST", 6)
    database = Database(postgres_url)
    with Session(database.write_engine) as slow:
        add(slow, 100)
        for number in range(1, 11):
            with database.write_session() as session:
                add(session, number)
        since = start(database)
        assert len(since.held) == 3
        with database.write_session() as session:
            session.execute(insert(JobChange), {"job_id": 99, "at": clock.now(), "transaction_id": since.horizon + 10**6})
        assert 99 not in all_of(database, since, 2)[0], "the number of another server's transaction is no place to go on from"
        slow.commit()
    assert sorted(patiently(database, since, 8)[0]) == [*range(4, 11), 100]
    database.close()


def test_numbers_that_a_restored_log_brings_hide_nothing(postgres_url: str) -> None:
    """A restored line may bear the number of a transaction that goes on here: what that one writes is told all the same."""
    database = Database(postgres_url)
    with database.write_session() as session:
        add(session, 7)
    with Session(database.write_engine) as slow:
        number = slow.scalar(text("SELECT pg_current_xact_id()::text::bigint"))
        with database.write_session() as session:
            session.execute(update(JobChange).values(transaction_id=number))
            note_restored(session, clock.now())
        since = start(database)
        add(slow, 100)
        slow.commit()
    assert patiently(database, since, 1)[0] == [100]
    database.close()


def test_the_longest_position_fits_a_url() -> None:
    now = clock.now()
    held = {10**12 + number * 1000: 10**9 for number in range(HELD_MOST)}
    position = Position("p", now, 10**12 - 1, 10**10, now, 2**53, held)
    assert len(position.dump()) <= LONGEST
    assert Position.load(position.dump()).held == held


@pytest.mark.parametrize("text", ["x", "W10", "bm8", "WzEsInAiLC0xLDEsMSwxLDEsW11d", "é", "A" * 5000, "WzFd"])
def test_what_never_was_a_position_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        Position.load(text)
    assert refused.value.error == "position_invalid"


def test_positions_that_nobody_can_go_on_from_are_gone(database: Database) -> None:
    with database.write_session() as session:
        add(session, 1)
    now, good = clock.now(), start(database)

    def check(position: Position) -> None:
        with snapshot_session(database) as session:
            log.check(session, position, now)

    check(good)
    check(good.at(now - timedelta(days=29)))
    other = "s" if good.kind == "p" else "p"
    old, ahead = good.at(now - timedelta(days=31)), good.at(now + timedelta(hours=2))
    replaced = Position(good.kind, now, good.horizon, good.newest + 5, now)
    for bad in (old, ahead, replaced, Position(other, now, 1, 0, now), Position(good.kind, now, good.horizon + 10**9, 0, now)):
        with pytest.raises(Gone) as refused:
            check(bad)
        assert refused.value.details == {"snapshot": "/v1/snapshot/jobs"}
    with database.write_session() as session:
        note_restored(session, now)
    with pytest.raises(Gone):
        check(good)
    check(start(database))


def test_old_lines_go_and_the_newest_stays(database: Database) -> None:
    now = clock.now()
    long_ago = now - policy(now).log_age - timedelta(hours=1)
    with database.write_session() as session:
        session.execute(insert(JobChange), [{"job_id": number, "at": long_ago} for number in (1, 2, 3)])
        assert prune(session, now) == 2
        assert list(session.scalars(select(JobChange.job_id))) == [3]
        session.execute(insert(JobChange), [{"job_id": 4, "at": now - policy(now).position_age}])
        assert prune(session, now) == 1
        assert prune(session, now) == 0
        assert list(session.scalars(select(JobChange.job_id))) == [4]
