"""The form of a backup: a folder of one compressed file a table, the files that belong to the rows, and a manifest.

``tables/NAME.jsonl.gz`` holds one JSON array a row, in the order of the manifest's columns, the same for SQLite and PostgreSQL.
The folder is called ``….partial`` until the manifest is written and everything is on the disk: whatever bears its final name is
whole. The manifest holds rows, a checksum of each file, and a checksum of the rows that does not depend on their order, so that a
restored database can be compared with what was backed up.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, Engine, MetaData, Table, inspect, select

from service.db import Database

FORMAT = 1
MANIFEST = "manifest.json"
PARTIAL = ".partial"
OWN_TABLES = frozenset({"alembic_version"})
"""Not data: the revision stands in the manifest, and the migrations write it."""
BATCH = 1_000
_HASH_SPACE = 2**256


class BackupUnusable(Exception):  # noqa: N818  a state of the backup or of the target
    """Why it cannot be used; one Chinese sentence."""


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the backup. ``rows_hash``: the sum of the SHA-256 of every row, so that the order of rows does not matter."""

    table: str
    columns: list[str]
    rows: int
    sha256: str
    rows_hash: str

    @property
    def file(self) -> str:
        """Where its rows lie, seen from the folder of the backup."""
        return f"tables/{self.table}.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. ``files``: path below the data directory -> SHA-256."""

    format: int
    made_at: str
    program: str
    database: str
    revision: str
    parts: list[Part]
    files: dict[str, str]


class RowsHash:
    """Adds up rows, in any order."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, line: bytes) -> None:
        """One more row."""
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest(), "big")) % _HASH_SPACE

    def hexadecimal(self) -> str:
        """As the manifest keeps it."""
        return f"{self._sum:064x}"


def tables_of(bind: Engine | Connection) -> list[Table]:
    """The tables that are there, parents before children."""
    found = MetaData()
    found.reflect(bind, only=lambda name, _: name not in OWN_TABLES)
    return list(found.sorted_tables)


def line_of(values: Any, kinds: list[bool]) -> bytes:
    """A row as its line. ``kinds`` says for each column whether it holds JSON."""
    row = [_written(value, is_json=is_json) for value, is_json in zip(values, kinds, strict=True)]
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def values_of(line: bytes) -> list[Any]:
    """Back from :func:`line_of`. Raises ValueError for what is none."""
    return [_read(value) for value in json.loads(line)]


def json_columns(table: Table) -> list[bool]:
    """Which columns hold JSON."""
    return [isinstance(column.type, JSON) for column in table.columns]


def _written(value: Any, *, is_json: bool) -> Any:
    if value is None or (isinstance(value, (bool, int, float, str)) and not is_json):
        return value
    if is_json:
        return ["json", value]
    if isinstance(value, datetime):  # SQLite keeps no zone; everything is in UTC
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return ["moment", aware.isoformat(timespec="microseconds")]
    if isinstance(value, date):
        return ["day", value.isoformat()]
    if isinstance(value, Decimal):
        return ["number", str(value)]
    if isinstance(value, (bytes, memoryview)):
        return ["bytes", base64.b64encode(bytes(value)).decode("ascii")]
    raise TypeError(f"no way to write {type(value).__name__}")


def _read(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, inner = value
    if kind == "json":
        return inner
    if kind == "moment":
        return datetime.fromisoformat(inner)
    if kind == "day":
        return date.fromisoformat(inner)
    if kind == "number":
        return Decimal(inner)
    if kind == "bytes":
        return base64.b64decode(inner, validate=True)
    raise ValueError(f"unknown kind {kind!r}")


def rows_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """Every row as its line, streamed."""
    kinds = json_columns(table)
    booleans = [index for index, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    streamed = connection.execution_options(yield_per=BATCH).execute(select(*table.columns))
    for row in streamed:
        values = list(row)
        for index in booleans:  # SQLite may give back 0 and 1
            values[index] = None if values[index] is None else bool(values[index])
        yield line_of(values, kinds)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """The last file of a backup, on the disk before anybody relies on it."""
    said = asdict(manifest)
    text = json.dumps(said | {"checksum": _checksum(said)}, ensure_ascii=False, indent=1).encode()
    with (folder / MANIFEST).open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """What a backup says of itself. Raises BackupUnusable for one that is not whole or not ours."""
    if folder.name.endswith(PARTIAL) or not (folder / MANIFEST).is_file():
        raise BackupUnusable(f"{folder} 不是一份完整的备份（没有做完，或者选错了文件夹），请换一份。")
    try:
        said = json.loads((folder / MANIFEST).read_bytes())
        whole = said.pop("checksum") == _checksum(said)
        parts = [Part(**part) for part in said.pop("parts")]
        manifest = Manifest(parts=parts, **said)
    except (ValueError, TypeError, KeyError, AttributeError) as trouble:
        raise BackupUnusable(f"{folder} 的清单读不懂，文件可能损坏了，请换一份备份。") from trouble
    if not whole:
        raise BackupUnusable(f"{folder} 的清单被改动过或者损坏了，请换一份备份。")
    if manifest.format != FORMAT:
        raise BackupUnusable(f"这份备份的格式是第 {manifest.format} 版，本程序只认第 {FORMAT} 版，请用做备份时的程序版本。")
    return manifest


def _checksum(said: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with its checksum, before anything is touched. Raises BackupUnusable for the first that differs."""
    wanted = {part.file: part.sha256 for part in manifest.parts}
    wanted |= {f"files/{path}": sha256 for path, sha256 in manifest.files.items()}
    for path, sha256 in wanted.items():
        if ".." in Path(path).parts or not (folder / path).is_file() or sha256_of(folder / path) != sha256:
            raise BackupUnusable(f"备份里的 {path} 缺失或损坏，这份备份不能用，请换一份。")


def sha256_of(path: Path) -> str:
    """Of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lines_of(folder: Path, part: Part) -> Iterator[bytes]:
    """The rows of a table of the backup."""
    with gzip.open(folder / part.file, "rb") as file:
        yield from file


def kind_of(database: Database) -> str:
    """As the manifest names it."""
    return "sqlite" if database.is_sqlite else "postgresql"


def is_empty(database: Database) -> bool:
    """Whether a database has no table at all."""
    return not inspect(database.write_engine).get_table_names()
