"""The fault suite: everything around the writers is killed with -9, cut off and held up, and what they were promised is kept.

Real processes: the supervisor with two web workers, follower and task worker; a PostgreSQL (``fsync`` on) and a Valkey of its
own, each behind the fault proxy. The short run makes each fault once, the long one makes them again and again, two at a time.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from service import clock
from service.db import Database
from service.migrations.run import upgrade
from tests.faults.history import Clerk, Reader, Writer, index_differs, lost_or_doubled, tasks_lost_or_doubled
from tests.faults.own_servers import OwnPostgres, OwnValkey
from tests.faults.proxy import Proxy
from tests.service.conftest import make_people
from tests.service.test_running import ROOT, start, tail, until

READY_SECONDS = 100
CALM_SECONDS = 40


@dataclass
class Town:
    """The service and everything it stands on."""

    supervisor: subprocess.Popen[bytes]
    address: str
    log: Path
    index_dir: Path
    postgres: OwnPostgres
    valkey: OwnValkey
    to_postgres: Proxy
    to_valkey: Proxy
    database: Database
    headers: dict[str, str]
    counting: list[subprocess.Popen[bytes]]
    count_command: list[str]

    def child(self, word: str) -> psutil.Process | None:
        """The supervisor's child with a word in its command; None while it is being started again."""
        for process in psutil.Process(self.supervisor.pid).children():
            with contextlib.suppress(psutil.Error):
                if word in " ".join(process.cmdline()):
                    return process
        return None

    def kill(self, word: str) -> None:
        """kill -9 of a child."""
        found = self.child(word)
        if found is not None:
            found.kill()

    def kill_web_worker(self) -> None:
        """kill -9 of one gunicorn worker."""
        master = self.child("gunicorn")
        workers = master.children() if master is not None else []
        if workers:
            workers[0].kill()

    def count_again(self) -> None:
        """kill -9 of the worker whose tasks are counted, and a new one."""
        if self.counting:
            self.counting[-1].kill()
            self.counting[-1].wait()
        self.counting.append(subprocess.Popen(self.count_command, cwd=ROOT))

    def kill_postgres(self) -> None:
        """kill -9 of the whole server, a second of nothing, and it starts again from its log."""
        with self.postgres.turn:
            self.postgres.kill()
            time.sleep(1)
            self.postgres.start()

    def kill_valkey(self) -> None:
        """kill -9, two seconds of nothing, an empty one."""
        self.valkey.kill()
        time.sleep(2)
        self.valkey.start()

    def healed(self, fault: Callable[[], None], proxy: Proxy, seconds: float) -> None:
        """A fault of the line for some seconds."""
        fault()
        time.sleep(seconds)
        proxy.heal()

    def slow(self, proxy: Proxy) -> None:
        """Every packet takes 50 ms longer."""
        proxy.delay_seconds = 0.05

    def status(self) -> dict[str, object]:
        """What ``/status`` says; empty while nobody answers."""
        with contextlib.suppress(httpx.TransportError):
            answer: dict[str, object] = httpx.get(f"{self.address}/status", timeout=30).json()
            return answer
        return {}


def faults(town: Town) -> list[tuple[str, Callable[[], None]]]:
    """Everything that is done to the town."""
    pg, vk = town.to_postgres, town.to_valkey
    return [
        ("web worker -9", town.kill_web_worker),
        ("gunicorn -9", lambda: town.kill("gunicorn")),
        ("follower -9", lambda: town.kill("follow")),
        ("task worker -9", lambda: town.kill("service.background")),
        ("counting worker -9", town.count_again),
        ("postgres -9", town.kill_postgres),
        ("postgres restarted", town.postgres.restart),
        ("valkey -9", town.kill_valkey),
        ("line to postgres cut", pg.cut),
        ("no way to postgres", lambda: town.healed(lambda: pg.cut(refuse=True), pg, 2)),
        ("line to postgres dead", lambda: town.healed(pg.hole, pg, 3)),
        ("line to postgres slow", lambda: town.healed(lambda: town.slow(pg), pg, 2)),
        ("line to postgres breaks after 3 kB", lambda: town.healed(lambda: pg.limit(3000), pg, 2)),
        ("line to valkey dead", lambda: town.healed(vk.hole, vk, 2)),
    ]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Everything up and well."""
    with contextlib.ExitStack() as stack:
        postgres, valkey = OwnPostgres(f"postgres-{os.getpid()}"), OwnValkey(f"valkey-{os.getpid()}")
        postgres.start()
        stack.callback(postgres.kill)
        valkey.start()
        stack.callback(valkey.kill)
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{postgres.port}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE town")
        upgrade(postgres.url("town"))
        database = Database(postgres.url("town"))
        stack.callback(database.close)
        with database.write_session() as session:
            people = make_people(session, clock.now())
        to_postgres = stack.enter_context(Proxy(("127.0.0.1", postgres.port)))
        to_valkey = stack.enter_context(Proxy(("127.0.0.1", valkey.port)))
        log = tmp_path / "log"
        url = postgres.url("town", to_postgres.port)
        settings = {"REDIS_URL": valkey.url(to_valkey.port), "RATE_LIMIT_FACTOR": "1000", "LOG_LEVEL": "warning"}
        process, port = start(tmp_path, url, log, **settings)
        stack.callback(process.kill)
        command = [sys.executable, "-m", "tests.faults.counting_worker", url, str(tmp_path)]
        made = Town(
            supervisor=process,
            address=f"http://127.0.0.1:{port}",
            log=log,
            index_dir=tmp_path / "data" / "index",
            postgres=postgres,
            valkey=valkey,
            to_postgres=to_postgres,
            to_valkey=to_valkey,
            database=database,
            headers=people.employer,
            counting=[],
            count_command=command,
        )
        until(lambda: "按 Ctrl-C 结束" in log.read_text(encoding="utf-8"), READY_SECONDS, f"not ready:\n{tail(log)}")
        made.count_again()
        try:
            yield made
        finally:
            made.counting[-1].kill()
            made.counting[-1].wait()
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(25)
            process.kill()
            process.wait()


def suffer(town: Town, *, rounds: int, seed: int, at_once: int) -> tuple[list[Writer], Clerk, Reader]:
    """Write while everything breaks; then let it be calm, and stop."""
    dice = random.Random(seed)
    writers = [Writer(name, town.address, town.headers, seed + number) for number, name in enumerate("abc")]
    clerk = Clerk(town.postgres.url("town", town.to_postgres.port))
    reader = Reader(town.address)
    busy: list[Writer | Clerk | Reader] = [*writers, clerk, reader]
    threads = [threading.Thread(target=one.run) for one in busy]
    for thread in threads:
        thread.start()
    try:
        for _ in range(rounds):
            menu = faults(town)
            dice.shuffle(menu)
            for start_at in range(0, len(menu), at_once):
                together = [threading.Thread(target=what) for _name, what in menu[start_at : start_at + at_once]]
                for thread in together:
                    thread.start()
                for thread in together:
                    thread.join()
                time.sleep(dice.uniform(0.5, 1.2))
        # It is calm now: everybody can write again, without anybody's help.
        goal = {writer.name: max(6, len(writer.known) + 1) for writer in writers}
        until(lambda: all(len(one.known) >= goal[one.name] or one.wrong for one in writers), 120, "nobody can write again")
    finally:
        for one in busy:
            one.stopping.set()
        for thread in threads:
            thread.join(120)
    return writers, clerk, reader


def told(writers: list[Writer], clerk: Clerk, reader: Reader) -> str:
    """The figures of a run, for whoever asks pytest for them (``-s``)."""
    answers = sum((writer.answers for writer in writers), Counter[int]())
    lines = sum(writer.broken_lines for writer in writers)
    longest = max(writer.longest_seconds for writer in writers)
    jobs = sum(len(writer.known) for writer in writers)
    return (
        f"\n{jobs} jobs, {len(clerk.confirmed)} tasks, answers {dict(answers)}, {lines} broken lines, longest {longest:.1f} s, "
        f"to readers {dict(reader.answers)}\n"
    )


def check(town: Town, writers: list[Writer], clerk: Clerk, reader: Reader) -> None:
    """What was promised is kept, and everything is well again without anybody's help."""
    assert [*reader.wrong, *(line for writer in writers for line in writer.wrong)] == []
    sys.stdout.write(told(writers, clerk, reader))
    assert reader.answers[200] > 10
    assert all(len(writer.known) > 5 for writer in writers), [writer.answers for writer in writers]
    assert lost_or_doubled(town.database, writers) == []
    until(lambda: tasks_lost_or_doubled(town.database, clerk) == [], CALM_SECONDS, "tasks lost or doubled")
    assert len(clerk.confirmed) > 10
    until(lambda: index_differs(town.database, town.index_dir) == (set(), set()), CALM_SECONDS, "index and database differ")

    def well() -> bool:
        said = town.status()
        return bool(said.get("ok")) and said.get("redis") == {"state": "ok"}

    until(well, 90, f"not well: {town.status()}")  # the pulse of the task worker comes once a minute
    assert town.supervisor.poll() is None
    assert "Traceback" not in town.log.read_text(encoding="utf-8", errors="replace")


@pytest.mark.timeout(300)
def test_each_fault_once(town: Town) -> None:
    check(town, *suffer(town, rounds=1, seed=20261127, at_once=1))


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_two_faults_at_a_time_again_and_again(town: Town, seed: int) -> None:
    check(town, *suffer(town, rounds=4, seed=seed, at_once=2))
