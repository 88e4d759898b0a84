"""Profiles to a file: wishes are weighed once, equal ones kept once, workers stand in order of place."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching import space, text
from matching.asking import plan_for, region_span
from matching.collect import hours_quarters
from matching.files import pack_strings, write_arrays
from matching.index import Index
from matching.layout import BLOCK, BLOCK_SHIFT, HOURS_UNKNOWN
from matching.model import KINDS, SETTLEMENTS, Query, Worker
from matching.packing import curve
from matching.people.rows import (
    AGE_UNSAID,
    BLOCKS_SOMEBODY,
    EVERYWHERE,
    GROUPS,
    PLACED,
    STRIP_SHIFT,
    TIMES,
    WEIGHTS,
    Pool,
    lengths,
)
from matching.wanted import CODE_MARK

HOLDS: Final = "people"
_ADULT: Final = 16  # under 16 nobody may be placed in work (禁止使用童工规定, article 2)
_MOST: Final = (1 << 31) - 1
_REACHES_KM: Final = (12.0, 36.0, 110.0)
_OFF_GLOBE: Final = 1 << 25  # beyond every point, and its square fits
_KNOWN_WISHES: Final = 1 << 18
_EVERY_KIND: Final = (1 << len(KINDS)) - 1
Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


def refused_terms(wish: Query) -> tuple[str, ...]:
    """The terms by which a job shows what a person refuses: words, and occupations with all below them."""
    return (*(text.normalise(word) for word in wish.words_none), *(CODE_MARK + code for code in wish.trades_none))


class _Numbers:
    """Gives every different thing the next number."""

    def __init__(self, *first: Hashable) -> None:
        self.of: dict[Any, int] = {thing: number for number, thing in enumerate(first)}

    def __call__(self, thing: Hashable) -> int:
        return self.of.setdefault(thing, len(self.of))


class _Collected:
    """Workers as plain arrays in no particular order. Term 0 and wish 0 are "no words asked"."""

    def __init__(self, index: Index) -> None:
        self.snapshot = index.snapshot
        self.terms = _Numbers("")
        self.tags = _Numbers()
        self.wishes = _Numbers(((0, 0, 0),))
        self.conditions = _Numbers()
        self.employers: dict[int, tuple[int, ...]] = {}
        self.seen, self.seen_at = array("q"), array("q")
        self.ids, self.records, self.wish_of = array("q"), array("q"), array("q")
        self._weigh = lru_cache(maxsize=_KNOWN_WISHES)(self._weigh_once)

    def _weigh_once(self, written: str, skills: tuple[str, ...], trade_codes: tuple[str, ...]) -> int:
        """Number of the wish, -1 for words that no job carries."""
        plan = plan_for(self.snapshot, Query(now=0, text=written, skills=skills, trade_codes=trade_codes))
        if not plan.needs_words:
            return 0
        groups = _Numbers()
        wish = tuple((self.terms(term.term), term.weight, groups(term.group)) for term in plan.terms)
        return self.wishes(wish) if wish else -1

    def _condition(self, wish: Query) -> int:
        return self.conditions(
            (
                sum(1 << KINDS.index(kind) for kind in wish.kinds),
                sum(2 << SETTLEMENTS.index(settlement) for settlement in wish.settlements),
                HOURS_UNKNOWN if wish.hours_max is None else hours_quarters(wish.hours_max),
                tuple(
                    sum(1 << self.tags(tag) for tag in tags)
                    for tags in (wish.tags_all, wish.tags_any, wish.tags_none, wish.tags_wanted)
                ),
                tuple(region_span(code) for code in wish.regions),
                tuple(self.terms(term) for term in refused_terms(wish)),
            )
        )

    def add(self, worker: Worker) -> None:
        """A profile of somebody who may be found; of others only that their last profile says no."""
        self.seen.append(worker.worker_id)
        wish, age = worker.wish, worker.wish.age
        number = self._weigh(wish.text, wish.skills, wish.trade_codes) if worker.consent else -1
        if number < 0 or (age is not None and age < _ADULT):
            self.seen_at.append(-1)
            return
        row = len(self.ids)
        self.seen_at.append(row)
        self.ids.append(worker.worker_id)
        self.wish_of.append(number)
        x = y = z = 0
        reach, placed = -1, space.is_point(wish.lat, wish.lng)
        if placed and wish.lat is not None and wish.lng is not None:
            x, y, z = space.unit_vector(wish.lat, wish.lng)
            reach = -1 if wish.radius_km is None else space.chord_of(max(0.0, wish.radius_km))
        facts = {"male": 1, "female": 2}.get(wish.sex or "", 0) | (PLACED if placed else 0)
        if wish.employers_blocked:
            facts |= BLOCKS_SOMEBODY
            self.employers[row] = tuple(sorted(wish.employers_blocked))
        self.records.extend(
            (
                x << 7 | facts,
                y << 7 | (AGE_UNSAID if age is None else min(age, AGE_UNSAID - 1)),
                z << 7,
                reach,
                max(0, min(_MOST, wish.wage_min_yuan_month or 0)),
                max(0, min(_MOST, wish.wage_floor_yuan_month or 0)),
                max(0, min(TIMES, worker.active_at)),
                self._condition(wish),
            )
        )


def _runs(lists: list[tuple[int, ...]]) -> tuple[Array, Array]:
    starts = np.zeros(len(lists) + 1, dtype=np.uint32)
    starts[1:] = np.cumsum([len(one) for one in lists])
    return starts, np.array([number for one in lists for number in one], dtype=np.int64)


def _tables(made: _Collected) -> dict[str, Array]:
    """Wishes and conditions."""
    wishes, conditions = list(made.wishes.of), list(made.conditions.of)
    starts, flat = _runs([tuple(number for term in wish for number in term) for wish in wishes])
    triples = flat.reshape(-1, 3)
    width, mask = max(1, -(-len(made.tags.of) // 64)), (1 << 64) - 1
    bits = [[[tags >> 64 * word & mask for word in range(width)] for tags in one[3]] for one in conditions]
    region_starts, regions = _runs([tuple(number for span in one[4] for number in span) for one in conditions])
    refused_starts, refused = _runs([one[5] for one in conditions])
    return {
        "wish_starts": starts // np.uint32(3),
        "wish_words": (triples[:, 0] << 32 | triples[:, 2] << 16 | triples[:, 1]).astype(np.uint64),
        "condition": np.array([(*one[:3], one[3][3].bit_count()) for one in conditions], dtype=np.int32).reshape(-1, 4),
        "tags": np.array(bits, dtype=np.uint64).reshape(-1, 4, width),
        "region_starts": region_starts // np.uint32(2),
        "regions": regions.reshape(-1, 2),
        "refused_starts": refused_starts,
        "refused": refused.astype(np.uint32),
    }


def _heaviest(tables: dict[str, Array]) -> Ints:
    """For every wish the sum over its groups of the largest weight."""
    starts = tables["wish_starts"].astype(np.int64)
    wish = np.repeat(np.arange(len(starts) - 1), lengths(starts))
    words = tables["wish_words"].astype(np.int64)
    key = wish << 16 | words >> 16 & GROUPS
    first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    largest = np.maximum.reduceat(words & WEIGHTS, first)
    sums = np.zeros(len(starts) - 1, dtype=np.int64)
    np.add.at(sums, wish[first], largest)
    return sums


def _boxes(record: Array, shift: int) -> tuple[Array, Array, Ints]:
    """Box of the points of every 2**``shift`` workers (off the globe where nobody has one), and their largest reach."""
    first = np.arange(0, len(record), 1 << shift)
    placed = (record[:, 0] & PLACED) != 0
    vectors, here = record[:, :3] >> 7, placed[:, None]
    low = np.minimum.reduceat(np.where(here, vectors, _OFF_GLOBE), first, axis=0)
    high = np.maximum.reduceat(np.where(here, vectors, -_OFF_GLOBE), first, axis=0)
    reach = np.where(placed & (record[:, 3] >= 0), record[:, 3], EVERYWHERE).astype(np.int64)
    return low.astype(np.int32), high.astype(np.int32), np.maximum.reduceat(reach, first)


def _bounds(record: Array, wish: Ints, tables: dict[str, Array]) -> dict[str, Array]:
    """What holds for everybody of a block, and of a strip."""
    first = np.arange(0, len(record), 1 << BLOCK_SHIFT)
    age, wage = record[:, 1] & 127, record[:, 4].astype(np.int64)
    kinds = tables["condition"][record[:, 7], 0].astype(np.int64)
    low, high, reach = _boxes(record, BLOCK_SHIFT)
    strip_low, strip_high, strip_reach = _boxes(record, STRIP_SHIFT)
    columns = [
        np.maximum.reduceat(record[:, 6].view(np.uint32).astype(np.int64), first),
        reach,
        np.minimum.reduceat(record[:, 5].astype(np.int64), first),
        np.bitwise_or.reduceat(np.where(kinds == 0, _EVERY_KIND, kinds), first),
        np.minimum.reduceat(np.where(wage == 0, _MOST + 1, wage), first),
        np.maximum.reduceat((age != AGE_UNSAID).astype(np.int64), first),
        np.maximum.reduceat(_heaviest(tables)[wish], first),
    ]
    columns[4][columns[4] > _MOST] = 0
    return {
        "low": low,
        "high": high,
        "bounds": np.stack(columns, axis=1),
        "strip_low": strip_low,
        "strip_high": strip_high,
        "strip_reach": strip_reach,
        "wanted": np.bitwise_or.reduceat(tables["tags"][record[:, 7], 3], first, axis=0),
    }


def _postings(wish: Ints, tables: dict[str, Array], terms: int) -> dict[str, Array]:
    """For every term and every block a group of the workers who ask for it (``wish`` by row), with their weights."""
    starts = tables["wish_starts"].astype(np.int64)
    held = lengths(starts)[wish]
    at = np.repeat(starts[wish] - np.cumsum(held) + held, held) + np.arange(int(held.sum()))
    row = np.repeat(np.arange(len(wish)), held)
    words = tables["wish_words"][at].astype(np.int64)
    order = np.argsort(words >> 32, kind="stable")
    term, row, weight = words[order] >> 32, row[order], (words[order] & WEIGHTS).astype(np.uint16)
    block = row >> BLOCK_SHIFT
    first = np.flatnonzero(np.append(np.ones(min(1, len(term)), dtype=bool), (term[1:] != term[:-1]) | (block[1:] != block[:-1])))
    term_starts = np.zeros(terms + 1, dtype=np.uint32)
    term_starts[1:] = np.cumsum(np.bincount(term[first], minlength=terms))
    return {
        "term_starts": term_starts,
        "group_block": block[first].astype(np.uint32),
        "group_starts": np.append(first, len(term)).astype(np.uint32),
        "group_max": np.maximum.reduceat(weight, first) if len(first) else np.zeros(0, dtype=np.uint16),
        "post_row": (row & (BLOCK - 1)).astype(np.uint16),
        "post_weight": weight,
    }


def _reach_class(record: Array) -> Ints:
    """Workers of like reach stand together, so that a far block of people who stay near home is left out as a whole."""
    classes = np.searchsorted([space.chord_of(km) for km in _REACHES_KM], record[:, 3].astype(np.int64))
    unlimited = (record[:, 3] < 0) | ((record[:, 0] & PLACED) == 0)
    return np.where(unlimited, len(_REACHES_KM) + 1 + ((record[:, 0] & PLACED) == 0), classes).astype(np.int64)


def _arrays(made: _Collected) -> dict[str, Array]:
    _, last = np.unique(np.array(made.seen, dtype=np.int64)[::-1], return_index=True)
    rows = np.array(made.seen_at, dtype=np.int64)[::-1][last]
    rows = rows[rows >= 0]
    record = (np.array(made.records, dtype=np.int64).reshape(-1, 8)[rows] & TIMES).astype(np.uint32).view(np.int32)
    wish = np.array(made.wish_of, dtype=np.int64)[rows]
    tables = _tables(made)
    main = (tables["wish_words"][tables["wish_starts"][:-1].astype(np.int64)] >> np.uint64(32)).astype(np.int64)
    position = main[wish]  # where no place counts, those who ask for the same work stand together
    curve(record, position)
    order = np.lexsort((wish, position, _reach_class(record)))
    rows, record, wish = rows[order], record[order], wish[order]
    blocked = [(row, employer) for row, old in enumerate(rows.tolist()) for employer in made.employers.get(old, ())]
    pairs = np.array(blocked, dtype=np.int64).reshape(-1, 2)
    ids = np.array(made.ids, dtype=np.int64)[rows]
    return {
        "record": record,
        "worker_id": ids,
        "wish_of": wish.astype(np.uint32),
        **_bounds(record, wish, tables),
        **tables,
        "blocked_row": pairs[:, 0].astype(np.uint32),
        "blocked_employer": pairs[:, 1],
        **_postings(wish, tables, len(made.terms.of)),
        "by_id": np.argsort(ids, kind="stable").astype(np.uint32),
        "term_names": pack_strings(list(made.terms.of)),
    }


def build_people(path: Path, workers: Iterable[Worker], index: Index, say: Callable[[int], None] | None = None) -> int:
    """Write the profiles of all who consent and are 16 or older as one file; the number of its bytes.

    Wishes are weighed by what the open generation of ``index`` knows. An id that comes twice counts as it came last. Left out
    are also those whose words no job carries: no job is for them until the next build. An age above 126 counts as 126. ``say``
    hears how many were read.
    """
    made = _Collected(index)
    for count, worker in enumerate(workers, start=1):
        made.add(worker)
        if say is not None and count % 10_000 == 0:
            say(count)
    arrays = _arrays(made)
    named = {name: arrays[name] for name in (*Pool._fields, "by_id", "term_names")}
    facts = {"holds": HOLDS, "rows": len(arrays["worker_id"]), "words": text.fingerprint(), "tags": list(made.tags.of)}
    return write_arrays(path, facts, named)
