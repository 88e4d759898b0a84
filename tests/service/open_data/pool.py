"""A pool that changes all the time: many writers, transactions that overlap, jobs that run out by the clock."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from service import clock
from service.db import Database
from service.duplicates.mark import mark
from service.duplicates.tasks import follow_the_clock
from service.jobs.models import GigTerms, Job, held_columns
from service.jobs.put import apply, record
from service.jobs.queries import whole

ZHANGGONG, NANKANG, NANCHANG = "360702000000", "360703000000", "360102000000"
TRADES = ("6-25-04-07", "6-31-01-03", "4-10-01-02")


def new_job(session: Session, now: datetime, **changes: Any) -> Job:
    """One open vacancy, with its line in the log."""
    values = {
        "kind": "public", "status": "open", "version": 1, "title": "电子厂普工", "description": "流水线，包吃住。",
        "employer_name": "演示电子厂", "trade_codes": [TRADES[0]], "tags": ["包吃"], "headcount": 5,
        "wage_text": "6000-8000元/月", "wage_min": 6000.0, "wage_max": 8000.0, "wage_unit": "month",
        "wage_min_yuan_month": 6000, "wage_max_yuan_month": 8000, "age_text": "18-60岁", "region_code": ZHANGGONG,
        "address": "演示路1号", "source_name": "演示", "legal_basis": "用人单位自主发布", "published_at": now,
        "valid_until": now + timedelta(days=30), "created_at": now, "updated_at": now,
    } | changes  # fmt: skip
    job = Job(**values)
    job.contact_name, job.contact_phone = "演示联系人", "13800000001"
    if job.kind == "gig":
        job.gig = GigTerms(
            starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2), seats=3, seats_taken=0, insurance="意外险"
        )
    session.add(job)
    record(session, job, action="create", account_id=None, now=now)
    session.flush()
    return job


def change(session: Session, job_id: int, now: datetime, **fields: Any) -> None:
    """Change one job as all of the service does."""
    job = session.scalars(whole().where(Job.job_id == job_id).with_for_update(of=Job)).one()
    apply(session, job, fields, action="edit", account_id=None, now=now)
    session.flush()


EMPLOYERS = tuple(f"赣州演示{name}电子有限公司" for name in "甲乙丙丁戊己庚辛")
"""Few: adverts of one employer for the same work become copies of each other all the time."""


class Writers:
    """Threads that publish, edit, move, hold, close, prolong and let run out, in transactions of different lengths; and one that
    says of what they wrote which advert is a copy of which, and takes it back when that has changed."""

    def __init__(self, url: str, threads: int, seed: int) -> None:
        self.database = Database(url)
        self.stopping = threading.Event()
        self.written = 0
        self.faults: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._again_and_again, args=(work, seed + number))
            for number, work in enumerate([*[self._transaction] * threads, self._mark])
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all, with what they are writing."""
        self.stopping.set()
        for thread in self._threads:
            thread.join()
        self.database.close()
        assert not self.faults, self.faults

    def _again_and_again(self, work: Callable[[random.Random], None], seed: int) -> None:
        dice = random.Random(seed)
        try:
            while not self.stopping.is_set():
                work(dice)
                time.sleep(dice.choice((0, 0.002, 0.01)))
        except BaseException as fault:
            self.faults.append(fault)
            raise

    def _transaction(self, dice: random.Random) -> None:
        now = clock.now()
        with self.database.write_session() as session, session.no_autoflush:
            # In the order of their ids: no two transactions wait for each other in a circle.
            known = sorted(dice.sample(ids, min(len(ids), dice.randint(1, 4))) if (ids := self._ids(session)) else [])
            for job_id in known:
                change(session, job_id, now, **self._fields(dice, now))
            for _ in range(dice.randint(0, 4)):
                end = now + (timedelta(seconds=dice.uniform(0.1, 2)) if dice.random() < 0.3 else timedelta(days=30))
                new_job(
                    session, now, kind=dice.choice(("public", "gig")), trade_codes=[dice.choice(TRADES)], valid_until=end,
                    region_code=dice.choice((ZHANGGONG, NANKANG, NANCHANG)), status=dice.choice(("open", "open", "held")),
                    employer_name=dice.choice(EMPLOYERS), source_key=f"feed-{dice.randrange(40)}",
                )  # fmt: skip
            if not self.database.is_sqlite and dice.random() < 0.3:
                time.sleep(dice.uniform(0, 0.15))  # others begin and end meanwhile
            if dice.random() < 0.1:
                session.rollback()
                return
        self.written += 1

    def _mark(self, dice: random.Random) -> None:
        with self.database.write_session() as session:
            ids = self._ids(session)
            if dice.random() < 0.3:
                follow_the_clock(session, {}, clock.now())
            else:
                mark(session, dice.sample(ids, min(len(ids), 8)), clock.now())
            if not self.database.is_sqlite and dice.random() < 0.3:
                time.sleep(dice.uniform(0, 0.15))
            if dice.random() < 0.1:
                session.rollback()

    def _ids(self, session: Session) -> list[int]:
        return list(session.scalars(select(Job.job_id).order_by(Job.job_id.desc()).limit(60)))

    def _fields(self, dice: random.Random, now: datetime) -> dict[str, Any]:
        soon = now + timedelta(seconds=dice.uniform(0.1, 2))
        return dice.choice(
            (
                {"title": f"电子厂普工{dice.randint(1, 99)}"},
                {"region_code": dice.choice((ZHANGGONG, NANKANG, NANCHANG))},
                {"trade_codes": [dice.choice(TRADES)]},
                {"status": "closed", "closed_reason": "filled", "held_for": None},
                held_columns(["advert"]),
                held_columns(()),
                {"valid_until": soon},
                {"valid_until": now + timedelta(days=40)},
                {"status": "open", "closed_reason": "", "held_for": None, "valid_until": soon},
            )
        )


@contextmanager
def served(app: flask.Flask) -> Iterator[str]:
    """The application behind a real socket: its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
