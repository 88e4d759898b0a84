"""Fixtures for all tests: real databases and a real Redis-compatible server, shared by the run, clean for each test."""

from __future__ import annotations

import itertools
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from hypothesis import settings
from sqlalchemy import Dialect, Engine, create_engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from matching.spelling import Spelling
from service.db import Base, Database
from service.migrations.run import upgrade
from tests import servers

_numbers = itertools.count(1)
settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """The process that begins the run owns its servers; xdist's workers find them through the environment."""
    if not hasattr(config, "workerinput"):
        config.stash[_DIRECTORY] = servers.own_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers."""
    directory = config.stash.get(_DIRECTORY, None)
    if directory is not None:
        servers.end_run(directory)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """What is ``costly`` runs on PostgreSQL with the long tests only; and whatever takes long begins first, so that at the end
    of the run nobody waits for the last one."""
    for item in items:
        if item.get_closest_marker("costly") and "postgresql" in item.name.partition("[")[2]:
            item.add_marker(pytest.mark.long)
    yield
    items.sort(key=lambda item: not (item.get_closest_marker("costly") or item.get_closest_marker("timeout")))


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """A process that serves compiles each statement once; here every test has engines of its own, and a fifth of its time would
    go into compiling what the test before compiled. Engines of one kind share what they compiled."""
    shared: dict[type[Dialect], LRUCache[Any, Any]] = defaultdict(lambda: LRUCache(4000))

    def engine_that_shares(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        engine.update_execution_options(compiled_cache=shared[type(engine.dialect)])
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.db.create_engine", engine_that_shares)
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))  # a part of each key
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield


@pytest.fixture(scope="session", autouse=True)
def tables_at_first_use() -> Iterator[Callable[[Spelling], None]]:
    """An index makes all its tables of words when it is opened, before anybody waits for them. Here most are never asked for.
    Gives what makes them all the same."""
    make = Spelling.ready
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Spelling, "ready", lambda _self: None)
        yield make


_DIRECTORY = pytest.StashKey[Path]()


def _sqlalchemy(address: str) -> str:
    return "postgresql+psycopg://" + address.split("://", 1)[1]


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "gw0")


@pytest.fixture(scope="session")
def postgres_worker_url() -> Iterator[str]:
    """One migrated PostgreSQL database for this process. Use ``postgres_url``, which leaves it clean."""
    servers.template(lambda address: upgrade(_sqlalchemy(address)))
    name = f"worker_{_worker()}"
    yield _sqlalchemy(servers.clone(name))
    servers.drop(name)


_EMPTY = """
DO $$
DECLARE
    name text;
    used boolean;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no triggers: some tables refuse to be emptied
    FOREACH name IN ARRAY '{{{tables}}}'::text[] LOOP
        IF pg_relation_size(name) > 1048576 THEN
            EXECUTE format('TRUNCATE %I CASCADE', name);
        ELSE
            EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO used;
            IF used THEN
                EXECUTE format('DELETE FROM %I', name);
            END IF;
        END IF;
    END LOOP;
    PERFORM setval(format('%I', sequencename), 1, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""
"""TRUNCATE gives every table and index a new file, which costs more than most tests: only what was written to is emptied."""


@pytest.fixture
def postgres_url(postgres_worker_url: str) -> Iterator[str]:
    """A migrated, empty PostgreSQL database; emptied again after the test."""
    yield postgres_worker_url
    tables = ",".join(table.name for table in Base.metadata.sorted_tables)
    with psycopg.connect("postgresql://" + postgres_worker_url.split("://", 1)[1], autocommit=True) as connection:
        connection.execute(_EMPTY.format(tables=tables).encode())


@pytest.fixture
def new_postgres_url(postgres_worker_url: str) -> Iterator[Callable[[], str]]:
    """Makes databases of their own, cloned from the template: for other processes, kill -9, overlapping transactions."""
    made: list[str] = []

    def make() -> str:
        made.append(f"own_{_worker()}_{next(_numbers)}")
        return _sqlalchemy(servers.clone(made[-1]))

    yield make
    for name in made:
        servers.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite database of its own."""
    path = tmp_path / "test.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database, once of each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The sessions of that database."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A real Valkey, in a numbered database of this process, empty before and after the test."""
    number = int(_worker().removeprefix("gw")) % 16
    url = f"unix://{servers.valkey()}?db={number}"
    client = redis.Redis.from_url(url)
    client.flushdb()
    yield url
    client.flushdb()
    client.close()
