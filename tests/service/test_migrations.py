"""The tables: one line of migrations, up and down, the same as the models, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import column, insert, inspect, select, table, text

from service import clock
from service.db import Database
from service.jobs.models import Job, JobChange
from service.jobs.reviews.models import JobReport, JobReview
from service.migrations import run
from service.migrations.tables import ALL_TABLES

VERSIONS = Path(run.__file__).parent / "versions"


def _tables(url: str) -> set[str]:
    database = Database(url)
    try:
        return set(inspect(database.read_engine).get_table_names())
    finally:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def own_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own, migrated."""
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("new_postgres_url")
        return make()
    url = f"sqlite:///{tmp_path / 'own.db'}"
    run.upgrade(url)
    return url


def test_one_head() -> None:
    assert len(run.heads()) == 1


def test_files_are_numbered_and_follow_each_other() -> None:
    files = sorted(VERSIONS.glob("*.py"))
    assert [file.name[:4] for file in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    for number, file in enumerate(files, 1):
        body = file.read_text(encoding="utf-8")
        assert f'revision = "{number:04d}"' in body
        assert f"down_revision = {'None' if number == 1 else repr(f'{number - 1:04d}')}".replace("'", '"') in body


def test_up_down_up(own_url: str) -> None:
    assert _tables(own_url) >= ALL_TABLES
    run.downgrade(own_url, "base")
    assert _tables(own_url) & ALL_TABLES == set()
    assert run.revision(own_url) is None
    run.upgrade(own_url)
    assert _tables(own_url) >= ALL_TABLES
    assert run.revision(own_url) == run.heads()[0]
    run.upgrade(own_url)  # twice changes nothing


def test_reviews_and_reports_go_and_come_back_and_no_job_is_lost(own_url: str) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    database = Database(own_url)
    try:
        with database.write_session() as session:
            job = Job(
                kind="public", status="held", title="演示", employer_name="演示厂", region_code="360702000000",
                source_key="direct", source_class="vacancy", published_at=now, valid_until=now, created_at=now, updated_at=now,
            )  # fmt: skip
            session.add(job)
            session.flush()
            review = JobReview(
                version=1, job_id=job.job_id, open_key=job.job_id, region_code="360702000000", causes=["report"],
                state="waiting", opened_at=now, due_at=now,
            )  # fmt: skip
            session.add(review)
            session.flush()
            session.add(JobReport(job_id=job.job_id, review_id=review.review_id, reason="fee", reported_at=now))
    finally:
        database.close()
    gone = {"job_review", "job_report", "employer_repeat_lift", "trade_wage"}
    run.downgrade(own_url, "0018")
    assert not _tables(own_url) & gone
    run.upgrade(own_url)
    assert _tables(own_url) >= gone
    database = Database(own_url)
    try:
        with database.write_session() as session:
            assert session.scalars(select(Job.title)).all() == ["演示"]
            assert session.scalars(select(JobReview)).all() == []
    finally:
        database.close()


def test_models_and_migrations_agree(own_url: str) -> None:
    command.check(run._config(own_url))


def test_the_database_numbers_the_transaction_of_a_change(database: Database) -> None:
    with database.write_session() as session:
        session.add(JobChange(job_id=1, at=clock.now()))
        session.flush()
        number = None if database.is_sqlite else session.scalar(text("select pg_current_xact_id()::text::bigint"))
        assert session.scalar(select(JobChange.transaction_id)) == number


def test_roles_are_renamed_there_and_back_and_no_row_is_lost(own_url: str) -> None:
    run.downgrade(own_url, "0004")
    said = {
        "employer": "employer_owner",
        "staff": "station_staff",
        "worker": "worker",
        "bureau": "bureau",
        "operator": "operator",
    }
    engine = Database(own_url).write_engine
    account = table("account", *map(column, ("account_id", "role", "login", "display_name", "region_code", "demo", "created_at")))
    rest: dict[str, Any] = {"display_name": "演示", "region_code": "", "demo": False, "created_at": clock.now()}
    token = table("access_token", *map(column, ("token_hash", "account_id", "created_at", "expires_at")))
    times = {"created_at": clock.now(), "expires_at": clock.now()}
    with engine.begin() as connection:
        for number, role in enumerate(said, 1):
            connection.execute(insert(account).values(account_id=number, role=role, login=role, **rest))
        connection.execute(insert(token).values(token_hash="a", account_id=1, **times))
        # Its rows go when their account goes: a table that is built anew must not take them along.
        answer = "insert into idempotent_answer values (1, 'key-00001', 'x', 201, '{}', '{}', '2026-01-01')"
        connection.execute(text(answer))

    def roles() -> dict[str, str]:
        with engine.connect() as connection:
            return {row.login: row.role for row in connection.execute(text("select login, role from account"))}

    run.upgrade(own_url)
    assert roles() == said
    with engine.begin() as connection:
        assert connection.scalar(text("select count(*) from idempotent_answer")) == 1
        assert connection.scalar(text("select second_factor from access_token")) in (False, 0)
        # What the version before writes is taken: it does not know the new columns.
        connection.execute(insert(account).values(account_id=9, role="employer", login="late", **rest))
        connection.execute(insert(token).values(token_hash="b", account_id=9, **times))
        connection.execute(text("update account set role = 'auditor' where login = 'operator'"))
    run.downgrade(own_url, "0004")
    assert roles() == {**{role: role for role in said}, "operator": "worker", "late": "employer"}
    with engine.begin() as connection:
        assert connection.scalar(text("select count(*) from idempotent_answer")) == 1
        assert connection.scalar(text("select count(*) from account where disabled_at is not null")) == 1
    engine.dispose()


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--check"]) == 0
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert run.main([]) == 0
    assert run.revision(f"sqlite:///{tmp_path / 'chengnuan.db'}") == run.heads()[0]
    assert run.main(["--nonsense"]) == 2
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    assert run.main([]) == 1
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    assert run.main([]) == 1
    assert "DATABASE_URL" in capsys.readouterr().err
