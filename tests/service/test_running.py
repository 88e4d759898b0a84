"""The whole service as people start it: real processes, killed and stopped like in life."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from service import clock
from service.crypto import keyring
from service.crypto.keyring import KeyringFile
from service.crypto.rotate import check_keys
from service.db import Database
from service.migrations.run import upgrade
from tests.service.conftest import draft, make_people

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 100
SEEN_SECONDS = 10
BACK_SECONDS = 60
"""After a kill -9, when three other tests share two cores: a second or two on a quiet machine."""


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something that must come; fail with what did not come."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@dataclass
class Running:
    """A supervisor with its children, and the employer who publishes."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    headers: dict[str, str]
    database: Database
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def publish(self, title: str) -> int:
        """Publish a job through the API; its id."""
        headers = self.headers | {"Idempotency-Key": f"running-{next(self.numbers)}"}
        answer = httpx.post(f"{self.address}/v1/jobs", json=draft(title=title), headers=headers, timeout=20)
        assert answer.status_code == 201, answer.text
        job_id: int = answer.json()["job_id"]
        return job_id

    def ids(self, words: str) -> list[int]:
        """The ids of the first page for some words, asked on a new connection."""
        with contextlib.suppress(httpx.TransportError):
            answer = httpx.get(f"{self.address}/v1/jobs", params={"q": words, "limit": 50}, timeout=20)
            if answer.status_code == 200:
                return [item["job_id"] for item in answer.json()["items"]]
        return []

    def status(self) -> dict[str, Any]:
        """What one of the workers says."""
        answer: dict[str, Any] = httpx.get(f"{self.address}/status", timeout=20).json()
        return answer

    def child(self, word: str) -> psutil.Process:
        """The running child whose command holds a word; waited for, as it may just be starting again."""
        found: list[psutil.Process] = []

        def there() -> bool:
            for process in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.Error):
                    if word in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                        found.append(process)
            return bool(found)

        until(there, SEEN_SECONDS, f"no child {word}")
        return found[-1]

    def everyone(self) -> list[psutil.Process]:
        """The supervisor's children and theirs."""
        return list(psutil.Process(self.process.pid).children(recursive=True))


def environment(tmp_path: Path, url: str, port: int, **more: str) -> dict[str, str]:
    """The settings of one running service."""
    settings = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": url, "PORT": str(port), "DEMO": "0", "REDIS_URL": ""}
    return {**os.environ, **settings, **more}


def start(tmp_path: Path, url: str, log: Path, **more: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start the supervisor as `make run` does."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.supervisor"],
            cwd=ROOT,
            env=environment(tmp_path, url, port, **more),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return process, port


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """The service on each database, with two web workers; PostgreSQL together with Redis."""
    more: dict[str, str] = {}
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'own.db'}"
        upgrade(url)
    else:
        url = request.getfixturevalue("new_postgres_url")()
        more["REDIS_URL"] = request.getfixturevalue("redis_url")
    database = Database(url)
    with database.write_session() as session:
        people = make_people(session, clock.now())
    log = tmp_path / "log"
    process, port = start(tmp_path, url, log, **more)
    made = Running(process, f"http://127.0.0.1:{port}", log, people.employer, database)
    try:
        until(lambda: "按 Ctrl-C 结束" in log.read_text(encoding="utf-8"), READY_SECONDS, f"not ready:\n{tail(log)}")
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        database.close()


def tail(log: Path) -> str:
    """The end of a log, for a failure's message."""
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


def on_both_workers(running: Running, job_id: int, words: str) -> None:
    """The job is in the answer of two web processes, each within ten seconds."""
    generation = running.status()["index"]["generation"]
    until(lambda: job_id in running.ids(words), SEEN_SECONDS, "not found")
    generation = max(generation, running.status()["index"]["generation"])
    seen: set[int] = set()

    def both() -> bool:
        status = running.status()
        if status["index"]["generation"] >= generation and status["index"]["changes_waiting"] == 0:
            seen.add(status["process"])
        return len(seen) == 2

    until(both, SEEN_SECONDS, f"only on {seen}")
    # New connections reach both processes; none of them may still give the old answer.
    assert all(job_id in running.ids(words) for _ in range(12))


def raw(running: Running, line: bytes) -> bytes:
    """The answer to a request line that no client library would send."""
    return raw_to(int(running.address.rsplit(":", 1)[1]), line)


def raw_to(port: int, line: bytes) -> bytes:
    """As :func:`raw`, to a port."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(line + b"\r\nHost: 127.0.0.1\r\n\r\n")
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
        return answer


@pytest.mark.long
@pytest.mark.timeout(300)
def test_published_found_and_nothing_lost_when_the_follower_is_killed(running: Running) -> None:
    """Publishing → findable on every web worker; kill -9 of the follower in the middle loses nothing and doubles nothing."""
    first = running.publish("电焊工（一号）")
    on_both_workers(running, first, "电焊工")

    published = [first]
    for number in range(12):
        published.append(running.publish(f"电焊工（{number}）"))
        if number in {3, 7}:
            running.child("follow").send_signal(signal.SIGKILL)
    until(lambda: sorted(running.ids("电焊工")) == sorted(published), BACK_SECONDS, "lost or doubled")
    on_both_workers(running, published[-1], "电焊工")

    # A closed job is never shown, even before the index knows it.
    running.child("follow").send_signal(signal.SIGSTOP)
    job = httpx.get(f"{running.address}/v1/jobs/{first}", timeout=20)
    headers = running.headers | {"If-Match": job.headers["ETag"], "Idempotency-Key": "close-first"}
    closed = httpx.post(f"{running.address}/v1/jobs/{first}/close", json={}, headers=headers, timeout=20)
    assert closed.status_code == 200, closed.text
    assert first not in running.ids("电焊工")
    running.child("follow").send_signal(signal.SIGCONT)
    until(lambda: running.status()["index"]["changes_waiting"] == 0, SEEN_SECONDS, "the follower did not go on")

    # What is no HTTP, and an address without end, get our answer; the log quotes nothing of them.
    for line, status in (
        (b"GET /v1/jobs?q=\xe5\xbc\xa0 13900001234 HTTP/1.1", 400),
        (b"GET /" + b"1" * 9000 + b" HTTP/1.1", 414),
    ):
        answer = raw(running, line)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert b'"error"' in answer
    assert "13900001234" not in running.log.read_text(encoding="utf-8", errors="replace")

    # A web worker that is killed is replaced, and what stands is answered.
    worker = psutil.Process(running.status()["process"])
    worker.send_signal(signal.SIGKILL)
    until(lambda: sorted(running.ids("电焊工")) == sorted(published[1:]), BACK_SECONDS, "the web did not come back")

    # Ctrl-C ends every process.
    everyone = running.everyone()
    assert len(everyone) >= 4
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(25) == 0
    gone, alive = psutil.wait_procs(everyone, timeout=5)
    assert not alive
    assert len(gone) == len(everyone)


@pytest.mark.timeout(200)
def test_children_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    """kill -9 of the supervisor leaves nothing behind that holds the port."""
    log = tmp_path / "log"
    process, port = start(tmp_path, f"sqlite:///{tmp_path / 'own.db'}", log)
    until(lambda: "按 Ctrl-C 结束" in log.read_text(encoding="utf-8"), READY_SECONDS, f"not ready:\n{tail(log)}")
    everyone = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait(10)
    _, alive = psutil.wait_procs(everyone, timeout=20)
    assert not alive
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def refused(tmp_path: Path, **changes: str) -> str:
    """Start with something wrong; what the person at the keyboard reads."""
    settings = environment(tmp_path, "", free_port())
    done = subprocess.run(
        [sys.executable, "-m", "service.supervisor"],
        cwd=ROOT,
        env=settings | changes,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("不能启动：")]
    assert len(lines) == 1, done.stdout
    return lines[0]


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        line = refused(tmp_path, PORT=str(port))
    assert f"端口 {port} 已被占用" in line


def test_a_database_that_does_not_answer_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://chengnuan:made-up-secret@127.0.0.1:{free_port()}/chengnuan"
    line = refused(tmp_path, DATABASE_URL=url)
    assert "数据库连不上" in line
    assert "made-up-secret" not in line


def test_a_redis_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    assert "Redis 连不上" in refused(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("PORT", "99999", "PORT"), ("DATABASE_URL", "mysql://x", "DATABASE_URL"), ("REDIS_URL", "http://x", "REDIS_URL")],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str, said: str) -> None:
    assert said in refused(tmp_path, **{name: value})


def test_keys_that_do_not_fit_the_database_are_one_sentence(tmp_path: Path) -> None:
    """A key file that others may read, a damaged one, and one that is not the database's: nothing is started with it."""
    url, keys = f"sqlite:///{tmp_path / 'own.db'}", tmp_path / "keys.json"
    upgrade(url)
    before = keyring.current_file()
    database = Database(url)
    try:
        keyring.use(KeyringFile(keys, "intl"))
        with database.write_session() as session:
            assert check_keys(session, clock.now()) is None
    finally:
        keyring.use(before)
        database.close()
    more = {"DATABASE_URL": url, "KEYS_FILE": str(keys)}
    keys.chmod(0o644)
    assert f"chmod 600 {keys}" in refused(tmp_path, **more)
    keys.chmod(0o600)
    content = keys.read_text()
    keys.write_text(content[:100])
    assert "已损坏" in refused(tmp_path, **more)
    keys.unlink()
    assert "不见了" in refused(tmp_path, **more)
    assert not keys.exists()
    keys.with_name("keys.json.lock").unlink()
    assert "不见了" in refused(tmp_path, **more)
    assert not keys.exists()


def test_a_data_directory_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way", encoding="utf-8")
    assert "数据目录" in refused(tmp_path)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("running", ["sqlite"], indirect=True)
def test_silent_clients_do_not_stop_the_service_for_long(running: Running) -> None:
    """As many half requests as there are threads; the others wait a moment and are answered."""
    port = int(running.address.rsplit(":", 1)[1])
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(16)]
    try:
        for connection in held:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        time.sleep(1)

        def answered() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{running.address}/health", timeout=2).status_code == 200
            return False

        until(answered, 60, "silent clients hold every thread")
    finally:
        for connection in held:
            connection.close()
