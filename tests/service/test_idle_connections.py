"""A connection that died while it lay in the pool costs no request."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from service import db
from service.db import Database


def _cut_all(url: str) -> None:
    other = Database(url)
    with other.write_session() as session:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    other.close()


def test_one_that_lay_idle_is_asked_first(new_postgres_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "IDLE_SECONDS", 0.0)
    url = new_postgres_url()
    database = Database(url)
    with database.read_session() as session:
        first = session.scalar(text("SELECT pg_backend_pid()"))
    _cut_all(url)
    with database.read_session() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != first
    database.close()


def test_one_used_a_moment_ago_fails_once_and_takes_the_others_along(
    new_postgres_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "IDLE_SECONDS", 600.0)
    url = new_postgres_url()
    database = Database(url)
    with database.read_session() as first, database.read_session() as second:
        for session in (first, second):
            session.execute(text("SELECT 1"))
    _cut_all(url)
    with database.read_session() as session, pytest.raises(OperationalError):
        session.execute(text("SELECT 1"))
    for _ in range(3):
        with database.read_session() as session:
            assert session.scalar(text("SELECT 1")) == 1
    database.close()
