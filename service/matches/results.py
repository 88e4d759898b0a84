"""Where found matches go: a Parquet file a piece, and rows. Both may be written again without doubling anything."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import duckdb
import numpy as np
import numpy.typing as npt
from sqlalchemy import ARRAY, BigInteger, Table, bindparam, delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.matches.models import WorkerMatch
from service.matches.wishes import Piece, willing
from service.workers.models import Worker

KEEP = timedelta(days=7)
"""What is older goes when a new batch begins: alerts compare with the days before, and nobody's matches are kept for ever."""

_ROWS = cast("Table", WorkerMatch.__table__)


@dataclass(frozen=True, slots=True)
class Found:
    """Matches of a piece, best first within each worker; columns of one length: int64, int64, int64, int16."""

    worker_id: npt.NDArray[np.int64]
    job_id: npt.NDArray[np.int64]
    score: npt.NDArray[np.int64]
    rank: npt.NDArray[np.int16]


def save_part(path: Path, found: Found) -> None:
    """Write a Parquet file (zstd), whole or not at all, and on the disk when this returns. Raises OSError: the disk is full."""
    columns: dict[str, Any] = {name: getattr(found, name) for name in Found.__slots__}
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.register("found", columns)
            connection.execute("COPY found TO ? (FORMAT parquet, COMPRESSION zstd)", [str(fresh)])
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(path)
    except duckdb.Error as failed:
        raise OSError(errno.EIO, str(failed), str(path)) from failed
    finally:
        fresh.unlink(missing_ok=True)


def save_rows(session: Session, day: date, piece: Piece, found: Found, now: int) -> None:
    """Put the rows of a piece in place of those it had. Workers who left or said no meanwhile get none: their rows are locked
    first, as saying no does, so that one of the two sees the other.

    Another process that was taken for dead may still be writing the same piece on PostgreSQL: then the last one's rows stand.
    """
    session.execute(delete(WorkerMatch).where(WorkerMatch.day == day, WorkerMatch.worker_id.between(piece.first, piece.last)))
    in_piece = Worker.worker_id.between(piece.first, piece.last)
    session.execute(select(Worker.worker_id).where(in_piece).order_by(Worker.worker_id).with_for_update(read=True))
    here = list(session.scalars(willing(now, piece)))
    kept = np.isin(found.worker_id, np.array(here, dtype=np.int64))
    columns = {name: getattr(found, name)[kept].tolist() for name in Found.__slots__}
    if not kept.any():
        return
    if session.get_bind().dialect.name == "sqlite":
        put: Any = sqlite.insert(_ROWS).values(day=day, **{name: bindparam(name) for name in columns})
        values: Any = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    else:  # one statement with four lists: more than twice as fast as a statement a row
        lists = [func.unnest(bindparam(name, type_=ARRAY(BigInteger))) for name in columns]
        put, values = postgresql.insert(_ROWS).from_select(["day", *columns], select(literal(day), *lists)), columns
    new = {"job_id": put.excluded.job_id, "score": put.excluded.score}
    session.execute(put.on_conflict_do_update(index_elements=["worker_id", "day", "rank"], set_=new), values)


def forget(session: Session, day: date, before: date) -> None:
    """Before the batch of ``day`` begins: drop the rows of days before ``before``, and what a batch of the same day left."""
    session.execute(delete(WorkerMatch).where((WorkerMatch.day < before) | (WorkerMatch.day == day)))
