"""How long until a published job is in the answer of every web process: ``python -m service.bench [--json]``.

Starts the whole service on an empty embedded database in a temporary folder (or on ``DATABASE_URL``), publishes through the API,
and asks each of the web processes, on a connection of its own, until the job is there. Milliseconds from the 201 to the last of
them. Runs on this machine only, a bounded number of times, and cleans up after itself.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from service import clock
from service.accounts.create import create_account
from service.accounts.tokens import issue_token
from service.db import Database
from service.employers.models import Employer
from service.migrations.run import upgrade

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120
SEEN_SECONDS = 20
WORKERS = 2


def _employer_token(url: str) -> str:
    """A made-up verified employer, signed in."""
    upgrade(url)
    database = Database(url)
    try:
        with database.write_session() as session:
            now = clock.now()
            employer = Employer(name="测速用的单位", verified_at=now, demo=True, created_at=now)
            session.add(employer)
            session.flush()
            account = create_account(
                session,
                role="employer_owner",
                login=f"bench-{time.time_ns()}",
                display_name="测速",
                now=now,
                employer_id=employer.employer_id,
            )
            return issue_token(session, account.account_id, now)
    finally:
        database.close()


@contextlib.contextmanager
def _service(url: str, data_dir: Path) -> Iterator[int]:
    """The running service; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    settings = {"DATA_DIR": str(data_dir), "DATABASE_URL": url, "PORT": str(port), "DEMO": "0", "WEB_WORKERS": str(WORKERS)}
    log = (data_dir.parent / "log").open("w+b")
    process = subprocess.Popen(
        [sys.executable, "-m", "service.supervisor"],
        cwd=ROOT,
        env={
            **os.environ,
            **settings,
            "LOG_LEVEL": "error",
            "RATE_LIMIT_FACTOR": "0",
        },
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            with contextlib.suppress(OSError, ValueError):
                if _get(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "/status")["index"]["ok"]:
                    break
            if time.monotonic() > deadline or process.poll() is not None:
                log.seek(0)
                raise RuntimeError(f"the service did not start: {log.read()[-2000:].decode(errors='replace')}")
            time.sleep(0.1)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.close()


def _get(connection: http.client.HTTPConnection, path: str) -> dict[str, Any]:
    connection.request("GET", path)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer


def _one_each(port: int) -> list[http.client.HTTPConnection]:
    """A connection to each web process; a connection that stays open stays with its process."""
    held: dict[int, http.client.HTTPConnection] = {}
    deadline = time.monotonic() + READY_SECONDS
    while len(held) < WORKERS and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        held.setdefault(_get(connection, "/status")["process"], connection)
    return list(held.values())


def _publish(port: int, token: str, number: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    advert = {
        "kind": "public", "title": "电焊工", "description": "测速用的岗位。", "headcount": 1, "wage": "6000元/月",
        "region": "360702", "address": "演示路1号", "contact_name": "演示", "contact_phone": "13800000000",
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": f"bench-{number:04d}"}
    connection.request("POST", "/v1/jobs", json.dumps(advert).encode(), headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    if answer.status != 201:
        raise RuntimeError(f"not published: {body}")
    job_id: int = body["job_id"]
    return job_id


def visible_ms(times: int = 30, url: str = "") -> dict[str, float]:
    """``visible_ms`` (p50), ``visible_p95_ms``, ``visible_max_ms``: from the publisher's 201 to the answer of every process."""
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        url = url or f"sqlite:///{Path(folder) / 'bench.db'}"
        token = _employer_token(url)
        with _service(url, Path(folder) / "data") as port:
            connections = _one_each(port)
            for number in range(times):
                job_id = _publish(port, token, number)
                began = time.perf_counter()
                waiting = list(connections)
                while waiting:
                    path = f"/v1/jobs?q={quote('电焊工')}&sort=newest&limit=50"
                    waiting = [one for one in waiting if job_id not in {job["job_id"] for job in _get(one, path)["items"]}]
                    if time.perf_counter() - began > SEEN_SECONDS:
                        raise RuntimeError(f"job {job_id} did not appear")
                taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return {
        "visible_ms": round(statistics.median(taken), 1),
        "visible_p95_ms": round(taken[int(len(taken) * 0.95)], 1),
        "visible_max_ms": round(taken[-1], 1),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line")
    parser.add_argument("--times", type=int, default=30)
    asked = parser.parse_args()
    figures = visible_ms(asked.times, os.environ.get("DATABASE_URL", ""))
    sys.stdout.write(
        json.dumps(figures) + "\n" if asked.json else "".join(f"{name}\t{value}\n" for name, value in figures.items())
    )


if __name__ == "__main__":
    main()
