"""gunicorn as it runs: told to stop or to load anew under load, clients that drip or never read, bodies without end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import select

from service import clock
from service.db import Database
from service.jobs.models import Job
from tests.faults.own_servers import free_port
from tests.service.conftest import draft, make_people
from tests.service.test_running import ROOT, environment, until


@dataclass
class Web:
    """gunicorn with its workers on a SQLite database."""

    process: subprocess.Popen[bytes]
    port: int
    database: Database
    headers: dict[str, str]
    log: Path

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def raw(self, head: str, body: bytes = b"") -> socket.socket:
        """A connection on which this much has been sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=40)
        connection.sendall(head.replace("\n", "\r\n").encode() + body)
        return connection

    def publish_head(self, key: str, length: str) -> str:
        """The head of a request that publishes."""
        token = self.headers["Authorization"]
        return (
            f"POST /v1/jobs HTTP/1.1\nHost: x\nAuthorization: {token}\nIdempotency-Key: {key}\n"
            f"Content-Type: application/json\n{length}\n\n"
        )


@pytest.fixture
def web(sqlite_url: str, tmp_path: Path) -> Iterator[Web]:
    """Two workers, ready."""
    database = Database(sqlite_url)
    with database.write_session() as session:
        people = make_people(session, clock.now())
    port = free_port()
    log = tmp_path / "log"
    settings = environment(tmp_path, sqlite_url, port, RATE_LIMIT_FACTOR="1000", LOG_LEVEL="warning")
    with log.open("wb") as output:
        command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]
        process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=output, stderr=output)
    made = Web(process, port, database, people.employer, log)

    def ready() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{made.address}/health", timeout=5).status_code == 200
        return False

    try:
        until(ready, 90, "gunicorn does not answer")
        yield made
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()
        database.close()


def answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the answer on a connection; (0, {}) when it was closed without one."""
    content = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            content += chunk
            head, _, body = content.partition(b"\r\n\r\n")
            length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            if length and len(body) >= int(length[0].split(b":")[1]):
                break
    connection.close()
    head, _, body = content.partition(b"\r\n\r\n")
    return (int(head.split()[1]), json.loads(body)) if head else (0, {})


@dataclass
class Load:
    """Clients that publish and read, each request on a new connection."""

    web: Web
    confirmed: set[str] = field(default_factory=set)
    answers: list[int] = field(default_factory=list)
    refused: int = 0
    broken: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Four clients."""
        self.threads = [threading.Thread(target=self._run, args=(name,)) for name in "abcd"]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """End them."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)

    def _run(self, name: str) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            title = f"电焊工（{name}{number}）"
            headers = self.web.headers | {"Idempotency-Key": f"load-{name}-{number:05d}"}
            try:
                said = httpx.post(f"{self.web.address}/v1/jobs", json=draft(title=title), headers=headers, timeout=100)
                self.answers.append(said.status_code)
                if said.status_code == 201:
                    self.confirmed.add(title)
                self.answers.append(httpx.get(f"{self.web.address}/v1/me", headers=headers, timeout=100).status_code)
            except httpx.ConnectError:
                self.refused += 1
                time.sleep(0.02)
            except httpx.TransportError:
                self.broken += 1

    def written(self) -> set[str]:
        """What stands in the database."""
        with self.web.database.read_session() as session:
            return set(session.scalars(select(Job.title)))


@pytest.mark.timeout(240)
def test_loading_anew_and_stopping_under_load_lose_no_request(web: Web) -> None:
    load = Load(web)
    load.start()
    master = psutil.Process(web.process.pid)
    before = {child.pid for child in master.children()}
    time.sleep(1)
    web.process.send_signal(signal.SIGHUP)
    until(lambda: len({child.pid for child in master.children()} - before) == 2, 60, "no new workers")
    until(lambda: not ({child.pid for child in master.children()} & before), 60, "the old workers did not go")
    # Whoever asks while the new workers load the program waits in the queue of the socket, and is answered.
    assert httpx.get(f"{web.address}/health", timeout=100).status_code == 200
    time.sleep(1)
    assert (load.refused, load.broken) == (0, 0)
    assert set(load.answers) <= {200, 201}
    confirmed = set(load.confirmed)  # first: the clients go on, and what is written is confirmed a moment later
    assert confirmed <= load.written()

    # Half a request is on its way when the order comes: it is heard out and answered.
    body = json.dumps(draft(title="电焊工（最后）")).encode()
    late = web.raw(web.publish_head("late-0000001", f"Content-Length: {len(body)}"), body[:50])
    time.sleep(3)  # taken up by now, however busy the machine is
    web.process.send_signal(signal.SIGTERM)
    time.sleep(1.5)
    late.sendall(body[50:])
    assert answer(late)[0] == 201
    assert web.process.wait(30) == 0
    load.stop()
    assert set(load.answers) <= {200, 201}
    # Whoever was not heard is not in the table either: his program may send again to whoever answers next.
    assert load.written() == load.confirmed | {"电焊工（最后）"}
    assert load.refused > 0


@pytest.mark.timeout(240)
def test_bodies_without_end_are_refused_in_our_words(web: Web) -> None:
    """Declared or in pieces: 413, or the connection ends; memory does not grow with what is sent."""
    workers = psutil.Process(web.process.pid).children()
    before = max(worker.memory_info().rss for worker in workers)

    told = web.raw(web.publish_head("huge-0000001", "Content-Length: 10000000000"), b"{" * 1000)
    status, body = answer(told)
    assert (status, body["error"], body["message"]) == (413, "too_large", "提交的内容太大了，请精简后再试。")

    pieces = web.raw(web.publish_head("huge-0000002", "Transfer-Encoding: chunked"))
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 200 * 2**20:
            pieces.sendall(piece)
            sent += 65536
    status, body = answer(pieces)
    assert status in {413, 0}  # our client has sent on for so long that it may not hear the answer
    assert body.get("error", "too_large") == "too_large"
    assert sent < 200 * 2**20

    # A polite client that sends a little too much in pieces hears why.
    polite = web.raw(web.publish_head("huge-0000003", "Transfer-Encoding: chunked"), piece * 5 + b"0\r\n\r\n")
    assert answer(polite)[0] == 413
    assert max(worker.memory_info().rss for worker in workers) < before + 40 * 2**20
    assert httpx.get(f"{web.address}/health", timeout=5).status_code == 200


@pytest.mark.timeout(240)
@pytest.mark.long
def test_drips_and_deaf_clients_give_their_threads_back(web: Web) -> None:
    """As many clients as there are threads drip a byte every two seconds; half a minute later everybody is answered again."""
    threads = 2 * int(os.environ.get("WEB_THREADS", "4"))
    held = [web.raw(web.publish_head(f"drip-{number:07d}", "Content-Length: 1000"), b"{") for number in range(threads)]
    stopping = threading.Event()

    def drip() -> None:
        while not stopping.wait(2):
            for connection in held:
                with contextlib.suppress(OSError):
                    connection.sendall(b" ")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        began = time.monotonic()

        def answered() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{web.address}/health", timeout=2).status_code == 200
            return False

        until(answered, 60, "dripping clients hold every thread")
        assert time.monotonic() - began < 50
        said = [answer(connection)[0] for connection in held]
        assert set(said) <= {400, 0}
    finally:
        stopping.set()
        dripping.join()
        for connection in held:
            connection.close()
