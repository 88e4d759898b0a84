"""Put a backup back into an empty database, of either kind: a county may begin on SQLite and grow into PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, ForeignKeyConstraint, Table, func, insert, null, select, text
from sqlalchemy.schema import AddConstraint, DropConstraint

from service.backup.archive import (
    BATCH,
    BackupUnusable,
    Manifest,
    Part,
    RowsHash,
    check_files,
    is_empty,
    json_columns,
    lines_of,
    read_manifest,
    rows_of,
    sha256_of,
    tables_of,
    values_of,
)
from service.db import Database
from service.indexing.changes import note_restored
from service.migrations.run import upgrade


def restore(folder: Path, database: Database, data_dir: Path, now: datetime) -> Manifest:
    """Check the backup, make its tables, fill them, compare every row, and bring the tables up to this program.

    Raises BackupUnusable, before anything is touched, for a backup that is damaged or not whole and for a target that is not
    empty; and when what was written differs from what was backed up. The rows are written in one transaction.
    """
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    if not is_empty(database):
        raise BackupUnusable("目标数据库不是空的。恢复只写进空库，不会覆盖已有的数据：请新建一个空库再试。")
    there = {path: sha256 for path, sha256 in manifest.files.items() if (data_dir / path).exists()}
    clashing = [path for path, sha256 in there.items() if sha256_of(data_dir / path) != sha256]
    if clashing:
        raise BackupUnusable(f"数据目录里已经有不同的文件（{clashing[0]} 等 {len(clashing)} 个），请换一个空的数据目录。")
    upgrade(database.url, manifest.revision)
    with database.write_engine.begin() as connection, _no_order(connection) as tables:
        missing = {part.table for part in manifest.parts} ^ set(tables)
        if missing:
            raise BackupUnusable(f"备份和本程序的表不一样（{'、'.join(sorted(missing))}），请用做备份时的程序版本。")
        for part in manifest.parts:
            if connection.scalar(select(func.count()).select_from(tables[part.table])):
                connection.execute(tables[part.table].delete())  # what the migrations themselves put in
            _fill(connection, folder, part, tables[part.table])
        _count_on(connection, tables)
    differing = verify(manifest, database)
    if differing:
        raise BackupUnusable(f"恢复后的表和备份不一样：{'、'.join(differing)}。请不要使用这个库，换一个空库再试。")
    upgrade(database.url)
    with database.write_session() as session:
        note_restored(session, now)
    for path in manifest.files:
        (data_dir / path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(folder / "files" / path, data_dir / path)
        (data_dir / path).chmod(0o600)
    return manifest


def verify(manifest: Manifest, database: Database) -> list[str]:
    """Compare every row of the database with the backup. Gives the tables that differ."""
    differing: list[str] = []
    with database.read_engine.connect() as connection:
        tables = {table.name: table for table in tables_of(connection)}
        for part in manifest.parts:
            counted = RowsHash()
            for line in rows_of(connection, tables[part.table]):
                counted.add(line)
            if (counted.rows, counted.hexadecimal()) != (part.rows, part.rows_hash):
                differing.append(part.table)
    return differing


def _fill(connection: Connection, folder: Path, part: Part, table: Table) -> None:
    if part.columns != [column.name for column in table.columns]:
        raise BackupUnusable(f"备份里 {part.table} 的列和本程序不一样，请用做备份时的程序版本。")
    kinds = json_columns(table)
    filling = insert(table)
    rest = lines_of(folder, part)
    while lines := list(islice(rest, BATCH)):
        connection.execute(filling, [_row(part.columns, kinds, values_of(line)) for line in lines])


def _row(columns: list[str], kinds: list[bool], values: list[Any]) -> dict[str, Any]:
    # None in a JSON column would become the JSON null, which is another thing than nothing.
    return {
        name: null() if value is None and is_json else value for name, is_json, value in zip(columns, kinds, values, strict=True)
    }


@contextmanager
def _no_order(connection: Connection) -> Iterator[dict[str, Table]]:
    """The tables, with their references not looked at until the end: rows may point to rows that come later."""
    tables = tables_of(connection)
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        yield {table.name: table for table in tables}
        return
    references = [rule for table in tables for rule in table.constraints if isinstance(rule, ForeignKeyConstraint)]
    for rule in references:
        connection.execute(DropConstraint(rule))
    yield {table.name: table for table in tables}
    for rule in references:
        connection.execute(AddConstraint(rule))


def _count_on(connection: Connection, tables: dict[str, Table]) -> None:
    """Let PostgreSQL's numbers go on behind the highest that was put back; SQLite does so by itself."""
    if connection.dialect.name == "sqlite":
        return
    for table in tables.values():
        for column in table.primary_key.columns:
            named = {"table": f'"{table.name}"', "column": column.name}
            sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), named)
            highest = connection.scalar(select(func.max(column))) if sequence else None
            if highest is not None:
                connection.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})
