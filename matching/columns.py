"""One job as 32 bytes that hold all that its final score needs, and the columns beside them that filters ask for.

Record, eight 32-bit numbers: 0-2 the unit vector (25 bits each, times 128) whose spare seven bits carry small facts; 3 seconds of
publication and 4 of expiry (unsigned, all ones: never); 5 and 6 pay from and to in yuan a month (0: not stated); 7 the age
limits of men and women, seven bits each. One record is half a cache line: reading it is what a candidate costs.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from matching import text
from matching.formula import (
    AGE_OPEN,
    DESCRIPTION_WEIGHT,
    SKILL_WEIGHT,
    TITLE_WEIGHT,
    TRADE_WEIGHT,
    impacts,
)
from matching.model import KINDS, SETTLEMENTS, Job
from matching.rows import HOURS_UNKNOWN, NEVER
from matching.space import is_point, unit_vector
from matching.wanted import CODE_MARK

NO_EMPLOYER: Final = -(1 << 62)
WAGE_CAP: Final = 100_000_000
LENGTH_CAP: Final = 60_000
KEY_TERMS: Final = 8
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Flat:
    """Jobs as plain arrays in no particular order: what a build collects, a merge unpacks and ``segment.assemble`` packs.

    ``n`` jobs, ``p`` postings. ``tags`` is a bit matrix over ``tag_names``; ``trade_*`` and ``key_*`` are runs per job
    (``starts`` has n + 1 entries); ``post_term`` indexes ``terms``, ``post_row`` the jobs.
    """

    job_id: Ints
    record: npt.NDArray[np.int32]
    region: Ints
    employer: Ints
    tags: npt.NDArray[np.uint64]
    tag_names: list[str]
    trade_starts: Ints
    trades: npt.NDArray[np.int32]
    trade_names: list[str]
    key_starts: Ints
    key_terms: npt.NDArray[np.int32]
    terms: list[str]
    post_term: npt.NDArray[np.int32]
    post_row: npt.NDArray[np.int32]
    post_impact: npt.NDArray[np.uint8]


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


def _seconds(value: int) -> int:
    return max(0, min(NEVER - 1, value))


def _low_age(value: int | None) -> int:
    return 0 if value is None else max(0, min(126, value))


def _high_age(value: int | None) -> int:
    return AGE_OPEN if value is None else max(0, min(126, value))


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value


def record_of(job: Job) -> tuple[int, ...]:
    """The eight numbers of a job's record, as signed 32-bit integers."""
    x = y = z = 0
    placed = is_point(job.lat, job.lng)
    if placed and job.lat is not None and job.lng is not None:
        x, y, z = unit_vector(job.lat, job.lng)
    kind = KINDS.index(job.kind)
    settlement = SETTLEMENTS.index(job.settlement) + 1 if job.settlement else 0
    men = job.age_men or (job.age_min, job.age_max)
    women = job.age_women or (job.age_min, job.age_max)
    ages = _low_age(men[0]) | _high_age(men[1]) << 7 | _low_age(women[0]) << 14 | _high_age(women[1]) << 21
    return (
        _signed((x << 7 | kind | settlement << 2 | int(placed) << 5 | int(job.age_binding) << 6) & NEVER),
        _signed((y << 7 | hours_quarters(job.hours_per_day)) & NEVER),
        _signed((z << 7 | int(job.minors_barred)) & NEVER),
        _signed(_seconds(job.published_at)),
        _signed(NEVER if job.valid_until is None else _seconds(job.valid_until)),
        max(0, min(WAGE_CAP, job.wage_min_yuan_month or 0)),
        max(0, min(WAGE_CAP, job.wage_max_yuan_month or 0)),
        ages,
    )


def frequencies(job: Job) -> tuple[dict[str, int], int, list[str]]:
    """Field-weighted frequency of every term of an advert, the weighted length, and its telling terms (title, skills)."""
    counts: dict[str, int] = {}
    length = 0
    telling: dict[str, None] = {}
    fields = [(TITLE_WEIGHT, text.advert_words(job.title))]
    fields += [(SKILL_WEIGHT, text.advert_words(skill)) for skill in job.skills]
    for weight, words in fields:
        for word in words:
            counts[word] = counts.get(word, 0) + weight
            telling[word] = None
        length += weight * len(words)
    described = text.advert_words(job.description, singles=False) if job.description else ()
    for word in described:
        counts[word] = counts.get(word, 0) + DESCRIPTION_WEIGHT
    length += DESCRIPTION_WEIGHT * len(described)
    for code in dict.fromkeys(term for trade in job.trade_codes for term in code_terms(trade)):
        counts[code] = TRADE_WEIGHT
    return counts, min(length, LENGTH_CAP), list(telling)[:KEY_TERMS]


def collect(jobs: Iterable[Job]) -> Flat:
    """Read ``jobs`` into arrays in one pass. An id that comes twice counts as it came last."""
    ids, regions, employers = array("q"), array("q"), array("q")
    records = array("i")
    tag_bits: list[int] = []
    tag_index: dict[str, int] = {}
    trade_starts, trades = array("q", [0]), array("i")
    trade_index: dict[str, int] = {}
    key_starts, keys = array("q", [0]), array("i")
    terms: dict[str, int] = {}
    post_term, post_tf, lengths, carried = array("i"), array("q"), array("q"), array("q")
    for job in jobs:
        ids.append(job.job_id)
        records.extend(record_of(job))
        regions.append(region_number(job.region))
        employers.append(NO_EMPLOYER if job.employer_id is None else job.employer_id)
        bits = 0
        for tag in job.tags:
            bits |= 1 << tag_index.setdefault(tag, len(tag_index))
        tag_bits.append(bits)
        trades.extend(trade_index.setdefault(code, len(trade_index)) for code in dict.fromkeys(job.trade_codes))
        trade_starts.append(len(trades))
        counts, length, telling = frequencies(job)
        post_term.extend([terms.setdefault(term, len(terms)) for term in counts])
        post_tf.extend(counts.values())
        lengths.append(length)
        carried.append(len(counts))
        keys.extend(terms[word] for word in telling)
        key_starts.append(len(keys))
    n = len(ids)
    held = np.array(carried, dtype=np.int64)
    width = max(1, -(-len(tag_index) // 64))
    mask = (1 << 64) - 1
    tags = np.array([[bits >> 64 * word & mask for word in range(width)] for bits in tag_bits], dtype=np.uint64)
    flat = Flat(
        job_id=np.array(ids, dtype=np.int64),
        record=np.array(records, dtype=np.int32).reshape(n, 8),
        region=np.array(regions, dtype=np.int64),
        employer=np.array(employers, dtype=np.int64),
        tags=tags.reshape(n, width),
        tag_names=list(tag_index),
        trade_starts=np.array(trade_starts, dtype=np.int64),
        trades=np.array(trades, dtype=np.int32),
        trade_names=list(trade_index),
        key_starts=np.array(key_starts, dtype=np.int64),
        key_terms=np.array(keys, dtype=np.int32),
        terms=list(terms),
        post_term=np.array(post_term, dtype=np.int32),
        post_row=np.repeat(np.arange(n, dtype=np.int32), held),
        post_impact=impacts(np.array(post_tf, dtype=np.int64), np.repeat(np.array(lengths, dtype=np.int64), held)).astype(
            np.uint8
        ),
    )
    _, last = np.unique(flat.job_id[::-1], return_index=True)
    return flat if len(last) == n else select(flat, np.sort(n - 1 - last))


def _pick_runs(starts: Ints, values: npt.NDArray[np.int32], rows: Ints) -> tuple[Ints, npt.NDArray[np.int32]]:
    lengths = starts[rows + 1] - starts[rows]
    picked = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(lengths, out=picked[1:])
    where = np.repeat(starts[rows] - picked[:-1], lengths) + np.arange(picked[-1])
    return picked, values[where]


def select(flat: Flat, rows: Ints) -> Flat:
    """The jobs at ``rows``, in that order; terms, tags and trades that no job carries any more keep their numbers."""
    place = np.full(len(flat.job_id), -1, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    moved = place[flat.post_row]
    kept = moved >= 0
    trade_starts, trades = _pick_runs(flat.trade_starts, flat.trades, rows)
    key_starts, key_terms = _pick_runs(flat.key_starts, flat.key_terms, rows)
    return Flat(
        job_id=flat.job_id[rows],
        record=flat.record[rows],
        region=flat.region[rows],
        employer=flat.employer[rows],
        tags=flat.tags[rows],
        tag_names=flat.tag_names,
        trade_starts=trade_starts,
        trades=trades,
        trade_names=flat.trade_names,
        key_starts=key_starts,
        key_terms=key_terms,
        terms=flat.terms,
        post_term=flat.post_term[kept],
        post_row=moved[kept],
        post_impact=flat.post_impact[kept],
    )


def _join_names(lists: list[list[str]]) -> tuple[list[str], list[npt.NDArray[np.int32]]]:
    index: dict[str, int] = {}
    maps = [np.array([index.setdefault(name, len(index)) for name in names], dtype=np.int32) for names in lists]
    return list(index), maps


def _join_tags(flats: list[Flat]) -> tuple[list[str], npt.NDArray[np.uint64]]:
    names, maps = _join_names([flat.tag_names for flat in flats])
    width = max(1, -(-len(names) // 64))
    joined = []
    for flat, places in zip(flats, maps, strict=True):
        bits = np.zeros((len(flat.job_id), width), dtype=np.uint64)
        for old, new in enumerate(places.tolist()):
            bit = flat.tags[:, old // 64] >> np.uint64(old % 64) & np.uint64(1)
            bits[:, new // 64] |= bit << np.uint64(new % 64)
        joined.append(bits)
    return names, np.concatenate(joined)


def _join_starts(parts: list[Ints]) -> Ints:
    lengths = np.concatenate([np.diff(part) for part in parts])
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])


def join(flats: list[Flat]) -> Flat:
    """All jobs of several sets (with no id in common) as one."""
    terms, term_maps = _join_names([flat.terms for flat in flats])
    trade_names, trade_maps = _join_names([flat.trade_names for flat in flats])
    tag_names, tags = _join_tags(flats)
    first = np.cumsum([0] + [len(flat.job_id) for flat in flats])
    return Flat(
        job_id=np.concatenate([flat.job_id for flat in flats]),
        record=np.concatenate([flat.record for flat in flats]),
        region=np.concatenate([flat.region for flat in flats]),
        employer=np.concatenate([flat.employer for flat in flats]),
        tags=tags,
        tag_names=tag_names,
        trade_starts=_join_starts([flat.trade_starts for flat in flats]),
        trades=np.concatenate([places[flat.trades] for flat, places in zip(flats, trade_maps, strict=True)]),
        trade_names=trade_names,
        key_starts=_join_starts([flat.key_starts for flat in flats]),
        key_terms=np.concatenate([places[flat.key_terms] for flat, places in zip(flats, term_maps, strict=True)]),
        terms=terms,
        post_term=np.concatenate([places[flat.post_term] for flat, places in zip(flats, term_maps, strict=True)]),
        post_row=np.concatenate([flat.post_row + np.int32(at) for flat, at in zip(flats, first.tolist(), strict=False)]),
        post_impact=np.concatenate([flat.post_impact for flat in flats]),
    )
