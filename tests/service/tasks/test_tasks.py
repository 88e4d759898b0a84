"""The task table: put in with the change, taken by one, done once in effect, tried again, given up visibly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service import clock
from service.db import Database
from service.employers.models import Employer
from service.tasks import Outside, enqueue, every, handler, outside_handler, queue, registry
from service.tasks.models import Task
from service.tasks.worker import TaskRefused, Worker
from tests.service.conftest import settings_for

Payload = dict[str, Any]


@pytest.fixture(autouse=True)
def own_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test registers kinds of its own."""
    monkeypatch.setattr(registry, "_kinds", {})
    monkeypatch.setattr(registry, "_timed", {})


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Iterator[Worker]:
    """A worker that is stepped by hand."""
    made = Worker(database, settings_for(database.url, tmp_path), poll_seconds=0.02, beat_seconds=0.1)
    yield made
    made.stop()


def put(database: Database, kind: str, payload: Payload | None = None, **options: Any) -> int | None:
    """One task, in a transaction of its own."""
    with database.write_session() as session:
        return enqueue(session, kind, payload, **options)


def task(database: Database, task_id: int | None) -> Task:
    """The row as it stands."""
    assert task_id is not None
    with database.read_session() as session:
        return session.get_one(Task, task_id)


def employer(session: Session, number: int) -> None:
    """Something that a handler writes."""
    session.add(Employer(name=f"演示{number}", created_at=clock.now()))


def employers(database: Database) -> int:
    """How often it was written."""
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(Employer)) or 0


def make_due(database: Database) -> None:
    """As if every wait were over."""
    with database.write_session() as session:
        session.execute(update(Task).values(due_at=datetime(2020, 1, 1, tzinfo=UTC)))


def test_done_in_one_transaction_with_its_completion(database: Database, worker: Worker) -> None:
    @handler("test.write")
    def write(session: Session, payload: Payload, now: datetime) -> None:
        assert now.tzinfo is not None
        employer(session, payload["employer_id"])

    number = put(database, "test.write", {"employer_id": 7})
    assert worker.step()
    assert not worker.step()
    done = task(database, number)
    assert (done.state, done.tries, done.last_error, done.leased_by) == ("done", 1, None, None)
    assert done.finished_at is not None
    assert employers(database) == 1


def test_exists_only_when_the_change_does(database: Database) -> None:
    with Session(database.write_engine) as session, session.begin() as change:
        enqueue(session, "test.write", {"employer_id": 1})
        change.rollback()
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Task)) == 0


def test_a_key_makes_it_the_only_one(database: Database, worker: Worker) -> None:
    ran: list[int] = []
    handler("test.once")(lambda _session, payload, _now: ran.append(payload["n"]))
    assert put(database, "test.once", {"n": 1}, key="a") is not None
    assert put(database, "test.once", {"n": 2}, key="a") is None
    assert put(database, "test.once", {"n": 3}, key="b") is not None
    assert put(database, "test.other", {"n": 4}, key="a") is not None  # another kind
    while worker.step():
        pass
    assert put(database, "test.once", {"n": 5}, key="a") is None  # done, and remembered
    assert ran == [1, 3]


@pytest.mark.parametrize(
    "payload",
    [
        {"note": "联系张师傅"},
        {"phone": "13800000001"},
        {"phone": 13800000001},
        {"id_number": "99999919900101001X"},
        {"ids": [1, "13800000001"]},
        {"deep": {"a": 1}},
        {"wage": 1.5},
    ],
)
def test_no_text_and_no_person_in_a_payload(database: Database, payload: Payload) -> None:
    with database.write_session() as session, pytest.raises(ValueError, match="payload"):
        enqueue(session, "test.write", payload)
    with database.write_session() as session, pytest.raises(ValueError, match="personal"):
        enqueue(session, "test.write", key="sms:13800000001")


def test_tried_again_later_and_then_dead_and_then_by_hand(database: Database, worker: Worker) -> None:
    works: list[bool] = []

    @handler("test.fails", tries=3)
    def fails(session: Session, _payload: Payload, _now: datetime) -> None:
        employer(session, 1)
        if not works:
            raise ZeroDivisionError("联系 13800000001")

    number = put(database, "test.fails")
    for tries in (1, 2, 3):
        assert worker.step()
        now = task(database, number)
        assert (now.tries, now.last_error) == (tries, "ZeroDivisionError")  # the kind only, never the text
        assert now.state == ("dead" if tries == 3 else "waiting")
        assert not worker.step()  # waits, or is dead
        if tries < 3:
            assert now.due_at > now.created_at
            make_due(database)
    assert employers(database) == 0
    make_due(database)
    assert not worker.step()
    with database.write_session() as session:
        assert not queue.retry(session, 999_999, clock.now())
        assert queue.retry(session, task(database, number).task_id, queue.database_now(session))
    works.append(True)
    assert worker.step()
    assert (task(database, number).state, employers(database)) == ("done", 1)


def test_a_refusal_of_the_handler_is_dead_at_once(database: Database, worker: Worker) -> None:
    @handler("test.never")
    def never(_session: Session, _payload: Payload, _now: datetime) -> None:
        raise TaskRefused("worker_gone")

    number = put(database, "test.never")
    assert worker.step()
    assert (task(database, number).state, task(database, number).last_error) == ("dead", "worker_gone")


def test_unknown_kinds_wait(database: Database, worker: Worker) -> None:
    number = put(database, "test.of_tomorrow", {"a": 1})
    assert not worker.step()
    assert task(database, number).state == "waiting"
    seen: list[Payload] = []
    handler("test.of_tomorrow")(lambda _session, payload, _now: seen.append(payload))
    assert worker.step()
    assert seen == [{"a": 1}]


def test_not_before_it_is_due(database: Database, worker: Worker) -> None:
    handler("test.later")(lambda _session, _payload, _now: None)
    put(database, "test.later", due_at=clock.now() + timedelta(hours=1))
    assert not worker.step()
    make_due(database)
    assert worker.step()


def test_who_lost_his_lease_commits_nothing(database: Database, worker: Worker) -> None:
    """The slow one's work is rolled back when another has taken the task meanwhile: one effect, not two."""
    slow = threading.Event()
    go = threading.Event()

    @outside_handler("test.slow")
    def work(_outside: Outside, _payload: Payload, _now: datetime) -> Any:
        if not slow.is_set():
            slow.set()
            assert go.wait(20)
        return lambda session: employer(session, 1)

    number = put(database, "test.slow")
    first = threading.Thread(target=worker.step)
    first.start()
    assert slow.wait(20)
    with database.write_session() as session:  # its heartbeat did not come through
        session.execute(update(Task).values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))
    other = Worker(database, worker.settings)
    assert other.step()
    go.set()
    first.join(20)
    done = task(database, number)
    assert (done.state, done.tries, employers(database)) == ("done", 2, 1)


def test_a_task_that_kills_its_workers_is_given_up(database: Database, worker: Worker) -> None:
    handler("test.poison", tries=2)(lambda _session, _payload, _now: pytest.fail("must not be tried again"))
    number = put(database, "test.poison")
    with database.write_session() as session:
        session.execute(
            update(Task).values(state="leased", tries=2, leased_by="gone", lease_until=datetime(2020, 1, 1, tzinfo=UTC))
        )
    assert worker.step()
    assert (task(database, number).state, task(database, number).last_error) == ("dead", "worker_died")


def test_two_workers_never_take_the_same(database: Database, tmp_path: Path) -> None:
    ran: list[int] = []

    @handler("test.count")
    def count(_session: Session, payload: Payload, _now: datetime) -> None:
        ran.append(payload["n"])

    with database.write_session() as session:
        for number in range(60):
            enqueue(session, "test.count", {"n": number})
    settings = settings_for(database.url, tmp_path)
    workers = [Worker(database, settings, poll_seconds=0.02) for _ in range(2)]
    threads = [threading.Thread(target=worker.run, args=(2,)) for worker in workers]
    for thread in threads:
        thread.start()
    for _ in range(400):
        with database.read_session() as session:
            if session.scalar(select(func.count()).select_from(Task).where(Task.state == "done")) == 60:
                break
        threading.Event().wait(0.05)
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join(20)
    assert sorted(ran) == list(range(60))


def test_a_long_task_keeps_its_lease(database: Database, tmp_path: Path) -> None:
    """The work takes four leases; the heartbeat keeps it, and the second worker never gets it."""
    began: list[int] = []

    @outside_handler("test.long")
    def long(_outside: Outside, _payload: Payload, _now: datetime) -> None:
        began.append(1)
        threading.Event().wait(2.4)

    settings = settings_for(database.url, tmp_path)
    workers = [Worker(database, settings, lease=timedelta(seconds=0.6), beat_seconds=0.1, poll_seconds=0.05) for _ in range(2)]
    number = put(database, "test.long")
    threads = [threading.Thread(target=worker.run, args=(1,)) for worker in workers]
    for thread in threads:
        thread.start()
    for _ in range(200):
        if task(database, number).state == "done":
            break
        threading.Event().wait(0.05)
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join(20)
    assert (task(database, number).state, task(database, number).tries, began) == ("done", 1, [1])


def test_the_clock_makes_one_task_a_moment(database: Database, worker: Worker, tmp_path: Path) -> None:
    every("test.daily", daily_at="03:30")
    every("test.often", seconds=3600)
    assert worker.make_timed() == 2
    assert worker.make_timed() == 0
    assert Worker(database, settings_for(database.url, tmp_path)).make_timed() == 0  # another machine


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-27T03:29:59+08:00", "2026-11-26T03:30:00+08:00"),
        ("2026-11-27T03:30:00+08:00", "2026-11-27T03:30:00+08:00"),
        ("2026-11-27T23:59:59+08:00", "2026-11-27T03:30:00+08:00"),
        ("2026-12-01T00:10:00+08:00", "2026-11-30T03:30:00+08:00"),
    ],
)
def test_the_moments_of_a_daily_task(now: str, slot: str) -> None:
    every("test.daily", daily_at="03:30")
    assert clock.show(registry.timed()[0].slot(clock.parse(now))) == slot


def test_kinds_are_registered_once(database: Database) -> None:
    handler("test.twice")(lambda _session, _payload, _now: None)
    with pytest.raises(ValueError, match="already"):
        handler("test.twice")(lambda _session, _payload, _now: None)
    with pytest.raises(ValueError, match="seconds or daily_at"):
        every("test.twice")
    every("test.twice", seconds=5)
    with pytest.raises(ValueError, match="already"):
        every("test.twice", seconds=5)
    with database.write_session() as session, pytest.raises(ValueError, match="kind"):
        enqueue(session, "发短信")


def test_old_ones_go_and_dead_ones_stay(database: Database, worker: Worker) -> None:
    handler("test.quick")(lambda _session, _payload, _now: None)
    for _ in range(3):
        put(database, "test.quick")
        worker.step()
    put(database, "test.dead")
    now = clock.now()
    with database.write_session() as session:
        assert queue.prune(session, now) == 0
        session.execute(update(Task).where(Task.kind == "test.dead").values(state="dead", finished_at=now))
        assert queue.prune(session, now + queue.KEPT_DONE + timedelta(minutes=1)) == 3
        assert session.scalars(select(Task.state)).all() == ["dead"]


def test_depth(database: Database, worker: Worker) -> None:

    @handler("test.fails", tries=1)
    def fails(_session: Session, _payload: Payload, _now: datetime) -> None:
        raise ZeroDivisionError

    put(database, "test.fails")
    worker.step()
    put(database, "test.unknown")
    put(database, "test.unknown", due_at=clock.now() + timedelta(days=1))
    with database.read_session() as session:
        now = queue.database_now(session) + timedelta(seconds=90)
        depth = queue.depth(session, now)
    assert (depth.waiting, depth.due, depth.leased, depth.dead) == (2, 1, 0, 1)
    assert 89 <= depth.oldest_due_seconds <= 100
    assert depth.pulse_at is None


class TestJumps:
    """A clock that jumps: tasks are late or early, never lost and never doubled."""

    def test_back_after_a_lease_was_given_in_the_future(self, database: Database, worker: Worker) -> None:
        handler("test.jump")(lambda session, _payload, _now: employer(session, 1))
        future = clock.now() + timedelta(days=400)
        number = put(database, "test.jump")
        with database.write_session() as session:
            taken = queue.take(session, ["test.jump"], holder="of the future", lease=timedelta(seconds=15), now=future)
            assert taken is not None
        assert worker.step()
        with database.write_session() as session, pytest.raises(queue.LeaseLost):
            queue.complete(session, taken, future)
        assert (task(database, number).state, employers(database)) == ("done", 1)

    def test_back_after_a_task_was_made_or_put_off_in_the_future(self, database: Database, worker: Worker) -> None:
        handler("test.jump")(lambda _session, _payload, _now: None)
        future = clock.now() + timedelta(days=400)
        made, put_off = put(database, "test.jump"), put(database, "test.jump")
        with database.write_session() as session:
            session.execute(update(Task).where(Task.task_id == made).values(due_at=future, created_at=future))
            session.execute(update(Task).where(Task.task_id == put_off).values(due_at=future, tries=1))
        assert worker.step()
        assert worker.step()
        assert {task(database, made).state, task(database, put_off).state} == {"done"}
