"""Sessions. A writing route opens one ``write_session``, a reading route a ``read_session``,
in which the database itself refuses to write.

The same code runs on SQLite (WAL, one writer at a time, ``BEGIN IMMEDIATE`` so that a writer never fails half-way for a lock) and
on PostgreSQL 15-18 (plain SQL only: no extension is needed).
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Integer, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

BIG_ID = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column of exactly the type INTEGER."""

CONNECT_SECONDS = 5
LOCK_SECONDS = 15
STATEMENT_SECONDS = 20
"""What an answer to a person may take in the database; a request as a whole stays below 30 s."""
POOL_SECONDS = 10
MOST_OVER = 8
"""Connections beyond the size of a pool, for a moment."""
QUIET_SECONDS = 1.0
"""A connection that was not used for so long is asked for a sign of life before it is used again."""
SIGN_SECONDS = 5
"""How long it may take to give one; a server that lives says so in a millisecond."""
SILENCE_SECONDS = 5
"""How much longer than the database's own limit a client waits for its word before it takes the connection for dead."""
_DEAD_PEER = {
    # The other machine is gone without a word (pulled cable, killed firewall): both sides notice within half a minute, so that
    # neither a thread here nor a lock there is held for the two hours that TCP would wait.
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_SERVER_OPTIONS = (
    f"-c lock_timeout={LOCK_SECONDS * 1000} -c timezone=UTC -c idle_in_transaction_session_timeout=900000"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. A naive one is a fault of the program and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's signature
        """To the database: UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's signature
        """From the database: aware again (SQLite keeps no zone)."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The parent of all tables; constraint names follow one rule, so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class _Patient(psycopg.Connection[Any]):
    """A connection that waits for the server only so long. The server ends slow statements by itself (``statement_timeout``);
    this is for the connection that is open and dead: whoever stands between keeps it up, and no byte comes any more."""

    longest_seconds: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As always, but at most ``longest_seconds``; then the connection is closed and an OperationalError says so."""
        try:
            return super().wait(gen, interval, self.longest_seconds if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001  psycopg has no public name for it
            self.pgconn.finish()
            raise


class Database:
    """Three engines on one database: one that writes, and two that cannot; of these, the one for answers begins no transaction.

    ``statement_seconds``: the longest that PostgreSQL may take for one statement (None: no limit, for rebuilds and copies).
    """

    def __init__(self, url: str, *, pool_size: int = 8, statement_seconds: int | None = None) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            database = make_url(url).database
            if database and database != ":memory:":
                Path(database).parent.mkdir(parents=True, exist_ok=True)
            self.write_engine = _sqlite_engine(url, pool_size, writes=True)
            self.read_engine = self.answer_engine = _sqlite_engine(url, pool_size, writes=False)
        else:
            self.write_engine = _postgres_engine(url, pool_size, statement_seconds)
            # The same pool: only the transaction is read-only.
            self.read_engine = self.write_engine.execution_options(postgresql_readonly=True)
            self.answer_engine = _postgres_engine(url, pool_size, statement_seconds, answers=True)

    @contextmanager
    def write_session(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises. Actions inside never commit."""
        with Session(self.write_engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read_session(self) -> Iterator[Session]:
        """A session in which any write is refused by the database itself."""
        with Session(self.read_engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def answer_session(self) -> Iterator[Session]:
        """The same for one answer to a person: each SELECT sees its own moment, as it would inside a transaction of PostgreSQL's
        usual kind, without the two journeys that begin and end one. Rows cannot be streamed from it."""
        with Session(self.answer_engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    def close(self) -> None:
        """Give the connections back."""
        for engine in (self.write_engine, self.read_engine, self.answer_engine):
            engine.dispose()


def _postgres_engine(url: str, pool_size: int, statement_seconds: int | None, *, answers: bool = False) -> Engine:
    options = _SERVER_OPTIONS + ("" if statement_seconds is None else f" -c statement_timeout={statement_seconds * 1000}")
    alone: dict[str, Any] = {}
    if answers:
        options += " -c default_transaction_read_only=on"
        alone = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=MOST_OVER,
        pool_timeout=POOL_SECONDS,
        connect_args={"connect_timeout": CONNECT_SECONDS, "options": options, **_DEAD_PEER},
        hide_parameters=True,
        **alone,
    )
    _look_before_use(engine)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Dialect, _record: Any, arguments: list[Any], options: dict[str, Any]) -> psycopg.Connection[Any]:
        made = _Patient.connect(*arguments, **options)
        if statement_seconds is not None:
            made.longest_seconds = statement_seconds + SILENCE_SECONDS
        return made

    return engine


def _look_before_use(engine: Engine) -> None:
    """A server that was restarted costs no request: whoever takes a connection from the pool looks whether it still stands.

    When it was used a moment ago, a look at the socket is enough, a thousand times quicker than asking the server: a server that
    went has closed it (or said why it will), and nothing may be waiting in it otherwise.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        used = record.info.get("used")
        if used is None:  # just opened
            return
        if connection.closed or time.monotonic() - used > QUIET_SECONDS or _something_waits(connection):
            patience, connection.longest_seconds = connection.longest_seconds, SIGN_SECONDS
            try:
                if not engine.dialect.do_ping(connection):
                    raise InvalidatePoolError
            except (psycopg.OperationalError, psycopg.InterfaceError) as gone:
                raise InvalidatePoolError from gone
            finally:
                connection.longest_seconds = patience


def _something_waits(connection: psycopg.Connection[Any]) -> bool:
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


def _sqlite_engine(url: str, pool_size: int, *, writes: bool) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=MOST_OVER,
        pool_timeout=POOL_SECONDS,
        connect_args={"timeout": LOCK_SECONDS, "check_same_thread": False},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # a confirmed write survives a power cut, not only a killed process
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # what is deleted or sealed later does not linger in free pages of the file
        if not writes:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
