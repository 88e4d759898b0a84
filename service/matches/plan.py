"""The plan of a batch and what of it is done, in its folder: ``day=2026-11-26/_plan.json`` beside the finished parts.

The plan is written once, when a batch begins; a part appears under its own name only when it is whole and its rows are in the
database. So whatever kills a batch, the next run finds which pieces are missing by looking, and matches those as of the same
moment. Readers of Parquet folders pass over names that begin with ``_``.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from service.matches.wishes import Piece

_FORMAT = 1


class Busy(Exception):  # noqa: N818  an answer to the person at the keyboard
    """Another run of this batch goes on; the message says so in Chinese."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One batch: the day it is of, the moment that all of it is matched at, how many jobs a person, whose wishes (empty: the
    workers of the database; else the hash of a file), and its pieces."""

    day: date
    now: int
    limit: int
    source: str
    pieces: tuple[Piece, ...]

    @property
    def people(self) -> int:
        """How many are matched."""
        return sum(piece.size for piece in self.pieces)


def folder_of(out: Path, day: date) -> Path:
    """Where the parts of a day are: readers take the day from the folder's name."""
    return out / f"day={day.isoformat()}"


def part_of(folder: Path, number: int) -> Path:
    """The Parquet file of one piece."""
    return folder / f"part-{number:05d}.parquet"


def missing(folder: Path, plan: Plan) -> list[int]:
    """Numbers of the pieces that are not done."""
    return [number for number in range(len(plan.pieces)) if not part_of(folder, number).exists()]


def read(folder: Path) -> Plan | None:
    """The plan of a folder; None when there is none, or none that can be read."""
    try:
        kept = json.loads((folder / "_plan.json").read_text(encoding="utf-8"))
        if kept.pop("format") != _FORMAT:
            return None
        pieces = tuple(Piece(**piece) for piece in kept.pop("pieces"))
        return Plan(day=date.fromisoformat(kept.pop("day")), pieces=pieces, **kept)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(folder: Path, plan: Plan) -> None:
    """Begin a batch: parts of an earlier one go first, so that a plan never stands beside parts that are not its own."""
    (folder / "_plan.json").unlink(missing_ok=True)
    for part in folder.glob("part-*"):
        part.unlink()
    kept = {"format": _FORMAT, **asdict(plan), "day": plan.day.isoformat()}
    put(folder / "_plan.json", json.dumps(kept).encode())


def put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Only one run of a batch at a time; the lock dies with its process. Raises :class:`Busy` while another one runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "_lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise Busy("这一天的匹配正在进行，请等它结束。") from busy
        yield


def forget(out: Path, before: date) -> None:
    """Delete what batches of days before ``before`` left in ``out``, but for one that goes on. Folders without a plan stay."""
    for folder in out.glob("day=*"):
        old = read(folder)
        if old is not None and folder_of(out, old.day) == folder and old.day < before:
            with suppress(Busy), alone(folder):
                shutil.rmtree(folder)
