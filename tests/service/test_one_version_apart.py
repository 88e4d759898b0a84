"""Old code on the tables of the next revision: nothing it reads is gone, everything it writes is still taken, and data survive.

For each pair of neighbours, on PostgreSQL with data: the rows that the present code makes are brought to the older tables, the
next migration runs over them, and then each table takes a row as the older code writes it, without the columns it does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, Table, func, select, text

from service import clock
from service.db import Database
from service.migrations.run import downgrade, heads, upgrade
from tests.service.conftest import make_people
from tests.service.indexing.conftest import post_to

FIRST = 6
"""Older pairs lie before anybody used the service: 0003 to 0005 renamed what no one had."""
LAST = int(heads()[0])
PAIRS = [(f"{number:04d}", f"{number + 1:04d}") for number in range(FIRST, LAST)]
CONTRACTS: dict[str, set[str]] = {}
"""Revision -> ``table.column`` that it may drop or tighten, because nothing has read it for a release."""


def reflected(connection: Connection) -> dict[str, Table]:
    """The tables as they stand."""
    found = MetaData()
    found.reflect(connection)
    found.tables["alembic_version"].metadata.remove(found.tables["alembic_version"])
    return dict(found.tables)


@pytest.fixture
def own(new_postgres_url: Callable[[], str]) -> Database:
    """A database with people and jobs of the present code."""
    database = Database(new_postgres_url())
    with database.write_session() as session:
        make_people(session, clock.now())
    for number in range(5):
        post_to(database, number)
    return database


@pytest.mark.parametrize(("older", "newer"), PAIRS)
def test_old_code_lives_on_the_next_tables(own: Database, older: str, newer: str) -> None:
    downgrade(own.url, older)
    with own.write_engine.begin() as connection:
        before = reflected(connection)
        counts = {name: connection.scalar(select(func.count()).select_from(table)) for name, table in before.items()}
        assert counts["job"] == 5
    upgrade(own.url, newer)
    with own.write_engine.begin() as connection:
        after = reflected(connection)
        allowed = CONTRACTS.get(newer, set())
        assert [trouble for trouble in narrower(before, after) if trouble.split(" ")[0] not in allowed] == []
        connection.execute(text("SET session_replication_role = replica"))  # no references, no triggers: each table by itself
        tried = 0
        for name, table in before.items():
            if after[name].columns.keys() != table.columns.keys() or counts[name]:
                assert connection.scalar(select(func.count()).select_from(after[name])) == counts[name], name
                tried += write_as_before(connection, table)
        assert tried >= 5
    own.close()


def narrower(before: dict[str, Table], after: dict[str, Table]) -> list[str]:
    """What the older code would miss, or be refused."""
    found: list[str] = []
    for name, table in before.items():
        if name not in after:
            found.append(f"{name} is gone")
            continue
        for column in table.columns:
            now = after[name].columns.get(column.name)
            if now is None:
                found.append(f"{name}.{column.name} is gone")
            elif column.nullable and not now.nullable:
                found.append(f"{name}.{column.name} must be given now")
            elif (length := getattr(now.type, "length", None)) and length < (getattr(column.type, "length", None) or length):
                found.append(f"{name}.{column.name} is shorter now")
        fresh = [column for column in after[name].columns if column.name not in table.columns]
        demanded = [column for column in fresh if not column.nullable and column.server_default is None]
        found += [f"{name}.{column.name} is new and must be given" for column in demanded]
    return found


def write_as_before(connection: Connection, old: Table) -> int:
    """Take a row out and put it in again with the columns that the older code knows. 1 when there was one."""
    row: Any = connection.execute(select(old).limit(1)).mappings().first()
    if row is None or not old.primary_key.columns:
        return 0
    one = [column == row[column.name] for column in old.primary_key.columns]
    connection.execute(old.delete().where(*one))
    connection.execute(old.insert(), dict(row))
    assert connection.scalar(select(func.count()).select_from(old).where(*one)) == 1
    return 1


def test_the_check_finds_what_it_is_for(own: Database) -> None:
    """A dropped column, a tightened one, a shorter one, a new one without a default."""
    with own.write_engine.begin() as connection:
        before = reflected(connection)
        for change in (
            "ALTER TABLE employer DROP COLUMN name",
            "ALTER TABLE station ALTER COLUMN code TYPE varchar(9)",
            "ALTER TABLE worker ADD COLUMN shoe_size int NOT NULL DEFAULT 1",
            "ALTER TABLE worker ALTER COLUMN shoe_size DROP DEFAULT",
            "UPDATE account SET disabled_at = now()",
            "ALTER TABLE account ALTER COLUMN disabled_at SET NOT NULL",
            "DROP TABLE worker_match",
        ):
            connection.execute(text(change))
        found = narrower(before, reflected(connection))
        assert sorted(found) == [
            "account.disabled_at must be given now",
            "employer.name is gone",
            "station.code is shorter now",
            "worker.shoe_size is new and must be given",
            "worker_match is gone",
        ]
    own.close()
