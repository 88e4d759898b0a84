"""Compare all open adverts at once: the first time, every night, and whenever somebody wants to know.

It reads everything and writes nothing by itself: what is not as it should be is handed to :func:`mark`, a few groups at a time,
so that a change in the meantime is never written over by what was read before it.
"""

from __future__ import annotations

import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select

from service import clock
from service.db import Database
from service.duplicates import stored
from service.duplicates.groups import Link, Looked, grouped, pairs
from service.duplicates.held import Made, Stamp, held
from service.duplicates.mark import alone, mark
from service.duplicates.sketch import Sketch, plain_text, sketch
from service.jobs.models import Job

BATCH: Final = 200
KEYS_BATCH: Final = 2_000
Progress = Callable[[str, int], None]


@dataclass(slots=True)
class Found:
    """What was found. ``headcount`` counts each job once, ``headcount_written`` each advert; ``to_change``: rows not so yet."""

    adverts: int = 0
    duplicates: int = 0
    groups: int = 0
    headcount: int = 0
    headcount_written: int = 0
    to_change: int = 0
    changed: int = 0
    seconds: float = 0.0
    looked: Looked = field(default_factory=Looked)
    examples: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)

    @property
    def jobs(self) -> int:
        """Adverts less copies."""
        return self.adverts - self.duplicates


class PackedTexts:
    """The beginnings of a million descriptions in one piece of memory: a third of what as many strings take."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._at: dict[int, tuple[int, int]] = {}

    def add(self, job_id: int, written: str) -> None:
        """Keep the beginning of a description."""
        packed = written.encode("gb18030", errors="ignore")
        self._at[job_id] = (len(self._bytes), len(packed))
        self._bytes += packed

    def __call__(self, job_id: int) -> str:
        """The plain beginning; "" for one that is not kept."""
        at, length = self._at.get(job_id, (0, 0))
        return plain_text(self._bytes[at : at + length].decode("gb18030"))


class _States:
    """Of which state of its row each sketch was made, a million of them in small."""

    def __init__(self) -> None:
        self._versions, self._times = array("q"), array("q")
        self._at: dict[int, int] = {}

    def add(self, job_id: int, stamp: Stamp) -> None:
        """Remember one."""
        self._at[job_id] = len(self._versions)
        self._versions.append(stamp[0])
        self._times.append(clock.micros(stamp[1]))

    def stamp(self, one: Sketch) -> Stamp:
        """The same as a stamp again."""
        at = self._at[one.job_id]
        return self._versions[at], clock.from_micros(self._times[at]), one.credit_code or None


def find(database: Database, now: datetime, *, write: bool, progress: Progress | None = None) -> Found:
    """Find all duplicates; with ``write`` bring the database to that. ``progress`` is told what is done, and how many of it."""
    began, found, texts = time.monotonic(), Found(), PackedTexts()
    tell = progress or (lambda _what, _done: None)
    pool: list[Sketch] = []
    states = _States()
    with database.read_session() as session:
        apart = stored.told_apart(session)
        for given, stamp in stored.all_open(session, now):
            made = sketch(given)
            pool.append(made)
            states.add(made.job_id, stamp)
            if given.description:
                texts.add(given.job_id, given.description)
            if len(pool) % 10_000 == 0:
                tell("读取", len(pool))
        present = dict(session.execute(select(Job.job_id, Job.duplicate_of_id).where(Job.duplicate_of_id.is_not(None))).all())
    by_id = {one.job_id: one for one in pool}
    same = ((pool[one].job_id, pool[other].job_id, verdict) for one, other, verdict in pairs(pool, texts, found.looked))
    links = grouped(by_id, same, apart)
    _count(found, by_id, links)
    tell("比较", found.looked.pairs)
    groups = _different(links, present)
    found.to_change = len({job_id for group in groups for job_id in group})
    if write:
        _keep_all_keys(database, pool, states, now)
        tell("登记", len(pool))
        for batch in _batches(groups):
            with database.write_session() as session:
                there = [by_id[job_id] for job_id in batch if job_id in by_id]
                held(session).keep({one.job_id: Made(states.stamp(one), one, texts(one.job_id)) for one in there})
                found.changed += mark(session, batch, now).changed
            tell("写入", found.changed)
    found.seconds = time.monotonic() - began
    return found


def _count(found: Found, pool: Mapping[int, Sketch], links: Mapping[int, Link]) -> None:
    copies: dict[int, list[int]] = defaultdict(list)
    for job_id, link in links.items():
        copies[link.canonical].append(job_id)
    found.adverts, found.duplicates, found.groups = len(pool), len(links), len(copies)
    found.headcount_written = sum(one.headcount or 0 for one in pool.values())
    for job_id, one in pool.items():
        if job_id not in links:
            found.headcount += one.headcount or max((pool[copy].headcount or 0 for copy in copies.get(job_id, ())), default=0)
    found.examples = [(job_id, link.canonical, link.verdict.reasons) for job_id, link in list(links.items())[:10]]


def _different(links: Mapping[int, Link], present: Mapping[int, int | None]) -> list[set[int]]:
    """The jobs that point elsewhere than they should, each with those it points to and should point to."""
    wanted = {job_id: link.canonical for job_id, link in links.items()}
    groups: list[set[int]] = []
    for job_id in sorted(wanted.keys() | present.keys()):
        here, there = present.get(job_id), wanted.get(job_id)
        if here != there:
            groups.append({job_id} | {head for head in (here, there) if head is not None})
    return groups


def _batches(groups: list[set[int]]) -> Iterator[Collection[int]]:
    batch: set[int] = set()
    for group in groups:
        batch |= group
        if len(batch) >= BATCH:
            yield batch
            batch = set()
    if batch:
        yield batch


def _keep_all_keys(database: Database, pool: list[Sketch], states: _States, now: datetime) -> None:
    """Of a job that somebody has changed since it was read the keys are left: whoever compares it then writes newer ones."""
    unlike = _unlike(database, pool)
    for at in range(0, len(unlike), KEYS_BATCH):
        batch = unlike[at : at + KEYS_BATCH]
        with database.write_session() as session:
            alone(session)
            there = stored.stamps(session, [one.job_id for one in batch], now)
            same = [one for one in batch if there.get(one.job_id) == states.stamp(one)]
            stored.keep_keys(session, {one.job_id: one.keys for one in same})


def _unlike(database: Database, pool: list[Sketch]) -> list[Sketch]:
    """Those whose keys are not written as they should be; both sides in the order of their ids."""
    found: list[Sketch] = []
    at = 0
    with database.read_session() as session:
        for job_id, keys in stored.all_keys(session):
            while at < len(pool) and pool[at].job_id < job_id:
                found += [pool[at]] if pool[at].keys else []
                at += 1
            if at < len(pool) and pool[at].job_id == job_id:
                if keys != set(pool[at].keys):
                    found.append(pool[at])
                at += 1
    return found + [one for one in pool[at:] if one.keys]
