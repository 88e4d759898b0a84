"""One immutable batch of jobs as a file: arrays in the order of a search, and what is checked before a search runs on them.

The file itself is as ``files.py`` says. Kernels check no number that they use as an index, so opening checks every one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.columns import Flat, without_terms
from matching.columns import flatten as flatten_columns
from matching.files import IndexDamaged, count_of, names_of, pack_strings, read_arrays, unpack_strings, well_formed, write_arrays
from matching.layout import (
    BLOCK_SHIFT,
    FACT_APPLICATIONS,
    FACT_EXPIRY,
    FACT_KINDS,
    FACT_NEWEST,
    FACT_PAY,
    FACT_PLACED,
    FACT_REGION_HIGH,
    FACT_REGION_LOW,
    FACT_SETTLEMENTS,
    FACT_SORT_PAY,
    FACTS,
    HALF_DAY,
    NEVER,
    OLDER_MOST,
    SUPER_SHIFT,
    Blocks,
    Hot,
    Posts,
    Rows,
)
from matching.packing import count_groups, curve, fill_groups, find_rows, posts_are_sound

_NO_BOX: Final = 1 << 30  # corners of a box around nothing: on the far side of every point
Array = npt.NDArray[Any]


_WIDER: Final = {
    "job_id": (np.uint32, np.int64),
    **dict.fromkeys(("region", "employer", "tag_set", "trade_set"), (np.uint16, np.uint32)),
}
"""Columns that take half the room while their numbers are small."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One immutable batch of jobs, opened. Rows are positions in it; ``by_id`` lists the rows in order of their job ids."""

    name: str
    rows: int
    hot: Hot
    trade_set: Array  # uint16 or uint32 [n], position among the sets
    set_starts: Array  # uint32 [sets + 1]
    set_trades: Array  # uint32, positions in trade_names
    by_id: Array  # uint32 [n]
    terms: list[str]
    term_index: dict[str, int]
    tag_index: dict[str, int]
    trade_names: list[str]

    def find(self, job_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows of ``job_ids``, -1 for those that are not here (a tombstone does not matter)."""
        rows = np.empty(len(job_ids), dtype=np.int64)
        find_rows(self.hot.rows.job_id, self.by_id, job_ids, rows)
        return rows

    @property
    def wide(self) -> frozenset[str]:
        """The columns that stand in the wider of their two types."""
        columns = {**self.hot.rows._asdict(), "trade_set": self.trade_set}
        return frozenset(name for name, (_, wider) in _WIDER.items() if columns[name].dtype == wider)

    @property
    def width(self) -> int:
        """Words of 64 bits that a tag set takes."""
        return int(self.hot.rows.tag_sets.shape[1])

    def codes_of_set(self, chosen: int) -> list[str]:
        """Occupation codes of a trade set."""
        return [self.trade_names[at] for at in self.set_trades[int(self.set_starts[chosen]) : int(self.set_starts[chosen + 1])]]

    def trades_of(self, counted: npt.NDArray[np.int64]) -> list[tuple[str, int]]:
        """How many jobs of each occupation code, those of none left out; ``counted``: how many of each trade set."""
        held = np.asarray(np.diff(self.set_starts), dtype=np.int64)
        numbers = np.bincount(self.set_trades, np.repeat(counted, held), len(self.trade_names)).astype(np.int64)
        met = np.flatnonzero(numbers)
        return [(self.trade_names[at], number) for at, number in zip(met.tolist(), numbers[met].tolist(), strict=True)]


def _narrow(values: Array, limit: int, wide: bool) -> Array:
    """Positions below ``limit`` in two bytes where they fit and nothing asks for more, else in four."""
    return values.astype(np.uint16 if limit <= 1 << 16 and not wide else np.uint32)


def _table(positions: Array, table: Array, wide: bool) -> tuple[Array, Array]:
    """A column of positions and its table, sorted, every value once and none that no row has."""
    used = np.zeros(len(table), dtype=bool)
    used[positions] = True
    kept = np.flatnonzero(used)
    values, place = np.unique(table[kept], axis=0, return_inverse=True)
    moved = np.zeros(len(table), dtype=np.int64)
    moved[kept] = place.reshape(-1)
    return _narrow(moved[positions], len(values), wide), values


def _trade_table(flat: Flat, wide: bool) -> tuple[Array, Array, Array, list[str]]:
    """Trade set of each row, starts, trades and their names: every set once, only what a row has."""
    index: dict[tuple[str, ...], int] = {}
    used = np.zeros(len(flat.set_starts), dtype=bool)
    used[flat.trade_set] = True
    moved = np.zeros(len(flat.set_starts), dtype=np.int64)
    for chosen in np.flatnonzero(used).tolist():
        trades = flat.set_trades[flat.set_starts[chosen] : flat.set_starts[chosen + 1]].tolist()
        moved[chosen] = index.setdefault(tuple(flat.trade_names[trade] for trade in trades), len(index))
    names = sorted({name for trades in index for name in trades})
    place = {name: number for number, name in enumerate(names)}
    starts = np.cumsum([0, *(len(trades) for trades in index)], dtype=np.int64).astype(np.uint32)
    listed = np.array([place[name] for trades in index for name in trades], dtype=np.uint32)
    return _narrow(moved[flat.trade_set], len(index), wide), starts, listed, names


def _order(flat: Flat) -> npt.NDArray[np.int64]:
    """The rows' order: along the Hilbert curve, cut into blocks, inside a block newest first.

    Near jobs lie together, so that a block has a small box; and inside it a search can stop where nothing is new enough.
    """
    n = len(flat.job_id)
    along = (1 << 40) + flat.regions[flat.region]  # jobs without a point stand behind all others, county by county
    curve(flat.record, along)
    order = np.argsort(along, kind="stable")
    del along
    key = (np.arange(n) >> BLOCK_SHIFT) << 32
    key += NEVER - flat.record[order, 3].view(np.uint32).astype(np.int64)
    return order[np.argsort(key, kind="stable")]


def _older(published: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """Half-days behind the newest of each block (its first row): how fresh a job can be at most, in one byte beside its like."""
    newest = np.repeat(published[:: 1 << BLOCK_SHIFT], 1 << BLOCK_SHIFT)[: len(published)]
    older: npt.NDArray[np.uint8] = np.minimum((newest - published) // HALF_DAY, OLDER_MOST).astype(np.uint8)
    return older


def _blocks(rows: Rows, shift: int) -> Blocks:
    """Facts about every ``2**shift`` rows."""
    n = len(rows.record)
    firsts = np.arange(0, n, 1 << shift)
    if not n:
        nothing = np.zeros((0, 3), dtype=np.int32)
        return Blocks(
            nothing, nothing, np.zeros((0, FACTS), dtype=np.int64), np.zeros((0, rows.tag_sets.shape[1]), dtype=np.uint64)
        )
    record = rows.record
    placed = (record[:, 0] & 32) != 0
    low, high = np.zeros((len(firsts), 3), dtype=np.int32), np.zeros((len(firsts), 3), dtype=np.int32)
    for axis in range(3):
        point = record[:, axis] >> 7
        low[:, axis] = np.minimum.reduceat(np.where(placed, point, _NO_BOX), firsts)
        high[:, axis] = np.maximum.reduceat(np.where(placed, point, -(_NO_BOX)), firsts)
    facts = np.zeros((len(firsts), FACTS), dtype=np.int64)
    pay_low, pay_high = record[:, 5], record[:, 6]
    region = rows.regions[rows.region]
    for column, values, best in (
        (FACT_NEWEST, record[:, 3].view(np.uint32), np.maximum),
        (FACT_EXPIRY, record[:, 4].view(np.uint32), np.maximum),
        (FACT_PAY, np.maximum(pay_low, pay_high), np.maximum),
        (FACT_SORT_PAY, np.where(pay_low > 0, pay_low, pay_high), np.maximum),
        (FACT_KINDS, 1 << (record[:, 0] & 3), np.bitwise_or),
        (FACT_PLACED, placed.astype(np.int64), np.maximum),
        (FACT_REGION_LOW, region, np.minimum),
        (FACT_REGION_HIGH, region, np.maximum),
        (FACT_SETTLEMENTS, 1 << ((record[:, 0] >> 2) & 7), np.bitwise_or),
        (FACT_APPLICATIONS, rows.applications, np.minimum),
    ):
        facts[:, column] = best.reduceat(values, firsts)
    return Blocks(low, high, facts, np.bitwise_or.reduceat(rows.tag_sets[rows.tag_set], firsts, axis=0))


def pack(flat: Flat, order: npt.NDArray[np.int64], count: int, renumber: npt.NDArray[np.int32]) -> Posts:
    """Inverted lists of the jobs in their ``order``; ``renumber`` takes the terms of ``flat`` to 0..count-1."""
    terms = flat.token_term if count == len(renumber) else renumber[flat.token_term]
    groups, supers, posts = (np.zeros(count, dtype=np.int64) for _ in range(3))
    count_groups(flat.token_starts, terms, order, groups, supers, posts, np.full(count, -1, dtype=np.int64))
    firsts = [np.concatenate([[0], np.cumsum(one)]) for one in (groups, supers, posts)]
    out = Posts(
        term_starts=firsts[1].astype(np.uint32),
        super_no=np.zeros(firsts[1][-1], dtype=np.uint16),
        super_max=np.zeros(firsts[1][-1], dtype=np.uint8),
        super_group=np.zeros(firsts[1][-1] + 1, dtype=np.uint32),
        super_post=np.zeros(firsts[1][-1] + 1, dtype=np.uint32),
        group=np.zeros(firsts[0][-1], dtype=np.uint32),
        post=np.zeros(firsts[2][-1], dtype=np.uint16),
    )
    out.super_group[-1], out.super_post[-1] = firsts[0][-1], firsts[2][-1]
    starts = (firsts[0][:-1].copy(), firsts[1][:-1].copy(), firsts[2][:-1].copy())
    fill_groups(flat.token_starts, terms, flat.token_impact, order, *starts, np.full(count, -1, dtype=np.int64), out)
    return out


def assemble(path: Path, flat: Flat, words: str, wide: frozenset[str] = frozenset()) -> int:
    """Put the jobs of ``flat`` in their order and write them as a segment; the number of its bytes.

    ``wide`` columns take their wider type even where the narrow one would do: segments of one index are alike, because kernels
    are compiled anew for another type, and that must not happen in the middle of a search. ``words`` names the rules by which the
    terms were cut (``text.fingerprint``). Whoever keeps no reference to ``flat`` needs the least memory: its terms, most of it,
    are let go of as soon as they are packed.
    """
    order = _order(flat)
    used = np.zeros(len(flat.terms), dtype=bool)
    used[flat.token_term] = True
    kept = np.flatnonzero(used)
    renumber = np.zeros(len(flat.terms), dtype=np.int32)
    renumber[kept] = np.arange(len(kept), dtype=np.int32)
    posts = pack(flat, order, len(kept), renumber)
    term_names = pack_strings([flat.terms[term] for term in kept.tolist()])
    flat = without_terms(flat)
    job_id = flat.job_id[order]
    fits = "job_id" not in wide and (not len(job_id) or (int(job_id.min()) >= 0 and int(job_id.max()) <= NEVER))
    region, regions = _table(flat.region[order], flat.regions, "region" in wide)
    employer, employers = _table(flat.employer[order], flat.employers, "employer" in wide)
    tag_set, tag_sets = _table(flat.tag_set[order], flat.tag_sets, "tag_set" in wide)
    trade_set, set_starts, set_trades, trade_names = _trade_table(flat, "trade_set" in wide)
    rows = Rows(
        record=flat.record[order],
        job_id=job_id.astype(np.uint32) if fits else job_id,
        region=region,
        employer=employer,
        tag_set=tag_set,
        applications=flat.applications[order],
        older=_older(flat.record[order, 3].view(np.uint32)),
        regions=regions,
        employers=employers,
        tag_sets=tag_sets,
    )
    arrays: dict[str, Array] = {f"rows.{name}": array for name, array in rows._asdict().items()}
    for prefix, shift in (("blocks", BLOCK_SHIFT), ("supers", BLOCK_SHIFT + SUPER_SHIFT)):
        arrays |= {f"{prefix}.{name}": array for name, array in _blocks(rows, shift)._asdict().items()}
    arrays |= {f"posts.{name}": array for name, array in posts._asdict().items()}
    arrays |= {
        "trade_set": trade_set[order],
        "set_starts": set_starts,
        "set_trades": set_trades,
        "by_id": np.argsort(job_id, kind="stable").astype(np.uint32),
        "term_names": term_names,
    }
    facts = {"rows": len(job_id), "words": words, "tags": flat.tag_names, "trades": trade_names}
    return write_arrays(path, facts, arrays)


_POSITION: Final = ("<u2", "<u4")
_TYPES: Final = {
    "rows.record": (("<i4",), 2), "rows.job_id": (("<u4", "<i8"), 1), "rows.region": (_POSITION, 1),
    "rows.employer": (_POSITION, 1), "rows.tag_set": (_POSITION, 1), "rows.applications": (("<u2",), 1),
    "rows.older": (("|u1",), 1),
    "rows.regions": (("<i8",), 1), "rows.employers": (("<i8",), 1), "rows.tag_sets": (("<u8",), 2),
    "blocks.low": (("<i4",), 2), "blocks.high": (("<i4",), 2), "blocks.facts": (("<i8",), 2), "blocks.tags": (("<u8",), 2),
    "supers.low": (("<i4",), 2), "supers.high": (("<i4",), 2), "supers.facts": (("<i8",), 2), "supers.tags": (("<u8",), 2),
    "posts.term_starts": (("<u4",), 1), "posts.super_no": (("<u2",), 1), "posts.super_max": (("|u1",), 1),
    "posts.super_group": (("<u4",), 1), "posts.super_post": (("<u4",), 1), "posts.group": (("<u4",), 1),
    "posts.post": (("<u2",), 1), "trade_set": (_POSITION, 1), "set_starts": (("<u4",), 1), "set_trades": (("<u4",), 1),
    "by_id": (("<u4",), 1), "term_names": (("|u1",), 1),
}  # fmt: skip


def _below(values: Array, limit: int) -> bool:
    return not len(values) or int(values.max()) < limit


def _rising(values: Array) -> bool:
    return bool((values[1:] > values[:-1]).all())


def _within(values: Array, low: int, high: int) -> bool:
    return not values.size or (int(values.min()) >= low and int(values.max()) <= high)


def _is_sound(a: dict[str, Array], n: int, terms: int, names: tuple[int, int]) -> bool:
    """Whether every number that becomes an index lies inside what it indexes: kernels do not check it again."""
    tags, trades = names
    if any(key not in a or a[key].dtype.str not in kinds or a[key].ndim != dims for key, (kinds, dims) in _TYPES.items()):
        return False
    width = a["rows.tag_sets"].shape[1]
    sizes = {"blocks": -(-n >> BLOCK_SHIFT), "supers": -(-n >> (BLOCK_SHIFT + SUPER_SHIFT))}
    by_row = (
        "rows.job_id",
        "rows.region",
        "rows.employer",
        "rows.tag_set",
        "rows.applications",
        "rows.older",
        "trade_set",
        "by_id",
    )
    starts, sets = a["set_starts"], len(a["set_starts"]) - 1
    return bool(
        a["rows.record"].shape == (n, 8)
        and all(len(a[key]) == n for key in by_row)
        and all(a[f"{key}.low"].shape == a[f"{key}.high"].shape == (size, 3) for key, size in sizes.items())
        and all(
            a[f"{key}.facts"].shape == (size, FACTS) and a[f"{key}.tags"].shape == (size, width) for key, size in sizes.items()
        )
        and width * 64 >= tags
        and width >= 1
        and len(a["posts.term_starts"]) == terms + 1
        and _below(a["rows.region"], len(a["rows.regions"]))
        and _below(a["rows.employer"], len(a["rows.employers"]))
        and _below(a["rows.tag_set"], len(a["rows.tag_sets"]))
        and _below(a["trade_set"], sets)
        and _below(a["by_id"], n)
        and _rising(a["rows.job_id"][a["by_id"]])
        # Beyond these the square of a distance or the bound of a score would run over.
        and all(_within(a[f"{key}.{end}"], -_NO_BOX, _NO_BOX) for key in sizes for end in ("low", "high"))
        and all(_within(a[f"{key}.facts"], 0, 1 << 41) for key in sizes)
        and len(starts)
        and starts[0] == 0
        and starts[-1] == len(a["set_trades"])
        and (starts[1:] >= starts[:-1]).all()
        and _below(a["set_trades"], trades)
        and posts_are_sound(Posts(*(a[f"posts.{name}"] for name in Posts._fields)), n)
    )


def open_segment(path: Path, words: str) -> Segment:
    """Open a segment for the kernels; raises ``IndexDamaged`` with the reason in Chinese when it must not be used."""
    facts, arrays = read_arrays(path)
    if facts.get("words") != words:
        raise IndexDamaged(f"索引文件 {path.name} 是用旧的词表切分的，需要重建")
    with well_formed(path):
        n, tags, trades = count_of(facts, "rows"), names_of(facts, "tags"), names_of(facts, "trades")
        names = unpack_strings(arrays["term_names"])
    if not _is_sound(arrays, n, len(names), (len(tags), len(trades))):
        raise IndexDamaged(f"索引文件 {path.name} 内部编号越界")
    return Segment(
        name=path.name,
        rows=n,
        hot=Hot(
            Rows(*(arrays[f"rows.{name}"] for name in Rows._fields)),
            Blocks(*(arrays[f"blocks.{name}"] for name in Blocks._fields)),
            Blocks(*(arrays[f"supers.{name}"] for name in Blocks._fields)),
            Posts(*(arrays[f"posts.{name}"] for name in Posts._fields)),
        ),
        trade_set=arrays["trade_set"],
        set_starts=arrays["set_starts"],
        set_trades=arrays["set_trades"],
        by_id=arrays["by_id"],
        terms=names,
        term_index={term: number for number, term in enumerate(names)},
        tag_index={tag: number for number, tag in enumerate(tags)},
        trade_names=trades,
    )


def flatten(segment: Segment, alive: npt.NDArray[np.bool_]) -> Flat:
    """The living jobs of a segment as plain arrays again, for a merge."""
    names = (segment.terms, list(segment.tag_index), segment.trade_names)
    return flatten_columns(segment.hot, names, (segment.trade_set, segment.set_starts, segment.set_trades), alive)
