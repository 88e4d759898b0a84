"""A file of flat arrays, written whole, opened memory-mapped and read-only, refused when a single bit is not as written.

Layout: 8 bytes magic, 4 bytes format number, 4 bytes CRC-32 of everything after these 16 bytes, 8 bytes total length, 4 bytes
length of the table, 4 bytes zero; the table (JSON: word rules, facts, and for every array its name, type, shape and offset); the
arrays, each at a multiple of 64. Opening checks the whole file's checksum (4 GB/s, so 50 ms for a million jobs; a process
that refreshes opens only files that it has not open yet) and then every number that a kernel will use as an index.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching import space
from matching.columns import Flat, select
from matching.postings import Packed, pack, unpack
from matching.rows import BLOCK, BLOCK_SHIFT, Facet, Hot

FORMAT: Final = 1
_MAGIC: Final = b"CNSEGM\r\n"
_HEAD = struct.Struct("<8sIIQII")
_ALIGN: Final = 64
_CHECKED_FROM: Final = 16

Array = npt.NDArray[Any]


class IndexDamaged(Exception):  # noqa: N818 - a name of the front door
    """A file of the index cannot be trusted; ``reason`` says in Chinese why. The index must be rebuilt from the database."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def write_durably(path: Path, data: bytes | bytearray) -> None:
    """Write to a temporary name, force it to disk, then put it under its name in one step (POSIX rename)."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_arrays(path: Path, facts: dict[str, Any], arrays: dict[str, Array]) -> int:
    """Write ``arrays`` and ``facts`` (JSON values) as one file; the number of its bytes."""
    table: list[tuple[str, str, list[int], int]] = []
    at = 0
    for name, array in arrays.items():
        table.append((name, array.dtype.str, list(array.shape), at))
        at += -(-array.nbytes // _ALIGN) * _ALIGN
    text = json.dumps({"facts": facts, "arrays": table}, ensure_ascii=True, separators=(",", ":")).encode()
    start = -(-(_HEAD.size + len(text)) // _ALIGN) * _ALIGN
    data = bytearray(start + at)
    data[_HEAD.size : _HEAD.size + len(text)] = text
    for (_, _, _, offset), array in zip(table, arrays.values(), strict=True):
        data[start + offset : start + offset + array.nbytes] = np.ascontiguousarray(array).tobytes()
    struct.pack_into("<QII", data, _CHECKED_FROM, len(data), len(text), 0)
    checksum = zlib.crc32(memoryview(data)[_CHECKED_FROM:])
    struct.pack_into("<8sII", data, 0, _MAGIC, FORMAT, checksum)
    write_durably(path, data)
    return len(data)


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Map a file of arrays; raises ``IndexDamaged`` unless it is exactly what was written, ``FileNotFoundError`` if gone."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < _HEAD.size:
            raise IndexDamaged(f"索引文件 {path.name} 不完整：只有 {size} 字节")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    magic, number, checksum, length, table_length, _ = _HEAD.unpack_from(mapped)
    if magic != _MAGIC:
        raise IndexDamaged(f"索引文件 {path.name} 不是索引文件")
    if number != FORMAT:
        raise IndexDamaged(f"索引文件 {path.name} 的格式号是 {number}，本程序只读格式 {FORMAT}，需要重建")
    if length != size:
        raise IndexDamaged(f"索引文件 {path.name} 被截断：应有 {length} 字节，实有 {size} 字节")
    if zlib.crc32(memoryview(mapped)[_CHECKED_FROM:]) != checksum:
        raise IndexDamaged(f"索引文件 {path.name} 校验和不符，内容已损坏")
    described = json.loads(mapped[_HEAD.size : _HEAD.size + table_length])
    start = -(-(_HEAD.size + table_length) // _ALIGN) * _ALIGN
    arrays: dict[str, Array] = {}
    for name, dtype, shape, offset in described["arrays"]:
        if start + offset + math.prod(shape) * np.dtype(dtype).itemsize > size:
            raise IndexDamaged(f"索引文件 {path.name} 的目录与内容不符")
        arrays[name] = np.ndarray(tuple(shape), dtype=dtype, buffer=mapped, offset=start + offset)
    return described["facts"], arrays


def pack_strings(strings: list[str]) -> Array:
    """Strings without line breaks as one array of bytes."""
    return np.frombuffer("\n".join(strings).encode(), dtype=np.uint8)


def unpack_strings(data: Array) -> list[str]:
    """The strings again."""
    return data.tobytes().decode().split("\n") if len(data) else []


@dataclass(frozen=True, slots=True)
class Segment:
    """One immutable batch of jobs, opened. Rows are positions in it; ``by_id`` lists the rows in order of their job ids."""

    name: str
    rows: int
    hot: Hot
    facet: Facet
    by_id: Array
    key_starts: Array
    key_terms: Array
    terms: list[str]
    term_index: dict[str, int]
    tag_index: dict[str, int]
    trade_names: list[str]
    county_names: list[str]

    def find(self, job_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows of ``job_ids``, -1 for those that are not here (a tombstone does not matter)."""
        if not self.rows:
            return np.full(len(job_ids), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.hot.job_id, job_ids, sorter=self.by_id), self.rows - 1)
        rows = self.by_id[at].astype(np.int64)
        return np.where(self.hot.job_id[rows] == job_ids, rows, -1)


def _bounds(record: Array, placed: Array) -> tuple[Array, Array, Array]:
    n = len(record)
    blocks = -(-n // BLOCK)
    low = np.zeros((blocks, 3), dtype=np.int32)
    high = np.zeros((blocks, 3), dtype=np.int32)
    bounds = np.zeros((blocks, 6), dtype=np.int64)
    times = record[:, 3:5].view(np.uint32).astype(np.int64)
    pay_low, pay_high = record[:, 5], record[:, 6]
    sort_pay = np.where(pay_low > 0, pay_low, pay_high)
    kinds = np.left_shift(1, record[:, 0] & 3)
    for block in range(blocks):
        part = slice(block * BLOCK, min(n, (block + 1) * BLOCK))
        here = placed[part]
        if here.any():
            points = record[part, :3][here] >> 7
            low[block], high[block] = points.min(axis=0), points.max(axis=0)
        bounds[block] = (
            times[part, 0].max(),
            times[part, 1].max(),
            max(pay_low[part].max(), pay_high[part].max()),
            sort_pay[part].max(),
            np.bitwise_or.reduce(kinds[part]),
            here.any(),
        )
    return low, high, bounds


def assemble(path: Path, flat: Flat, words: str) -> int:
    """Put the jobs of ``flat`` in their order and write them as a segment; the number of its bytes.

    Order: along the Hilbert curve, cut into blocks, inside a block by first trade and then along the curve again.
    ``words`` names the rules by which the terms were cut (``text.fingerprint``).
    """
    n = len(flat.job_id)
    along = np.argsort(space.curve(flat.record, flat.region), kind="stable")
    block_of = np.empty(n, dtype=np.int64)
    block_of[along] = np.arange(n) >> BLOCK_SHIFT
    rank = np.empty(n, dtype=np.int64)
    rank[along] = np.arange(n)
    trade_rank = np.argsort(np.argsort(np.array(flat.trade_names, dtype=np.str_), kind="stable"), kind="stable")
    main = np.full(n, -1, dtype=np.int64)
    has_trade = flat.trade_starts[1:] > flat.trade_starts[:-1]
    main[has_trade] = trade_rank[flat.trades[flat.trade_starts[:-1][has_trade]]]
    flat = select(flat, np.lexsort((rank, main, block_of)))

    used = np.unique(flat.post_term)
    renumber = np.zeros(len(flat.terms), dtype=np.int32)
    renumber[used] = np.arange(len(used), dtype=np.int32)
    packed = pack(renumber[flat.post_term], flat.post_row, flat.post_impact, len(used), n)
    low, high, bounds = _bounds(flat.record, (flat.record[:, 0] & 32) != 0)
    counties, county = np.unique(flat.region // 1_000_000 * 1_000_000, return_inverse=True)
    arrays: dict[str, Array] = {
        "record": flat.record,
        "job_id": flat.job_id,
        "region": flat.region,
        "employer": flat.employer,
        "tags": flat.tags,
        "low": low,
        "high": high,
        "bounds": bounds,
        "term_starts": packed.term_starts,
        "group_block": packed.group_block,
        "group_starts": packed.group_starts,
        "group_max": packed.group_max,
        "post_row": packed.post_row,
        "post_impact": packed.post_impact,
        "trade_starts": flat.trade_starts.astype(np.uint32),
        "trades": flat.trades.astype(np.uint32),
        "county": county.astype(np.uint32),
        "by_id": np.argsort(flat.job_id, kind="stable").astype(np.uint32),
        "key_starts": flat.key_starts.astype(np.uint32),
        "key_terms": renumber[flat.key_terms].astype(np.uint32),
        "term_names": pack_strings([flat.terms[term] for term in used.tolist()]),
    }
    facts = {
        "rows": n,
        "words": words,
        "tags": flat.tag_names,
        "trades": flat.trade_names,
        "counties": [f"{code:012d}" if code else "" for code in counties.tolist()],
    }
    return write_arrays(path, facts, arrays)


def _rising(starts: Array, count: int, end: int) -> bool:
    return bool(
        starts.ndim == 1
        and len(starts) == count + 1
        and starts[0] == 0
        and starts[-1] == end
        and (count == 0 or (starts[1:] >= starts[:-1]).all())
    )


def _below(values: Array, limit: int) -> bool:
    return not len(values) or int(values.max()) < limit


_TYPES: Final = {
    "record": ("<i4", 2), "job_id": ("<i8", 1), "region": ("<i8", 1), "employer": ("<i8", 1), "tags": ("<u8", 2),
    "low": ("<i4", 2), "high": ("<i4", 2), "bounds": ("<i8", 2), "term_starts": ("<u4", 1), "group_block": ("<u4", 1),
    "group_starts": ("<u4", 1), "group_max": ("|u1", 1), "post_row": ("<u2", 1), "post_impact": ("|u1", 1),
    "trade_starts": ("<u4", 1), "trades": ("<u4", 1), "county": ("<u4", 1), "by_id": ("<u4", 1), "key_starts": ("<u4", 1),
    "key_terms": ("<u4", 1), "term_names": ("|u1", 1),
}  # fmt: skip


def _is_sound(a: dict[str, Array], n: int, terms: int, names: tuple[int, int, int]) -> bool:
    """Whether every number that becomes an index lies inside what it indexes: kernels do not check it again."""
    tags, trades, counties = names
    if any(key not in a or a[key].dtype.str != dtype or a[key].ndim != dims for key, (dtype, dims) in _TYPES.items()):
        return False
    blocks, groups, posts = -(-n // BLOCK), len(a["group_block"]), len(a["post_row"])
    shapes = (
        a["record"].shape == (n, 8)
        and all(len(a[key]) == n for key in ("job_id", "region", "employer", "tags", "county", "by_id"))
        and a["low"].shape == a["high"].shape == (blocks, 3)
        and a["bounds"].shape == (blocks, 6)
        and len(a["group_max"]) == groups
        and len(a["post_impact"]) == posts
        and a["tags"].shape[1] * 64 >= tags
        and a["tags"].shape[1] >= 1
    )
    runs = (
        _rising(a["term_starts"], terms, groups)
        and _rising(a["group_starts"], groups, posts)
        and _rising(a["trade_starts"], n, len(a["trades"]))
        and _rising(a["key_starts"], n, len(a["key_terms"]))
    )
    if not (shapes and runs):
        return False
    inside = (
        _below(a["group_block"], blocks)
        and _below(a["post_row"], BLOCK)
        and _below(a["by_id"], n)
        and _below(a["trades"], trades)
        and _below(a["county"], counties)
        and _below(a["key_terms"], terms)
        and (not posts or int(a["post_impact"].min()) > 0)  # a row counts as met when its sum is above zero
    )
    if not inside:
        return False
    # The last block may be short: its postings must stay below its own number of rows.
    if not n % BLOCK:
        return True
    short = np.flatnonzero(a["group_block"] == blocks - 1)
    starts = a["group_starts"][short].astype(np.int64)
    lengths = a["group_starts"][short + 1].astype(np.int64) - starts
    where = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
    return _below(a["post_row"][where], n % BLOCK)


def open_segment(path: Path, words: str) -> Segment:
    """Open a segment for the kernels; raises ``IndexDamaged`` with the reason in Chinese when it must not be used."""
    facts, arrays = read_arrays(path)
    if facts.get("words") != words:
        raise IndexDamaged(f"索引文件 {path.name} 是用旧的词表切分的，需要重建")
    names = unpack_strings(arrays["term_names"]) if "term_names" in arrays else []
    n = int(facts["rows"])
    sizes = (len(facts["tags"]), len(facts["trades"]), len(facts["counties"]))
    if not _is_sound(arrays, n, len(names), sizes):
        raise IndexDamaged(f"索引文件 {path.name} 内部编号越界")
    return Segment(
        name=path.name,
        rows=n,
        hot=Hot(*(arrays[name] for name in Hot._fields)),
        facet=Facet(*(arrays[name] for name in Facet._fields)),
        by_id=arrays["by_id"],
        key_starts=arrays["key_starts"],
        key_terms=arrays["key_terms"],
        terms=names,
        term_index={term: number for number, term in enumerate(names)},
        tag_index={tag: number for number, tag in enumerate(facts["tags"])},
        trade_names=facts["trades"],
        county_names=facts["counties"],
    )


def flatten(segment: Segment, alive: npt.NDArray[np.bool_]) -> Flat:
    """The living jobs of a segment as plain arrays again, for a merge."""
    hot = segment.hot
    term, row, impact = unpack(
        Packed(hot.term_starts, hot.group_block, hot.group_starts, hot.group_max, hot.post_row, hot.post_impact)
    )
    flat = Flat(
        job_id=np.array(hot.job_id),
        record=np.array(hot.record),
        region=np.array(hot.region),
        employer=np.array(hot.employer),
        tags=np.array(hot.tags),
        tag_names=list(segment.tag_index),
        trade_starts=segment.facet.trade_starts.astype(np.int64),
        trades=segment.facet.trades.astype(np.int32),
        trade_names=segment.trade_names,
        key_starts=segment.key_starts.astype(np.int64),
        key_terms=segment.key_terms.astype(np.int32),
        terms=segment.terms,
        post_term=term,
        post_row=row,
        post_impact=impact,
    )
    return select(flat, np.flatnonzero(alive))
