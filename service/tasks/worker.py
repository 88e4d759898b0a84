"""The process that works tasks off. Killed at any moment it loses nothing: its leases run out and another takes them.

Two threads work by default, so that one slow server outside does not hold up everything else; a third keeps the leases alive and
makes the tasks of the clock.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service import clock, tracing
from service.config import Settings
from service.db import Database
from service.errors import Refusal
from service.tasks import queue, registry
from service.tasks.queue import LeaseLost, Taken

log = structlog.get_logger()

LEASE = timedelta(seconds=15)
BEAT_SECONDS = 3.0
POLL_SECONDS = 0.5
AWAY_SECONDS = 2.0
STUCK = 70
"""Exit status of a worker that gives up because a try never ends; the supervisor starts a new one."""


class TaskRefused(Exception):  # noqa: N818  a handler's answer
    """A handler says that this task can never succeed: it is dead at once. The code is what the operator reads."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class _Running:
    held: Taken
    began: float
    longest_seconds: float


class Worker:
    """Takes tasks and does them, one at a time a thread."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        lease: timedelta = LEASE,
        beat_seconds: float = BEAT_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.database = database
        self.settings = settings
        self.lease = lease
        self.beat_seconds = beat_seconds
        self.poll_seconds = poll_seconds
        self.holder = f"{socket.gethostname()[:24]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        self.stopping = threading.Event()
        self._running: dict[int, _Running] = {}
        self._lock = threading.Lock()
        self._made: dict[str, datetime] = {}

    def run(self, threads: int = 2) -> None:
        """Until told to stop; a database that is away is waited for. Tasks at hand are finished first."""
        beating = threading.Thread(target=self._beat, name="task-heartbeat", daemon=True)
        working = [threading.Thread(target=self._work, name=f"task-{number}", daemon=True) for number in range(threads)]
        for thread in (beating, *working):
            thread.start()
        self.stopping.wait()
        for thread in working:
            thread.join()
        beating.join()

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Finish what is at hand and leave."""
        self.stopping.set()

    def step(self) -> bool:
        """Take one task and do it. False when there was none. Raises SQLAlchemyError when the database is away."""
        held = self._take()
        if held is None:
            return False
        kind = registry.known(held.kind)
        with self._lock:
            self._running[held.task_id] = _Running(held, time.monotonic(), kind.longest_seconds)
        try:
            with structlog.contextvars.bound_contextvars(trace_id=tracing.begin().trace_id):
                self._do(held, kind)
        finally:
            with self._lock:
                self._running.pop(held.task_id, None)
        return True

    def _take(self) -> Taken | None:
        kinds = registry.names()
        with self.database.read_session() as session:
            if not queue.waits(session, kinds, queue.database_now(session)):
                return None
        with self.database.write_session() as session:
            return queue.take(session, kinds, holder=self.holder, lease=self.lease, now=queue.database_now(session))

    def _do(self, held: Taken, kind: registry.Kind) -> None:
        if held.tries > kind.tries:  # its workers died of it, each time: it takes no more of them along
            self._failed(held, "worker_died", most_tries=0)
            return
        began = time.monotonic()
        try:
            if kind.inside is not None:
                with self.database.write_session() as session:
                    kind.inside(session, held.payload, clock.now())
                    queue.complete(session, held, queue.database_now(session))
            elif kind.outside is not None:
                finish = kind.outside(registry.Outside(self.database, self.settings), held.payload, clock.now())
                with self.database.write_session() as session:
                    if finish is not None:
                        finish(session)
                    queue.complete(session, held, queue.database_now(session))
        except LeaseLost:
            log.warning("task_taken_over", task_id=held.task_id, kind=held.kind)
        except TaskRefused as refused:
            self._failed(held, refused.code, most_tries=0)
        except Refusal as refusal:
            self._failed(held, refusal.error, most_tries=kind.tries)
        except Exception as trouble:  # noqa: BLE001  whatever a handler raises must not end the worker; its kind is kept, no text
            self._failed(held, type(trouble).__name__, most_tries=kind.tries, where=_where(trouble))
        else:
            log.debug("task_done", task_id=held.task_id, kind=held.kind, ms=round((time.monotonic() - began) * 1000))

    def _failed(self, held: Taken, code: str, *, most_tries: int, where: list[str] | None = None) -> None:
        with self.database.write_session() as session:
            dead = queue.fail(session, held, code, most_tries=most_tries, now=queue.database_now(session))
        say = log.error if dead else log.warning
        say(
            "task_dead" if dead else "task_failed", task_id=held.task_id, kind=held.kind, tries=held.tries, code=code, where=where
        )

    def _work(self) -> None:
        while not self.stopping.is_set():
            try:
                if not self.step():
                    self.stopping.wait(self.poll_seconds)
            except SQLAlchemyError as away:  # the lease runs out, and the task is done again
                log.warning("task_database_away", error=type(away).__name__)
                self.stopping.wait(AWAY_SECONDS)

    def _beat(self) -> None:
        """Keep the leases, and make what the clock says, until the last task at hand is over."""
        while True:
            with self._lock:
                running = list(self._running.values())
            if self.stopping.is_set() and not running:
                return
            try:
                self.beat(running)
            except SQLAlchemyError as away:
                log.warning("task_database_away", error=type(away).__name__)
            time.sleep(0.05) if self.stopping.is_set() else self.stopping.wait(self.beat_seconds)

    def beat(self, running: list[_Running]) -> None:
        """One round of the heartbeat."""
        for one in running:
            if time.monotonic() - one.began > one.longest_seconds:
                log.error("task_stuck", task_id=one.held.task_id, kind=one.held.kind)
                os._exit(STUCK)  # a thread cannot be ended; the lease runs out and another process tries again
        if running:
            with self.database.write_session() as session:
                now = queue.database_now(session)
                for one in running:
                    queue.prolong(session, one.held, lease=self.lease, now=now)
        if not self.stopping.is_set():
            self.make_timed()

    def make_timed(self) -> int:
        """Make the tasks whose moment has come. Gives how many; another worker may have made them first."""
        with self.database.read_session() as session:
            now = queue.database_now(session)
        due = [(timed, slot) for timed in registry.timed() if self._made.get(timed.kind) != (slot := timed.slot(now))]
        made = 0
        if due:
            with self.database.write_session() as session:
                for timed, slot in due:
                    made += queue.enqueue(session, timed.kind, key=slot.strftime("%Y-%m-%dT%H:%M:%SZ")) is not None
            self._made |= {timed.kind: slot for timed, slot in due}
        return made


def _where(trouble: BaseException) -> list[str]:
    lines: list[str] = []
    trace = trouble.__traceback__
    while trace is not None:
        lines.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return lines[-4:]


def work(database: Database, settings: Settings, threads: int) -> None:
    """Work in this process until SIGTERM or SIGINT."""
    worker = Worker(database, settings)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    log.info("tasks_begin", kinds=len(registry.names()))
    worker.run(threads)
