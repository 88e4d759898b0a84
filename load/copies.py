"""``python -m load.copies [--database sqlite] [--jobs N] [--folder F]``: the running service gives the whole pool to followers.

On a pool that ``python -m load`` has filled: a whole snapshot over HTTP, answer after answer, while others search; clients that
stop reading, and clients that leave in the middle. Prints one JSON object. Only on this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import threading
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import psycopg

from load.pool import night_is_over
from load.servers import ROOT, postgresql, service
from load.usage import Sampler
from service import clock
from service.migrations.run import upgrade

SEARCH_EVERY = 0.1
WORDS = ("普工", "保洁", "电工", "家政", "搬运", "服务员", "司机", "缝纫")
LEAVERS = 20
STOPPED_MOST = 4
FREE_WITHIN = 90.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a line was lost or a place did not come back."""
    parser = argparse.ArgumentParser(prog="python -m load.copies")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the filled pool lies; its database is brought up to date")
    asked = parser.parse_args(arguments)
    folder = (asked.folder or ROOT / "var" / "load" / f"{asked.database}-{asked.jobs}").resolve()
    if not (folder / "filled").exists():
        raise SystemExit(f"no pool in {folder}: run `python -m load` with the same --database and --jobs first")
    settings = {"WEB_WORKERS": "2", "WEB_THREADS": "4", "RATE_LIMIT_FACTOR": "0"}
    with contextlib.ExitStack() as stack:
        if asked.database == "sqlite":
            url = f"sqlite:///{folder / 'data' / 'chengnuan.db'}"
        else:
            url, _pid = stack.enter_context(postgresql(folder))
        upgrade(url)
        night_is_over(url, clock.now())
        port, pid = stack.enter_context(service(folder, settings | {"DATABASE_URL": url}))
        sampler = Sampler({"service": pid})
        sampler.start()
        quiet = _searched_for(port, 10)
        sampler.mark()
        before = _connections(url)
        said: dict[str, Any] = {"database": asked.database, "searches_alone_ms": quiet}
        said["snapshot"] = _whole(port, pid)
        said["cores"] = sampler.stop(said["snapshot"]["seconds"])
        said["web_memory"] = sampler.flatness()
        said["stopped"] = _stopped(port, url)
        said["leavers"] = _leavers(port)
        said["connections"] = {"before": before, "after": _connections(url)}
    print(json.dumps(said, ensure_ascii=False, indent=1))  # noqa: T201  this is a command
    lost = said["snapshot"]["jobs"] != said["snapshot"]["jobs_said"]
    return int(lost or said["stopped"]["free_again_after_s"] is None or said["leavers"]["refused"] > 0)


class Searches:
    """Somebody who looks for work, ten times a second."""

    def __init__(self, port: int) -> None:
        self.port, self.took, self.failed = port, [], 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    took: list[float]

    def stop(self) -> dict[str, float]:
        """How long they took, in milliseconds."""
        self._stop.set()
        self._thread.join(30)
        ordered = sorted(self.took)
        at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        said = {name: round(ordered[int(len(ordered) * part)] * 1000, 1) for name, part in at.items()} if ordered else {}
        return {"searches": len(ordered), "failed": self.failed, **said, "longest": round(max(ordered, default=0) * 1000, 1)}

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(SEARCH_EVERY):
            number += 1
            began = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request("GET", f"/v1/jobs?radius_km={number % 50 + 1}&lat=25.83&lng=114.93&age={18 + number % 40}")
                answer = connection.getresponse()
                answer.read()
                self.failed += answer.status != 200
            except OSError:
                self.failed += 1
            finally:
                connection.close()
            self.took.append(time.monotonic() - began)


def _searched_for(port: int, seconds: float) -> dict[str, float]:
    searches = Searches(port)
    time.sleep(seconds)
    return searches.stop()


def _whole(port: int, pid: int) -> dict[str, Any]:
    searches, began, cpu = Searches(port), time.monotonic(), _web_seconds(pid)
    path, jobs, said, sent, plain, answers = "/v1/snapshot/jobs", 0, 0, 0, 0, 0
    longest = 0.0
    while path:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        part = time.monotonic()
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.read(300)!r}")
        unpack, tail = zlib.decompressobj(wbits=31), b""
        while block := answer.read1(1 << 16):
            sent += len(block)
            text = unpack.decompress(block)
            plain += len(text)
            jobs += (tail[-15:] + text).count(b'{"type":"job","')
            tail = (tail + text)[-4096:]
        connection.close()
        answers += 1
        longest = max(longest, time.monotonic() - part)
        last = json.loads(tail.rstrip(b"\n").rpartition(b"\n")[2])
        said += last["jobs"]
        path = last.get("next", "") if last["type"] == "next" else ""
    seconds = time.monotonic() - began
    return {
        "seconds": round(seconds, 1), "answers": answers, "longest_answer_s": round(longest, 1), "jobs": jobs, "jobs_said": said,
        "sent_mb": round(sent / 1e6, 1), "plain_mb": round(plain / 1e6, 1), "web_cpu_s": round(_web_seconds(pid) - cpu, 1),
        "searches_meanwhile_ms": searches.stop(),
    }  # fmt: skip


def _stopped(port: int, url: str) -> dict[str, Any]:
    """Clients that ask for all and read nothing, until one more is refused; and how long until there is room again."""
    searches, began = Searches(port), time.monotonic()
    held, refused = [], b""
    for _ in range(STOPPED_MOST * 4):
        client = _asks(port)
        head = client.recv(200)
        if b" 200 " in head[:20]:
            held.append(client)
        else:
            refused = head.partition(b"\r\n")[0]
            client.close()
        if refused and len(held) >= STOPPED_MOST // 2:
            break
    while_held = _connections(url)
    free = None
    while time.monotonic() - began < FREE_WITHIN:
        time.sleep(1)
        client = _asks(port)
        head = client.recv(200)
        client.close()
        if b" 200 " in head[:20]:
            free = round(time.monotonic() - began, 1)
            break
    for client in held:
        client.close()
    return {
        "held": len(held), "one_more": refused.decode("ascii"), "free_again_after_s": free,
        "connections_while_held": while_held, "searches_meanwhile_ms": searches.stop(),
    }  # fmt: skip


def _leavers(port: int) -> dict[str, Any]:
    """Clients that leave in the middle, one after another: each finds room a moment later."""
    refused, longest = 0, 0.0
    for _ in range(LEAVERS):
        began = time.monotonic()
        while True:
            client = _asks(port)
            got = client.recv(200)
            if b" 200 " in got[:20]:
                break
            client.close()
            if time.monotonic() - began > FREE_WITHIN:
                refused += 1
                break
            time.sleep(0.05)
        longest = max(longest, time.monotonic() - began)
        for _ in range(5):
            client.recv(1 << 16)
        client.close()
    return {"clients": LEAVERS, "refused": refused, "longest_wait_s": round(longest, 2)}


def _asks(port: int) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    client.settimeout(30)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /v1/snapshot/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return client


def _connections(url: str) -> dict[str, int]:
    """Connections of the service to PostgreSQL by what they are doing; SQLite: none that could be held."""
    if url.startswith("sqlite"):
        return {}
    with psycopg.connect("postgresql://" + url.split("://", 1)[1], autocommit=True) as connection:
        rows = connection.execute(
            "SELECT coalesce(state, '-'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1"
        )
        return {str(state): int(count) for state, count in rows}


def _web_seconds(pid: int) -> float:
    spent = 0.0
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any("gunicorn" in word for word in process.cmdline()):
                times = process.cpu_times()
                spent += times.user + times.system
    return spent


if __name__ == "__main__":
    os.environ.pop("REDIS_URL", None)
    raise SystemExit(main())
