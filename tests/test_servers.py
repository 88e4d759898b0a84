"""The servers that the other tests stand on are real, and clean for each test."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from sqlalchemy import func, select, text

from service.accounts.create import create_account
from service.accounts.models import Account
from service.clock import now
from service.db import Database
from tests import servers


def _fill(database: Database) -> int | None:
    with database.write_session() as session:
        before = session.scalar(select(func.count()).select_from(Account))
        create_account(session, role="operator", login="op", display_name="演示运营", now=now())
    return before


def test_a_test_starts_empty(database: Database) -> None:
    assert _fill(database) == 0


def test_and_so_does_the_next(database: Database) -> None:
    assert _fill(database) == 0


def test_postgres_is_one(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.read_session() as session:
        assert "PostgreSQL" in str(session.scalar(text("select version()")))
    database.close()


def test_own_databases_are_apart(new_postgres_url: Callable[[], str]) -> None:
    first, second = Database(new_postgres_url()), Database(new_postgres_url())
    assert _fill(first) == 0
    assert _fill(second) == 0
    first.close()
    second.close()


def test_valkey_answers(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    client.set("a", "1")
    assert client.get("a") == b"1"
    client.close()


def test_a_killed_run_is_swept_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    left, running = tmp_path / "chengnuan-test-left", tmp_path / "chengnuan-test-running"
    for directory, owner in ((left, gone.pid), (running, os.getpid())):
        directory.mkdir()
        (directory / "owner").write_text(str(owner))
    (left / "valkey.pid").write_text(str(stranger.pid))  # the number was given to somebody else since
    monkeypatch.setenv(servers.DIRECTORY, "kept by monkeypatch")
    servers._sweep()
    assert not left.exists()
    assert running.exists()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
