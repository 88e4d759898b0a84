"""Fill a database with made-up vacancies and people, quickly: COPY on PostgreSQL, one transaction of many rows on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import update
from sqlalchemy.engine import make_url

import service.background  # noqa: F401  it knows what is done by the clock
from matching.model import Job as MadeUp
from matching.rules import region
from seed_jobs import synthesize
from service import clock
from service.accounts.create import create_account
from service.accounts.tokens import issue_token
from service.consents import texts
from service.consents.record import Said, give
from service.crypto.sealed import new_row_key
from service.db import Database
from service.employers.models import Employer
from service.jobs.models import Job
from service.migrations.run import upgrade
from service.tasks import enqueue, registry
from service.tasks.models import Task
from service.workers.models import Worker

VALID = timedelta(days=60)
WORKERS = 200
PUBLISHERS = 20
_PHONE = "13800000000"

_EMPLOYER = ("employer_id", "name", "publisher_class", "industry_code", "size", "about", "region_code", "address", "verified_at",
             "demo", "created_at")  # fmt: skip
_GIG = ("job_id", "starts_at", "ends_at", "seats", "seats_taken", "insurance")
JOB = (
    "job_id", "version", "kind", "status", "closed_reason", "title", "description", "employer_id", "employer_name",
    "trade_codes", "skills", "headcount", "education", "experience", "wage_text", "wage_min", "wage_max", "wage_unit",
    "wage_min_yuan_month", "wage_max_yuan_month", "wage_negotiable", "age_text", "age_min", "age_max", "age_reason",
    "age_binding", "minors_barred", "region_code", "address", "lat", "lng", "point_source", "hours_per_day", "settlement",
    "tags", "row_key", "contact_name", "contact_name_sealed", "contact_phone", "contact_phone_sealed",
    "source_key", "source_name", "source_class", "source_url", "legal_basis",
    "publisher_class", "label", "missing", "published_at", "verified_at", "valid_until", "renewals", "applications",
    "created_at", "updated_at",
)  # fmt: skip


def fill(url: str, jobs: int, now: datetime, rows: Iterable[Sequence[Any]] | None = None) -> None:
    """Bring an empty database up to date and put ``jobs`` open vacancies into it, valid for 60 days from ``now``; or ``rows``
    made of those that ``vacancies`` gives."""
    upgrade(url)
    moment = clock.seconds(now)
    tables: tuple[tuple[str, Sequence[str], Iterable[Sequence[Any]]], ...] = (
        ("employer", _EMPLOYER, (_employer(number, now) for number in range(1, synthesize.EMPLOYERS + 1))),
        ("job", JOB, vacancies(jobs, now) if rows is None else rows),
        ("gig_terms", _GIG, (_gig(job, now) for job in synthesize.jobs(jobs, 1, moment) if job.kind == "gig")),
    )
    if url.startswith("sqlite"):
        _into_sqlite(str(make_url(url).database), tables)
    else:
        _into_postgresql(url.replace("postgresql+psycopg://", "postgresql://", 1), tables)


def vacancies(jobs: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    """The rows of ``job`` by which a pool is filled; columns are ``JOB``."""
    return (_job(job, now) for job in synthesize.jobs(jobs, 1, clock.seconds(now)))


def sign_in(url: str, now: datetime) -> dict[str, list[str]]:
    """Tokens of made-up people: ``worker`` and ``employer``. New ones each time: a token is shown once."""
    upgrade(url)
    database = Database(url)
    mark = now.strftime("%m%d%H%M%S")
    tokens: dict[str, list[str]] = {"worker": [], "employer": []}
    try:
        with database.write_session() as session:
            for number in range(WORKERS):
                worker = Worker(display_name=f"演示工友{number}", wish="想找看大门的活", created_at=now, demo=True)
                session.add(worker)
                session.flush()
                give(session, worker.worker_id, texts.BASIC, Said("web", None), now)
                account = create_account(
                    session, role="worker", login=f"load-w{mark}-{number}", display_name=f"演示工友{number}", now=now,
                    worker_id=worker.worker_id,
                )  # fmt: skip
                tokens["worker"].append(issue_token(session, account.account_id, now))
            for number in range(PUBLISHERS):
                employer = Employer(name=f"演示压测单位{number}", verified_at=now, demo=True, created_at=now)
                session.add(employer)
                session.flush()
                account = create_account(
                    session, role="employer_owner", login=f"load-e{mark}-{number}", display_name=f"演示单位{number}", now=now,
                    employer_id=employer.employer_id,
                )  # fmt: skip
                tokens["employer"].append(issue_token(session, account.account_id, now))
    finally:
        database.close()
    return tokens


def night_is_over(url: str, now: datetime) -> None:
    """Take what is done once a day for done, so that no minute of daytime is measured with the work of a night in it."""
    database = Database(url)
    try:
        with database.write_session() as session:
            for timed in registry.timed():
                if not isinstance(timed.rhythm, int):
                    enqueue(session, timed.kind, key=timed.slot(now).strftime("%Y-%m-%dT%H:%M:%SZ"))
            session.execute(update(Task).where(Task.state != "dead").values(state="done", finished_at=now))
    finally:
        database.close()


def _employer(number: int, now: datetime) -> tuple[Any, ...]:
    return number, f"演示单位{number}", "employer", "", "", "", "", "", now, True, now


def _job(job: MadeUp, now: datetime) -> tuple[Any, ...]:
    valid = now + VALID if job.valid_until is None else datetime.fromtimestamp(job.valid_until, UTC)
    valid = max(valid, now + timedelta(days=2))  # nothing may run out between filling and measuring
    published = datetime.fromtimestamp(job.published_at, UTC)
    low, high = job.wage_min_yuan_month, job.wage_max_yuan_month
    wage = "面议" if low is None else f"{low}-{high}元/月" if high else f"{low}元/月以上"
    least, most = job.age_min, job.age_max
    age = "" if least is None and most is None else f"{least or 18}-{most or 60}岁"
    return (
        job.job_id, 1, job.kind if job.kind != "live" else "public", "open", "", job.title[:128], job.description,
        job.employer_id, f"演示单位{job.employer_id}", list(job.trade_codes), list(job.skills), 5, "不限", "不限", wage, low,
        high, "month" if low else None, low, high, low is None, age, least, most, "", job.age_binding,
        job.minors_barred, job.region, _address(job), job.lat, job.lng, "given" if job.lat else None, job.hours_per_day,
        job.settlement, sorted(job.tags), *_contact(), "direct", "演示数据", "demo", "", "", "employer", "演示", [],
        published, published, valid, 0, job.applications, published, published,
    )  # fmt: skip


def _contact() -> tuple[str, str, str | None, str, str | None]:
    """Row key, and name and phone as the service keeps them: the open column empty, the other one sealed."""
    key = new_row_key()
    name = Job.contact_name.columns(Job, key, "演示联系人")["contact_name_sealed"]
    phone = Job.contact_phone.columns(Job, key, _PHONE)["contact_phone_sealed"]
    return key, "", name, "", phone


def _address(job: MadeUp) -> str:
    return f"{region.get(job.region).name}演示路{job.job_id % 300}号"


def _gig(job: MadeUp, now: datetime) -> tuple[Any, ...]:
    start = now + timedelta(days=1 + job.job_id % 5)
    return job.job_id, start, start + timedelta(hours=8), 5, job.job_id % 5, "意外险，雇主买"


def _into_postgresql(address: str, tables: Sequence[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> None:
    with psycopg.connect(address) as connection:
        for table, columns, rows in tables:
            with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(tuple(_json(value) for value in row))
        for table, key in (("employer", "employer_id"), ("job", "job_id")):
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), (SELECT max({key}) FROM {table}))".encode()  # noqa: S608  our own names
            )
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _into_sqlite(path: str, tables: Sequence[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")  # filling only: the service opens it as it always does
        for table, columns, rows in tables:
            places = ",".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", _plain(rows))  # noqa: S608  our own names
        connection.execute("ANALYZE")


def _plain(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield tuple(value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else _json(value) for value in row)


def _json(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
