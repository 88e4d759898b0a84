"""The few jobs that came or went since the open generation: at most 4,096 rows in memory, one job at a time, at once searchable.

An entry stays until a generation holds its change; then the generation's own word counts. How a generation is recognised is for
the caller to say (``HeldBy``): only who reads the change log knows how far a position reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.chains import ROWS_MOST, Chains
from matching.collect import APPLICATIONS_CAP, NO_EMPLOYER, WAGE_CAP, ages_of, hours_quarters, region_number
from matching.formula import crowd_of, impacts, lot_of
from matching.layout import NEVER, Rows
from matching.model import KINDS, SETTLEMENTS, Job
from matching.space import is_point, unit_vector

Bits = npt.NDArray[np.uint64]
HeldBy = Callable[[str], bool]
"""Whether a generation of this position holds a change already. Must not raise."""
Words = tuple[dict[str, int], int]
"""What ``collect.frequencies`` says of a job."""
POSTS_MOST: Final = 1 << 18
TAG_WORDS: Final = 4
_SETTLEMENT: Final = (None, *SETTLEMENTS)


class FreshFull(Exception):  # noqa: N818 - a name of the front door
    """No room for another job beside the open generation: it is found when the next generation brings it."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """The jobs as one snapshot sees them. Arrays and tables go on growing behind ``rows``; ``dead`` never changes."""

    chains: Chains
    heads: dict[str, int]  # the newest posting of every word
    tag_index: dict[str, int]
    trade_sets: list[tuple[str, ...]]
    words: list[Words]  # of every row
    rows: int
    live: int
    dead: Bits

    def find(self, job_id: int) -> int:
        """Row of a living job, -1 when it is not here."""
        for row in np.flatnonzero(self.chains.rows.job_id[: self.rows] == job_id).tolist():
            if not int(self.dead[row >> 6]) >> (row & 63) & 1:
                return int(row)
        return -1

    def carriers(self, word: str) -> int:
        """How many living jobs carry a word."""
        at, found = self.heads.get(word, -1), 0
        while at >= 0:
            row = int(self.chains.row[at])
            found += row < self.rows and not int(self.dead[row >> 6]) >> (row & 63) & 1
            at = int(self.chains.earlier[at])
        return found

    def trades_of(self, counted: npt.NDArray[np.int64]) -> Iterator[tuple[str, int]]:
        """(occupation code, jobs), a code of several sets several times; ``counted``: how many jobs of each trade set."""
        for chosen in np.flatnonzero(counted).tolist():
            for code in self.trade_sets[chosen]:
                yield code, int(counted[chosen])

    def impacts(self, row: int) -> list[tuple[str, int]]:
        """Every word of a job with its weight in the advert, as a segment would store it."""
        counts, length = self.words[row]
        return list(zip(counts, _impacts(counts, length).tolist(), strict=True))


class _Entry(NamedTuple):
    job: Job | None  # None: gone
    row: int
    held_by: HeldBy | None  # None: the next one does


class Delta:
    """What a process knows beyond its generation. One thread at a time may change it; a :class:`Fresh` may be read meanwhile.

    Of a row everything is written before its words' newest postings name it, and these before a snapshot counts it.
    """

    def __init__(self) -> None:
        n = ROWS_MOST
        self._chains = Chains(
            rows=Rows(
                record=np.zeros((n, 8), dtype=np.int32),
                job_id=np.zeros(n, dtype=np.int64),
                region=np.zeros(n, dtype=np.uint16),
                employer=np.zeros(n, dtype=np.uint16),
                tag_set=np.zeros(n, dtype=np.uint16),
                applications=np.zeros(n, dtype=np.uint16),
                regions=np.zeros(n, dtype=np.int64),
                employers=np.zeros(n, dtype=np.int64),
                tag_sets=np.zeros((n, TAG_WORDS), dtype=np.uint64),
                older=np.zeros(0, dtype=np.uint8),  # of rows in blocks only
            ),
            trade_set=np.zeros(n, dtype=np.uint16),
            earlier=np.zeros(POSTS_MOST, dtype=np.int32),
            row=np.zeros(POSTS_MOST, dtype=np.uint16),
            impact=np.zeros(POSTS_MOST, dtype=np.uint8),
        )
        self._heads: dict[str, int] = {}
        self._tags: dict[str, int] = {}
        self._regions: dict[int, int] = {}
        self._employers: dict[int, int] = {}
        self._tag_sets: dict[frozenset[str], int] = {}
        self._trade_sets: dict[tuple[str, ...], int] = {}
        self._codes: list[tuple[str, ...]] = []
        self._words: list[Words] = []
        self._posts = self._live = 0
        self._dead: Bits = np.zeros(n // 64 + 1, dtype=np.uint64)
        self._entries: dict[int, _Entry] = {}

    def view(self) -> Fresh | None:
        """The jobs as they are at this moment, None when there are none."""
        if not self._live:
            return None
        return Fresh(self._chains, self._heads, self._tags, self._codes, self._words, len(self._words), self._live, self._dead)

    @property
    def job_ids(self) -> npt.NDArray[np.int64]:
        """Whatever segments say of these jobs does not count."""
        return np.fromiter(self._entries, dtype=np.int64, count=len(self._entries))

    def put(self, job: Job, words: Words, held_by: HeldBy | None) -> None:
        """Add a job or replace it. Raises ``FreshFull``; then nothing has changed."""
        row, counts = len(self._words), words[0]
        tags = self._tags.keys() | job.tags
        if row == ROWS_MOST or self._posts + len(counts) > POSTS_MOST or len(tags) > 64 * TAG_WORDS:
            raise FreshFull(f"内存里的新岗位已满（{row} 个），等下一次索引更新")
        self._write(row, job)
        self._link(row, words)
        self._words.append(words)
        self._bury(job.job_id)
        self._entries[job.job_id] = _Entry(job, row, held_by)
        self._live += 1

    def take_out(self, job_id: int, held_by: HeldBy | None) -> None:
        """Remove a job, wherever it stands."""
        self._bury(job_id)
        self._entries[job_id] = _Entry(None, -1, held_by)

    def beyond(self, position: str) -> Delta | None:
        """What a generation of this position does not hold, in arrays of its own; None for nothing."""
        left = {
            job_id: entry for job_id, entry in self._entries.items() if entry.held_by is not None and not entry.held_by(position)
        }
        if not left:
            return None
        rest = Delta()
        for job_id, entry in left.items():
            if entry.job is None:
                rest.take_out(job_id, entry.held_by)
            else:
                rest.put(entry.job, self._words[entry.row], entry.held_by)
        return rest

    def _bury(self, job_id: int) -> None:
        entry = self._entries.get(job_id)
        if entry is not None and entry.job is not None:
            self._dead = self._dead.copy()  # snapshots hold the one before
            self._dead[entry.row >> 6] |= np.uint64(1 << (entry.row & 63))
            self._live -= 1

    def _write(self, row: int, job: Job) -> None:
        rows = self._chains.rows
        rows.record[row] = _record(job)
        rows.job_id[row] = job.job_id
        rows.applications[row] = max(0, min(APPLICATIONS_CAP, job.applications))
        region, employer = region_number(job.region), NO_EMPLOYER if job.employer_id is None else job.employer_id
        rows.region[row] = _numbered(self._regions, region, rows.regions, region)
        rows.employer[row] = _numbered(self._employers, employer, rows.employers, employer)
        if job.tags not in self._tag_sets:
            rows.tag_sets[len(self._tag_sets)] = self._tag_bits(job.tags)
        rows.tag_set[row] = self._tag_sets.setdefault(job.tags, len(self._tag_sets))
        if job.trade_codes not in self._trade_sets:
            self._codes.append(tuple(dict.fromkeys(job.trade_codes)))
        self._chains.trade_set[row] = self._trade_sets.setdefault(job.trade_codes, len(self._trade_sets))

    def _tag_bits(self, tags: frozenset[str]) -> list[int]:
        bits = [0] * TAG_WORDS
        for tag in tags:
            bit = self._tags.setdefault(tag, len(self._tags))
            bits[bit >> 6] |= 1 << (bit & 63)
        return bits

    def _link(self, row: int, words: Words) -> None:
        counts, length = words
        first, end = self._posts, self._posts + len(counts)
        self._chains.earlier[first:end] = list(map(self._heads.get, counts, repeat(-1)))
        self._chains.row[first:end] = row
        self._chains.impact[first:end] = _impacts(counts, length)
        self._posts = end
        self._heads.update(zip(counts, range(first, end), strict=True))


def _numbered(numbers: dict[int, int], key: int, table: npt.NDArray[Any], value: int) -> int:
    number = numbers.setdefault(key, len(numbers))
    table[number] = value
    return number


def _impacts(counts: dict[str, int], length: int) -> npt.NDArray[np.int64]:
    return impacts(np.fromiter(counts.values(), dtype=np.int64, count=len(counts)), np.array(length))


def _record(job: Job) -> npt.NDArray[np.int32]:
    """One job's record as ``Collector`` makes thousands: its arrays would cost a single job more than all the rest."""
    facts = KINDS.index(job.kind) | _SETTLEMENT.index(job.settlement) << 2 | job.age_binding << 6
    x = y = z = 0
    if job.lat is not None and job.lng is not None and is_point(job.lat, job.lng):
        x, y, z = unit_vector(job.lat, job.lng)
        facts |= 32
    until = NEVER if job.valid_until is None else max(0, min(NEVER - 1, job.valid_until))
    wide = (
        x << 7 | facts,
        y << 7 | hours_quarters(job.hours_per_day),
        z << 7 | lot_of(job.job_id) << 1 | job.minors_barred,
        max(0, min(NEVER - 1, job.published_at)),
        until,
        max(0, min(WAGE_CAP, job.wage_min_yuan_month or 0)),
        max(0, min(WAGE_CAP, job.wage_max_yuan_month or 0)),
        ages_of((job.age_men, job.age_women, job.age_min, job.age_max)) | crowd_of(job.applications) << 28,
    )
    return np.array(wide, dtype=np.int64).astype(np.uint32).view(np.int32)
