"""Fixtures of the service's tests, here too; and a PostgreSQL that may be stopped, behind the fault proxy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import flask
import psycopg
import pytest
from sqlalchemy import text

from service import clock
from service.app import create_app
from service.db import Base, Database
from service.migrations.run import upgrade
from tests.faults.own_servers import OwnPostgres
from tests.faults.proxy import Proxy
from tests.service.conftest import People, app, built_app, client, make_people, people, settings, settings_for

__all__ = ["app", "built_app", "client", "people", "settings"]


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    """A PostgreSQL that may be stopped."""
    made = OwnPostgres(f"away-{os.getpid()}")
    made.start()
    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{made.port}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE away")
    upgrade(made.url("away"))
    yield made
    made.kill()


@pytest.fixture
def line(server: OwnPostgres) -> Iterator[Proxy]:
    """The way to it."""
    with Proxy(("127.0.0.1", server.port)) as made:
        yield made


@pytest.fixture
def own_app(server: OwnPostgres, line: Proxy, tmp_path: Path) -> Iterator[flask.Flask]:
    """An application whose database lies behind the proxy."""
    made = create_app(settings_for(server.url("away", line.port), tmp_path))
    yield made
    made.extensions["database"].close()


@pytest.fixture
def own_people(server: OwnPostgres) -> Iterator[People]:
    """Somebody who can publish; everything of him is gone afterwards."""
    database = Database(server.url("away"))
    with database.write_session() as session:
        people = make_people(session, clock.now())
    yield people
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with database.write_session() as session:
        session.execute(text("SET session_replication_role = replica"))
        session.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    database.close()
