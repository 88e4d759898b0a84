"""The change log loses no line, also when transactions overlap and commit in another order than they began."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.orm import Session

from service import clock
from service.db import Database
from service.indexing import changes
from service.indexing.changes import Position
from service.indexing.follower import snapshot_session
from service.jobs.models import JobChange


def add(session: Session, job_id: int) -> None:
    """One line of the log."""
    session.add(JobChange(job_id=job_id, at=clock.now()))
    session.flush()


def read(database: Database, since: Position) -> changes.Changes:
    """What a follower would read now."""
    with snapshot_session(database) as session:
        return changes.read(session, since)


def test_each_line_is_delivered_once(database: Database) -> None:
    with database.write_session() as session:
        add(session, 1)
        add(session, 2)
    first = read(database, Position())
    assert first.job_ids == [1, 2]
    assert read(database, first.position).job_ids == []
    with database.write_session() as session:
        add(session, 2)
    second = read(database, first.position)
    assert second.job_ids == [2]
    assert read(database, second.position).job_ids == []


def test_what_is_rolled_back_is_never_delivered(database: Database) -> None:
    with Session(database.write_engine) as session:
        add(session, 1)
        session.rollback()
    start = read(database, Position())
    assert start.job_ids == []
    with database.write_session() as session:
        add(session, 2)
    assert read(database, start.position).job_ids == [2]


def test_a_position_survives_as_text(database: Database) -> None:
    with database.write_session() as session:
        add(session, 1)
    position = read(database, Position()).position
    assert Position.load(position.dump()) == position
    assert Position.load("") == Position()


def test_the_position_of_a_rebuild_stands_behind_everything_seen(database: Database) -> None:
    with database.write_session() as session:
        add(session, 1)
    with snapshot_session(database) as session:
        position = changes.present(session)
    assert read(database, position).job_ids == []
    with database.write_session() as session:
        add(session, 2)
    assert read(database, position).job_ids == [2]


def test_a_database_older_than_the_index_is_noticed(database: Database) -> None:
    with pytest.raises(changes.LogRewound):
        read(database, Position(horizon=2**60))


@contextmanager
def open_transaction(database: Database, job_id: int) -> Iterator[Session]:
    """A transaction that has written a line and goes on."""
    with Session(database.write_engine) as session, session.begin():
        add(session, job_id)
        yield session


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """Only PostgreSQL has writers that overlap."""
    opened = Database(postgres_url)
    yield opened
    opened.close()


def test_a_slow_transaction_that_began_first_is_not_lost(postgres: Database) -> None:
    with open_transaction(postgres, 1):
        with postgres.write_session() as quick:
            add(quick, 2)
        early = read(postgres, Position())
        # The second job does not wait for the first, although its number is higher.
        assert early.job_ids == [2]
        again = read(postgres, early.position)
        assert again.job_ids == []
    late = read(postgres, again.position)
    assert late.job_ids == [1]
    assert read(postgres, late.position).job_ids == []


def test_many_overlapping_transactions_deliver_each_line_once(postgres: Database) -> None:
    """Eight transactions, begun in one order and ended in another, read after every step."""
    began = [open_transaction(postgres, number) for number in range(1, 9)]
    for transaction in began:
        transaction.__enter__()
    position, delivered = Position(), []
    for number in (5, 1, 8, 3, 2, 7, 6, 4):
        began[number - 1].__exit__(None, None, None)
        found = read(postgres, position)
        delivered += found.job_ids
        position = found.position
        assert found.job_ids == [number]
    assert sorted(delivered) == list(range(1, 9))


def test_a_rebuild_in_the_middle_of_a_transaction_does_not_lose_it(postgres: Database) -> None:
    with open_transaction(postgres, 1):
        with postgres.write_session() as quick:
            add(quick, 2)
        with snapshot_session(postgres) as session:
            position = changes.present(session)
    assert read(postgres, position).job_ids == [1]


def test_lines_carry_the_number_of_their_transaction(postgres: Database) -> None:
    with postgres.write_session() as session:
        add(session, 1)
        add(session, 2)
    with postgres.read_session() as session:
        numbers = {line.transaction_id for line in session.query(JobChange)}
    assert len(numbers) == 1
    assert None not in numbers
