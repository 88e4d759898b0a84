"""The tables: one line of migrations, up and down, the same as the models, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, select, text

from service import clock
from service.db import Database
from service.jobs.models import JobChange
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


def test_models_and_migrations_agree(own_url: str) -> None:
    command.check(run._config(own_url))


def test_the_database_numbers_the_transaction_of_a_change(database: Database) -> None:
    with database.write_session() as session:
        session.add(JobChange(job_id=1, at=clock.now()))
        session.flush()
        number = None if database.is_sqlite else session.scalar(text("select pg_current_xact_id()::text::bigint"))
        assert session.scalar(select(JobChange.transaction_id)) == number


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
