"""From adverts to arrays: one pass, by thousands, each different clause cut once.

Adverts repeat themselves (包吃住, 五险一金, 流水线上下料): a clause is cut when it is first met and is a number after that. What
is left in Python for a job is one look into a dictionary for each clause and each column; everything else is done for a few
thousand jobs at once.
"""

from __future__ import annotations

import gc
import math
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from operator import attrgetter
from typing import Any, Final, TypeVar

import numpy as np

from matching import text
from matching.columns import Array, Flat, Ints, select
from matching.formula import AGE_OPEN, DESCRIPTION_WEIGHT, FEW_MAX, LOT_BITS, SKILL_WEIGHT, TITLE_WEIGHT, TRADE_WEIGHT
from matching.layout import HOURS_UNKNOWN, NEVER
from matching.model import KINDS, SETTLEMENTS, Job
from matching.packing import count_tokens, vectors, weigh_tokens
from matching.wanted import CODE_MARK

K = TypeVar("K")
NO_EMPLOYER: Final = -(1 << 62)
WAGE_CAP: Final = 100_000_000
LENGTH_CAP: Final = 60_000
APPLICATIONS_CAP: Final = 65_535
_CHUNK: Final = 8192
_RUNS_MOST: Final = 1 << 18  # of what was cut is remembered: at most some 100 MB
_KIND_NUMBER: Final = {kind: number for number, kind in enumerate(KINDS)}
_SETTLEMENT_NUMBER: Final = {None: 0} | {settlement: number for number, settlement in enumerate(SETTLEMENTS, start=1)}
_FIELDS: Final = (
    "job_id", "kind", "title", "published_at", "valid_until", "trade_codes", "skills", "description", "region", "lat", "lng",
    "wage_min_yuan_month", "wage_max_yuan_month", "age_min", "age_max", "age_men", "age_women", "age_binding", "minors_barred",
    "tags", "settlement", "hours_per_day", "employer_id", "applications",
)  # fmt: skip


class _Numbers(dict[K, int]):
    """Keys numbered in the order in which they are first asked for."""

    def __missing__(self, key: K) -> int:
        number = self[key] = len(self)
        return number


class _Runs(dict[K, int]):
    """Keys numbered as they come, each with a run of term numbers, made once."""

    def __init__(self, make: Callable[[K], Iterable[int]]) -> None:
        super().__init__()
        self._make = make
        self.starts = array("q", [0])
        self.terms = array("i")

    def __missing__(self, key: K) -> int:
        self.terms.extend(self._make(key))
        self.starts.append(len(self.terms))
        number = self[key] = len(self)
        return number

    def forget(self) -> None:
        self.clear()
        self.starts = array("q", [0])
        self.terms = array("i")


def _end_to_end(runs: Iterable[_Runs[Any]]) -> tuple[Ints, Array]:
    """Starts and terms of several sets of runs, one set behind the other."""
    starts, terms, end = [np.zeros(1, dtype=np.int64)], [], 0
    for run in runs:
        starts.append(np.array(run.starts)[1:] + end)
        terms.append(np.array(run.terms))
        end += len(run.terms)
    return np.concatenate(starts), np.concatenate(terms)


class _Growing:
    """An array that is filled from the front."""

    def __init__(self, dtype: type, width: int = 0) -> None:
        self._shape = (width,) if width else ()
        self._data: Array = np.empty((1 << 16, *self._shape), dtype=dtype)
        self.size = 0

    def room(self, count: int) -> Array:
        """The next ``count`` places, to be written and then taken by ``size``."""
        if self.size + count > len(self._data):
            # The allocator moves large arrays without a copy, so that small steps cost nothing; NumPy writes zeros into all
            # that is new, so that large steps would take memory for nothing.
            self._data.resize((self.size + count + self.size // 16, *self._shape), refcheck=False)
        return self._data[self.size : self.size + count]

    def add(self, values: Array) -> None:
        self.room(len(values))[:] = values
        self.size += len(values)

    def taken(self, first: int) -> Array:
        return self._data[first : self.size]

    def whole(self) -> Array:
        self._data.resize((self.size, *self._shape), refcheck=False)
        return self._data


def code_terms(code: str) -> list[str]:
    """Terms of an occupation code: itself and every coarser level (6-18-02-04: #6, #6-18, #6-18-02, #6-18-02-04)."""
    parts = code.split("-")
    return [CODE_MARK + "-".join(parts[:level]) for level in range(1, len(parts) + 1)] if code else []


def region_number(code: str) -> int:
    """A division code as a number of twelve digits; 0 for none or for what is not a code."""
    return int(code.ljust(12, "0")) if code.isascii() and code.isdigit() and len(code) <= 12 else 0


def hours_quarters(hours: float | None) -> int:
    """Hours a day in quarters of an hour; 127 for not stated."""
    return HOURS_UNKNOWN if hours is None or not math.isfinite(hours) else max(0, min(126, round(hours * 4)))


def frequencies(job: Job) -> tuple[dict[str, int], int]:
    """Field-weighted frequency of every term of one advert, and its weighted length: what a build counts by thousands."""
    counts: dict[str, int] = {}
    length = 0
    fields = [(TITLE_WEIGHT, text.advert_words(job.title))]
    fields += [(SKILL_WEIGHT, text.advert_words(skill)) for skill in job.skills]
    fields += [(DESCRIPTION_WEIGHT, text.advert_words(job.description, singles=False))]
    for weight, words in fields:
        for word in words:
            counts[word] = counts.get(word, 0) + weight
        length += weight * len(words)
    counts |= dict.fromkeys((term for code in job.trade_codes for term in code_terms(code)), TRADE_WEIGHT)
    return counts, min(length, LENGTH_CAP)


def ages_of(limits: tuple[Any, Any, int | None, int | None]) -> int:
    men, women = limits[0] or limits[2:], limits[1] or limits[2:]
    low = [0 if pair[0] is None else max(0, min(126, pair[0])) for pair in (men, women)]
    high = [AGE_OPEN if pair[1] is None else max(0, min(126, pair[1])) for pair in (men, women)]
    return low[0] | high[0] << 7 | low[1] << 14 | high[1] << 21


def _numbers(values: Iterable[Any], missing: float, dtype: type) -> Array:
    return np.array([missing if value is None else value for value in values], dtype=dtype)


class Collector:
    """Takes adverts in, a few thousand at a time, and gives them back as one :class:`Flat`."""

    def __init__(self) -> None:
        self._terms: _Numbers[str] = _Numbers()
        self._tags: _Numbers[str] = _Numbers()
        self._trades: _Numbers[str] = _Numbers()
        self._regions: _Numbers[str] = _Numbers()
        self._employers: _Numbers[int | None] = _Numbers()
        self._tag_sets: _Numbers[frozenset[str]] = _Numbers()
        term = self._terms.__getitem__
        self._titles: _Runs[str] = _Runs(lambda title: map(term, text.advert_words(title)))
        self._skills: _Runs[tuple[str, ...]] = _Runs(
            lambda skills: [term(word) for skill in skills for word in text.advert_words(skill)]
        )
        # In a description single characters are nearly always particles and are left out.
        self._clauses: _Runs[str] = _Runs(lambda clause: map(term, text.clause_words(clause, False)))
        self._trade_sets: _Runs[tuple[str, ...]] = _Runs(
            lambda codes: map(term, dict.fromkeys(word for code in codes for word in code_terms(code)))
        )
        self._ages: dict[Any, int] = {}
        self._ids, self._record, self._applied = _Growing(np.int64), _Growing(np.int32, 8), _Growing(np.uint16)
        self._columns = {name: _Growing(np.int32) for name in ("region", "employer", "tag_set", "trade_set")}
        self._starts, self._token, self._impact = _Growing(np.int64), _Growing(np.int32), _Growing(np.uint8)
        self._starts.add(np.zeros(1, dtype=np.int64))

    def add(self, jobs: list[Job]) -> None:
        """Take in some adverts; at best some thousands."""
        if not jobs:
            return
        columns = dict(zip(_FIELDS, zip(*map(attrgetter(*_FIELDS), jobs), strict=True), strict=True))
        self._ids.add(np.array(columns["job_id"], dtype=np.int64))
        self._applied.add(np.clip(np.array(columns["applications"]), 0, APPLICATIONS_CAP))
        self._record.add(self._records(columns))
        for name, numbers, field in (
            ("region", self._regions, "region"),
            ("employer", self._employers, "employer_id"),
            ("tag_set", self._tag_sets, "tags"),
            ("trade_set", self._trade_sets, "trade_codes"),
        ):
            self._columns[name].add(np.fromiter(map(numbers.__getitem__, columns[field]), dtype=np.int32, count=len(jobs)))
        self._words(columns, self._columns["trade_set"].size - len(jobs))
        for runs in (self._titles, self._skills, self._clauses):
            if len(runs) > _RUNS_MOST:
                runs.forget()

    def _records(self, columns: dict[str, tuple[Any, ...]]) -> Array:
        n = len(columns["job_id"])
        lat, lng = _numbers(columns["lat"], math.nan, np.float64), _numbers(columns["lng"], math.nan, np.float64)
        placed = (np.abs(lat) <= 90.0) & (np.abs(lng) <= 180.0)  # not a number is no point
        lat[~placed] = math.nan
        ids = np.array(columns["job_id"], dtype=np.int64)
        crowd = np.searchsorted(1 << np.arange(FEW_MAX), np.array(columns["applications"], dtype=np.int64), side="right")
        known = self._ages
        keys = list(zip(columns["age_men"], columns["age_women"], columns["age_min"], columns["age_max"], strict=True))
        for key in set(keys).difference(known):
            known[key] = ages_of(key)
        facts = np.fromiter(map(_KIND_NUMBER.__getitem__, columns["kind"]), dtype=np.int64, count=n)
        facts |= np.fromiter(map(_SETTLEMENT_NUMBER.__getitem__, columns["settlement"]), dtype=np.int64, count=n) << 2
        facts |= placed.astype(np.int64) << 5 | np.array(columns["age_binding"], dtype=np.int64) << 6
        wide = np.zeros((n, 8), dtype=np.int64)
        wide[:, 0] = facts
        wide[:, 1] = list(map(hours_quarters, columns["hours_per_day"]))
        lots = ids.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(64 - LOT_BITS)
        wide[:, 2] = np.array(columns["minors_barred"], dtype=np.int64) | lots.astype(np.int64) << 1
        wide[:, 3] = np.clip(np.array(columns["published_at"], dtype=np.int64), 0, NEVER - 1)
        until = _numbers(columns["valid_until"], NEVER, np.int64)
        wide[:, 4] = np.where(until == NEVER, NEVER, np.clip(until, 0, NEVER - 1))
        wide[:, 5] = np.clip(_numbers(columns["wage_min_yuan_month"], 0, np.int64), 0, WAGE_CAP)
        wide[:, 6] = np.clip(_numbers(columns["wage_max_yuan_month"], 0, np.int64), 0, WAGE_CAP)
        wide[:, 7] = np.fromiter(map(known.__getitem__, keys), dtype=np.int64, count=n) | crowd << 28
        record = wide.astype(np.uint32).view(np.int32)
        vectors(lat, lng, record)
        return record

    def _words(self, columns: dict[str, tuple[Any, ...]], first: int) -> None:
        """Terms and impacts of the chunk's jobs. Numbers of titles count from 0, then those of skills, then those of clauses."""
        n = len(columns["job_id"])
        titles = np.fromiter(map(self._titles.__getitem__, columns["title"]), dtype=np.int64, count=n)
        skills = np.fromiter(map(self._skills.__getitem__, columns["skills"]), dtype=np.int64, count=n)
        cut = text.clauses_of_many(columns["description"])
        clauses = np.fromiter(map(self._clauses.__getitem__, cut), dtype=np.int64, count=len(cut))
        runs = (self._titles, self._skills, self._clauses)
        sizes = [len(run) for run in runs]
        run_starts, run_terms = _end_to_end(runs)
        ends = np.flatnonzero(clauses == self._clauses[text.FIELD_END])  # one run without words closes each description
        starts = np.concatenate([[0], ends + 1]) + 2 * np.arange(n + 1)
        numbers, weights = np.empty(starts[-1], dtype=np.int64), np.full(starts[-1], DESCRIPTION_WEIGHT, dtype=np.uint8)
        described = np.ones(starts[-1], dtype=bool)
        described[starts[:-1]] = described[starts[:-1] + 1] = False
        numbers[starts[:-1]], weights[starts[:-1]] = titles, TITLE_WEIGHT
        numbers[starts[:-1] + 1], weights[starts[:-1] + 1] = skills + sizes[0], SKILL_WEIGHT
        numbers[described] = clauses + (sizes[0] + sizes[1])
        sets = self._columns["trade_set"].taken(first)
        set_starts = np.array(self._trade_sets.starts, dtype=np.int64)
        ends = np.empty(n + 1, dtype=np.int64)
        most = count_tokens(starts, numbers, run_starts, sets, set_starts)
        terms, impacts = self._token.room(most), self._impact.room(most)
        weigh_tokens(
            starts, numbers, weights, run_starts, run_terms, sets, set_starts, np.array(self._trade_sets.terms), LENGTH_CAP,
            np.zeros(len(self._terms), dtype=np.int32), ends, terms, impacts,
        )  # fmt: skip
        self._starts.add(ends[1:] + self._token.size)
        self._token.size += int(ends[-1])
        self._impact.size += int(ends[-1])

    def flat(self) -> Flat:
        """All that was taken in. An id that came twice counts as it came last. Nothing may be added after."""
        for tags in self._tag_sets:
            for tag in sorted(tags):
                _ = self._tags[tag]
        width = max(1, -(-len(self._tags) // 64))
        mask = (1 << 64) - 1
        bits = [sum(1 << self._tags[tag] for tag in tags) for tags in self._tag_sets]
        tag_sets = np.array([[held >> 64 * word & mask for word in range(width)] for held in bits], dtype=np.uint64)
        trades = [[self._trades[code] for code in dict.fromkeys(codes)] for codes in self._trade_sets]
        flat = Flat(
            job_id=self._ids.whole(),
            record=self._record.whole(),
            applications=self._applied.whole(),
            region=self._columns["region"].whole(),
            regions=np.array([region_number(code) for code in self._regions], dtype=np.int64),
            employer=self._columns["employer"].whole(),
            employers=np.array([NO_EMPLOYER if one is None else one for one in self._employers], dtype=np.int64),
            tag_set=self._columns["tag_set"].whole(),
            tag_sets=tag_sets.reshape(len(bits), width),
            tag_names=list(self._tags),
            trade_set=self._columns["trade_set"].whole(),
            set_starts=np.cumsum([0, *(len(one) for one in trades)], dtype=np.int64),
            set_trades=np.array([code for one in trades for code in one], dtype=np.int32),
            trade_names=list(self._trades),
            token_starts=self._starts.whole(),
            token_term=self._token.whole(),
            token_impact=self._impact.whole(),
            terms=list(self._terms),
        )
        _, last = np.unique(flat.job_id[::-1], return_index=True)
        n = len(flat.job_id)
        return flat if len(last) == n else select(flat, np.sort(n - 1 - last))


def collect(jobs: Iterable[Job], progress: Callable[[int], None] | None = None) -> Flat:
    """Read ``jobs`` into arrays; ``progress`` hears how many are in, every few thousand."""
    collector = Collector()
    source, done = iter(jobs), 0
    with _no_cycles():
        while chunk := list(islice(source, _CHUNK)):
            collector.add(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done)
    return collector.flat()


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Without the search for cycles of garbage: thousands of rows at once set it off again and again (two thirds of the time)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
