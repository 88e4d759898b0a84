"""Jobs as plain arrays in no particular order: what a build collects, a merge unpacks and ``segment.assemble`` packs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from matching.layout import Hot
from matching.packing import pick_runs, unpack_counts, unpack_tokens

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Flat:
    """``n`` jobs. Record, eight 32-bit numbers: 0-2 the unit vector (25 bits each, times 128) whose spare seven bits carry small
    facts (kind, settlement, placed, binding age; quarters of hours a day; barred to minors, lot); 3 seconds of publication and 4
    of expiry (unsigned, all ones: never); 5 and 6 pay from and to in yuan a month (0: not stated); 7 the age limits of men and
    women, seven bits each, and how crowded the job is. One record is half a cache line: reading it is what a candidate costs.

    Columns that repeat are positions in tables: ``region`` in ``regions``, ``employer`` in ``employers``, ``tag_set`` in
    ``tag_sets`` (a bit matrix over ``tag_names``), ``trade_set`` in the runs of ``set_trades`` (positions in ``trade_names``).
    The terms of job j are ``token_term[token_starts[j]:token_starts[j + 1]]``, positions in ``terms``, impacts beside them.
    """

    job_id: Ints
    record: npt.NDArray[np.int32]
    applications: npt.NDArray[np.uint16]
    region: Ints
    regions: Ints
    employer: Ints
    employers: Ints
    tag_set: Ints
    tag_sets: npt.NDArray[np.uint64]
    tag_names: list[str]
    trade_set: Ints
    set_starts: Ints
    set_trades: npt.NDArray[np.int32]
    trade_names: list[str]
    token_starts: Ints
    token_term: npt.NDArray[np.int32]
    token_impact: npt.NDArray[np.uint8]
    terms: list[str]


def flatten(hot: Hot, names: tuple[list[str], list[str], list[str]], sets: tuple[Array, Array, Array], alive: Array) -> Flat:
    """The living jobs of a segment again; ``names``: terms, tags, trades; ``sets``: trade set of each row, starts, trades."""
    rows, n = hot.rows, len(hot.rows.job_id)
    starts = np.zeros(n + 1, dtype=np.int64)
    unpack_counts(hot.posts, starts[1:])
    np.cumsum(starts, out=starts)
    terms, impacts = np.empty(starts[-1], dtype=np.int32), np.empty(starts[-1], dtype=np.uint8)
    unpack_tokens(hot.posts, starts[:-1].copy(), terms, impacts)
    trade_set, set_starts, set_trades = sets
    flat = Flat(
        job_id=rows.job_id.astype(np.int64),
        record=np.array(rows.record),
        applications=np.array(rows.applications),
        region=rows.region.astype(np.int64),
        regions=np.array(rows.regions),
        employer=rows.employer.astype(np.int64),
        employers=np.array(rows.employers),
        tag_set=rows.tag_set.astype(np.int64),
        tag_sets=np.array(rows.tag_sets),
        tag_names=names[1],
        trade_set=trade_set.astype(np.int64),
        set_starts=set_starts.astype(np.int64),
        set_trades=set_trades.astype(np.int32),
        trade_names=names[2],
        token_starts=starts,
        token_term=terms,
        token_impact=impacts,
        terms=names[0],
    )
    return flat if alive.all() else select(flat, np.flatnonzero(alive))


def select(flat: Flat, rows: Ints) -> Flat:
    """The jobs at ``rows``, in that order; what no job refers to any more keeps its number."""
    count = int((flat.token_starts[rows + 1] - flat.token_starts[rows]).sum())
    starts = np.empty(len(rows) + 1, dtype=np.int64)
    terms, impacts = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.uint8)
    pick_runs(flat.token_starts, rows, flat.token_term, starts, terms)
    pick_runs(flat.token_starts, rows, flat.token_impact, starts, impacts)
    return replace(
        flat,
        **{name: getattr(flat, name)[rows] for name in _BY_ROW},
        token_starts=starts,
        token_term=terms,
        token_impact=impacts,
    )


def without_terms(flat: Flat) -> Flat:
    """The jobs without their terms."""
    none: list[str] = []
    return replace(
        flat,
        token_starts=np.zeros(len(flat.job_id) + 1, dtype=np.int64),
        token_term=np.zeros(0, dtype=np.int32),
        token_impact=np.zeros(0, dtype=np.uint8),
        terms=none,
    )


_BY_ROW = ("job_id", "record", "applications", "region", "employer", "tag_set", "trade_set")


def _join_names(lists: list[list[str]]) -> tuple[list[str], list[npt.NDArray[np.int32]]]:
    index: dict[str, int] = {}
    maps = [np.array([index.setdefault(name, len(index)) for name in names], dtype=np.int32) for names in lists]
    return list(index), maps


def _shifted(columns: list[Array], lengths: list[int]) -> Array:
    """Columns of positions end to end, for tables put end to end."""
    firsts = np.cumsum([0, *lengths])
    return np.concatenate([column + first for column, first in zip(columns, firsts.tolist(), strict=False)])


def _join_starts(parts: list[Ints]) -> Ints:
    lengths = np.concatenate([np.diff(part) for part in parts])
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])


def join(flats: list[Flat]) -> Flat:
    """The jobs of several sets (with no id in common) as one; their tables end to end (``assemble`` makes them unique)."""
    terms, term_maps = _join_names([flat.terms for flat in flats])
    trade_names, trade_maps = _join_names([flat.trade_names for flat in flats])
    tag_names, tag_maps = _join_names([flat.tag_names for flat in flats])
    width = max(1, -(-len(tag_names) // 64))
    tag_sets = []
    for flat, places in zip(flats, tag_maps, strict=True):
        bits = np.zeros((len(flat.tag_sets), width), dtype=np.uint64)
        for old, new in enumerate(places.tolist()):
            bit = flat.tag_sets[:, old // 64] >> np.uint64(old % 64) & np.uint64(1)
            bits[:, new // 64] |= bit << np.uint64(new % 64)
        tag_sets.append(bits)
    return Flat(
        job_id=np.concatenate([flat.job_id for flat in flats]),
        record=np.concatenate([flat.record for flat in flats]),
        applications=np.concatenate([flat.applications for flat in flats]),
        region=_shifted([flat.region for flat in flats], [len(flat.regions) for flat in flats]),
        regions=np.concatenate([flat.regions for flat in flats]),
        employer=_shifted([flat.employer for flat in flats], [len(flat.employers) for flat in flats]),
        employers=np.concatenate([flat.employers for flat in flats]),
        tag_set=_shifted([flat.tag_set for flat in flats], [len(flat.tag_sets) for flat in flats]),
        tag_sets=np.concatenate(tag_sets),
        tag_names=tag_names,
        trade_set=_shifted([flat.trade_set for flat in flats], [len(flat.set_starts) - 1 for flat in flats]),
        set_starts=_join_starts([flat.set_starts for flat in flats]),
        set_trades=np.concatenate([places[flat.set_trades] for flat, places in zip(flats, trade_maps, strict=True)]),
        trade_names=trade_names,
        token_starts=_join_starts([flat.token_starts for flat in flats]),
        token_term=np.concatenate([places[flat.token_term] for flat, places in zip(flats, term_maps, strict=True)]),
        token_impact=np.concatenate([flat.token_impact for flat in flats]),
        terms=terms,
    )
