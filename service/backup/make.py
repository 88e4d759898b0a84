"""Make a backup while everything runs: one moment of the database, however long the copying takes."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Table, text

from service import clock
from service.backup.archive import (
    FORMAT,
    PARTIAL,
    BackupUnusable,
    Manifest,
    Part,
    RowsHash,
    kind_of,
    rows_of,
    sha256_of,
    tables_of,
    write_manifest,
)
from service.db import Database
from service.migrations.run import revision

FOLDERS = ("files", "audit-archive")
"""Below the data directory: what rows point to, and what only lies there. The index is made anew, the keys lie apart."""


def make(database: Database, data_dir: Path, target: Path, now: datetime, program: str) -> tuple[Path, Manifest]:
    """Write a backup into a new folder below ``target``; the folder and what it holds.

    Raises BackupUnusable when the database has no tables yet, OSError when the disk does not take it; what was begun is removed.
    """
    at = revision(database.url)
    if at is None:
        raise BackupUnusable("数据库里还没有表，没有什么可备份的。")
    name = f"chengnuan-{now.astimezone(clock.BEIJING):%Y%m%d-%H%M%S}"
    folder, partial = target / name, target / f"{name}{PARTIAL}"
    if folder.exists() or partial.exists():
        raise BackupUnusable(f"{folder} 已经存在，请换一个文件夹，或过一秒再试。")
    (partial / "tables").mkdir(parents=True, mode=0o700)
    try:
        with one_moment(database) as connection:
            parts = [_copy(connection, table, partial) for table in tables_of(connection)]
        files = {}
        for path in _files(data_dir):  # after the rows: what a row points to is on the disk before the row is
            files[str(path)] = _copy_file(data_dir / path, partial / "files" / path)
        manifest = Manifest(FORMAT, clock.show(now), program, kind_of(database), at, parts, files)
        write_manifest(partial, manifest)
        partial.rename(folder)
        _sync(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder, manifest


@contextmanager
def one_moment(database: Database) -> Iterator[Connection]:
    """A connection in which every statement sees the same moment and nobody waits for us."""
    with database.read_engine.connect() as connection:
        if not database.is_sqlite:
            connection.execution_options(isolation_level="REPEATABLE READ")
        connection.execute(text("SELECT 1"))  # begins the transaction
        if database.is_sqlite:
            connection.execute(text("SELECT count(*) FROM sqlite_schema"))  # SQLite takes its snapshot at the first read
        yield connection


def _copy(connection: Connection, table: Table, partial: Path) -> Part:
    counted = RowsHash()
    path = partial / "tables" / f"{table.name}.jsonl.gz"
    with path.open("wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=5, mtime=0) as file:
            for line in rows_of(connection, table):
                counted.add(line)
                file.write(line)
        raw.flush()
        os.fsync(raw.fileno())
    columns = [column.name for column in table.columns]
    return Part(table.name, columns, counted.rows, sha256_of(path), counted.hexadecimal())


def _files(data_dir: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((data_dir / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(data_dir)


def _copy_file(source: Path, target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return sha256_of(target)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
