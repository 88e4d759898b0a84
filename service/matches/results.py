"""Where found matches go: a Parquet file a piece, and rows. Both may be written again without doubling anything."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.matches.models import WorkerMatch
from service.matches.wishes import Piece
from service.workers.models import Worker

KEEP = timedelta(days=7)
"""Rows of older days go when a new batch begins: alerts compare with the days before, and nobody's matches are kept for ever."""


@dataclass(frozen=True, slots=True)
class Found:
    """Matches of a piece, best first within each worker; columns of one length: int64, int64, int32, int16."""

    worker_id: npt.NDArray[np.int64]
    job_id: npt.NDArray[np.int64]
    score: npt.NDArray[np.int32]
    rank: npt.NDArray[np.int16]


def save_part(path: Path, found: Found) -> None:
    """Write a Parquet file (zstd), whole or not at all, and on the disk when this returns."""
    columns: dict[str, Any] = {name: getattr(found, name) for name in Found.__slots__}
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("found", columns)
        connection.execute("COPY found TO ? (FORMAT parquet, COMPRESSION zstd)", [str(fresh)])
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)


def save_rows(session: Session, day: date, piece: Piece, found: Found) -> None:
    """Put the rows of a piece in place of those it had. Workers who left meanwhile get none.

    Another process that was taken for dead may still be writing the same piece on PostgreSQL: then the last one's rows stand.
    """
    session.execute(delete(WorkerMatch).where(WorkerMatch.day == day, WorkerMatch.worker_id.between(piece.first, piece.last)))
    here = set(session.scalars(select(Worker.worker_id).where(Worker.worker_id.between(piece.first, piece.last))))
    columns = (found.worker_id.tolist(), found.rank.tolist(), found.job_id.tolist(), found.score.tolist())
    rows = [
        {"day": day, "worker_id": worker, "rank": rank, "job_id": job, "score": score}
        for worker, rank, job, score in zip(*columns, strict=True)
        if worker in here
    ]
    if rows:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        put = dialect.insert(WorkerMatch)
        put = put.on_conflict_do_update(
            index_elements=["worker_id", "day", "rank"], set_={"job_id": put.excluded.job_id, "score": put.excluded.score}
        )
        session.execute(put, rows)


def forget(session: Session, day: date) -> None:
    """Before a batch begins: drop the rows of days long before it, and what a batch of the same day left."""
    session.execute(delete(WorkerMatch).where((WorkerMatch.day < day - KEEP) | (WorkerMatch.day == day)))
