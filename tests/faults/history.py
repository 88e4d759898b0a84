"""What writers were promised, and whether it is kept: a history of acknowledged writes beside the database and the index.

Each writer owns its jobs, so what a job must look like is known without guessing: what was acknowledged stands, what was not
acknowledged may or may not stand, and nothing stands twice.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from matching import Query, open_index, search
from service import clock
from service.db import Database
from service.employers.models import Employer
from service.jobs.models import Job
from service.tasks import enqueue
from tests.service.conftest import draft

PATIENCE_SECONDS = 120


@dataclass
class Known:
    """What the writer knows of a job of his."""

    job_id: int
    version: int
    headcount: int = 20
    status: str = "open"


@dataclass
class Writer:
    """One employer's program: it publishes, edits, prolongs and closes, and sends again whatever was not answered."""

    name: str
    address: str
    headers: dict[str, str]
    seed: int
    known: dict[str, Known] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    broken_lines: int = 0
    longest_seconds: float = 0.0
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Write until told to stop; the deed at hand is brought to its end."""
        dice = random.Random(self.seed)
        number = 0
        with contextlib.suppress(_GivenUp):
            while not self.stopping.is_set():
                number += 1
                open_ones = [title for title, job in self.known.items() if job.status == "open"]
                if dice.random() < 0.6 or not open_ones:
                    self._publish(number)
                else:
                    title = dice.choice(open_ones)
                    dice.choice([self._edit, self._edit, self._close, self._renew])(title, number)
                self.stopping.wait(0.02)

    def _publish(self, number: int) -> None:
        title = f"电焊工（{self.name}{number:04d}）"
        self.unsure.add(title)
        answer = self._insist("POST", "/v1/jobs", number, draft(title=title))
        if answer.status_code != 201:
            self.wrong.append(f"publish: {answer.status_code} {answer.text[:200]}")
            return
        self.unsure.discard(title)
        self.known[title] = Known(answer.json()["job_id"], answer.json()["version"])

    def _edit(self, title: str, number: int) -> None:
        job = self.known[title]
        wanted = 21 + number % 50 if job.headcount != 21 + number % 50 else 20
        path = f"/v1/jobs/{job.job_id}"
        answer = self._insist("PATCH", path, number, {"headcount": wanted}, {"If-Match": f'"{job.version}-x"'})
        if answer.status_code == 412:  # an earlier sending arrived, its answer did not
            answer = self._insist("GET", path, number)
        body = answer.json()
        if answer.status_code != 200 or (body["version"], body["headcount"]) != (job.version + 1, wanted):
            self.wrong.append(f"edit: {answer.status_code} {answer.text[:200]}")
            return
        job.version, job.headcount = body["version"], wanted

    def _close(self, title: str, number: int) -> None:
        job = self.known[title]
        answer = self._insist("POST", f"/v1/jobs/{job.job_id}/close", number, {"reason": "filled"})
        if answer.status_code != 200:
            self.wrong.append(f"close: {answer.status_code} {answer.text[:200]}")
            return
        job.status, job.version = "closed", answer.json()["version"]

    def _renew(self, title: str, number: int) -> None:
        job = self.known[title]
        answer = self._insist("POST", f"/v1/jobs/{job.job_id}/renew", number, {})
        if answer.status_code != 200:
            self.wrong.append(f"renew: {answer.status_code} {answer.text[:200]}")
            return
        job.version = answer.json()["version"]

    def _insist(
        self, method: str, path: str, number: int, body: Any = None, more: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send, and send the same again until there is an answer that is not 5xx."""
        headers = self.headers | {"Idempotency-Key": f"writer-{self.name}-{number:05d}"} | (more or {})
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_SECONDS:
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.request(method, f"{self.address}{path}", json=body, headers=headers, timeout=35)
                self.answers[answer.status_code] += 1
                if answer.status_code < 500:
                    self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
                    return answer
                if answer.status_code != 503 or "Retry-After" not in answer.headers or not answer.json()["message"]:
                    self.wrong.append(f"{method}: {answer.status_code} {answer.text[:200]}")
                time.sleep(0.3)  # sooner than Retry-After asks for: the test has not all day
                continue
            self.broken_lines += 1
            time.sleep(0.1)
        self.wrong.append(f"{method} {path}: no answer within {PATIENCE_SECONDS} s")
        raise _GivenUp


class _GivenUp(Exception):  # noqa: N818  the end of a writer
    pass


@dataclass
class Reader:
    """Somebody who searches and opens jobs all the while: whatever breaks, the answer is the job, or that it will pass."""

    address: str
    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Read until told to stop."""
        while not self.stopping.is_set():
            for path in ("/v1/jobs?q=电焊工", "/v1/jobs/1"):
                with contextlib.suppress(httpx.TransportError):  # the process that was asked is killed
                    self._judge(path, httpx.get(f"{self.address}{path}", timeout=35))
            self.stopping.wait(0.05)

    def _judge(self, path: str, answer: httpx.Response) -> None:
        self.answers[answer.status_code] += 1
        passes = answer.status_code == 503 and "Retry-After" in answer.headers and answer.json()["message"]
        missing = answer.status_code == 404 and path == "/v1/jobs/1"  # not published yet
        if answer.status_code != 200 and not passes and not missing:
            self.wrong.append(f"{path}: {answer.status_code} {answer.text[:200]}")


@dataclass
class Clerk:
    """Puts tasks in, each in a transaction of its own, and remembers which were confirmed."""

    url: str
    confirmed: set[int] = field(default_factory=set)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Put in until told to stop."""
        database = Database(self.url, pool_size=1, statement_seconds=5)
        number = 0
        while not self.stopping.is_set():
            number += 1
            with contextlib.suppress(SQLAlchemyError):
                with database.write_session() as session:
                    enqueue(session, "faults.count", {"n": number})
                self.confirmed.add(number)
            self.stopping.wait(0.25)
        database.close()


def lost_or_doubled(database: Database, writers: list[Writer]) -> list[str]:
    """Every way in which the table of jobs differs from what the writers were promised; empty when there is none."""
    with database.read_session() as session:
        rows = session.execute(select(Job.title, Job.job_id, Job.status, Job.headcount, Job.version)).all()
    found: list[str] = []
    by_title: dict[str, list[Any]] = {}
    for row in rows:
        by_title.setdefault(row.title, []).append(row)
    found += [f"{title}: {len(same)} times" for title, same in by_title.items() if len(same) > 1]
    for writer in writers:
        for title, job in writer.known.items():
            if title not in by_title:
                found.append(f"{title}: lost")
                continue
            row = by_title[title][0]
            have = (row.job_id, row.status, row.headcount, row.version)
            if have != (job.job_id, job.status, job.headcount, job.version):
                found.append(f"{title}: {have} instead of {job}")
    said = {title for writer in writers for title in (*writer.known, *writer.unsure)}
    return found + [f"{title}: nobody sent it" for title in by_title if title not in said]


def tasks_lost_or_doubled(database: Database, clerk: Clerk) -> list[str]:
    """Confirmed tasks without an effect, and effects that are there twice."""
    with database.read_session() as session:
        counted = select(Employer.name, func.count()).where(Employer.name.like("任务%")).group_by(Employer.name)
        effects = {name: number for name, number in session.execute(counted)}  # noqa: C416  rows are no tuples to mypy
    found = [f"任务{number} lost" for number in sorted(clerk.confirmed) if f"任务{number}" not in effects]
    return found + [f"{name} {number} times" for name, number in effects.items() if number != 1]


def index_differs(database: Database, index_dir: Path) -> tuple[set[int], set[int]]:
    """(open in the database and not in the index, in the index and not open), id by id."""
    with database.read_session() as session:
        open_ids = set(session.scalars(select(Job.job_id).where(Job.status == "open")))
    index = open_index(index_dir)
    try:
        hits = search(index, Query(now=clock.seconds(clock.now()), sort="newest", limit=len(open_ids) + 1000))
        indexed = {hit.job_id for hit in hits}
    finally:
        index.close()
    return open_ids - indexed, indexed - open_ids
