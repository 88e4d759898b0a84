"""An opened file of profiles: memory-mapped, shared by processes, refused when a number in it points outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching import text
from matching.files import IndexDamaged, count_of, names_of, read_arrays, unpack_strings, well_formed
from matching.layout import BLOCK
from matching.people.build import HOLDS
from matching.people.rows import STRIP_SHIFT, Pool, lengths

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class People:
    """Profiles of one build. ``absent`` (uint64, bit set: never in an answer) is all that can change after it."""

    pool: Pool
    absent: npt.NDArray[np.uint64]
    by_id: Array
    term_index: dict[str, int]
    tag_index: dict[str, int]

    @property
    def workers(self) -> int:
        """Profiles in the file, those taken out since included."""
        return len(self.by_id)

    def without(self, worker_ids: Iterable[int]) -> People:
        """The same people without these: consent withdrawn, profile changed, employer blocked since the build. Counts at once.

        Costs one bit a worker; the file and everything else is shared. Ids that are not here do not matter.
        """
        absent = self.absent.copy()
        asked = np.array(list(worker_ids), dtype=np.int64)
        if len(asked) and len(self.by_id):
            at = np.minimum(np.searchsorted(self.pool.worker_id, asked, sorter=self.by_id), len(self.by_id) - 1)
            rows = self.by_id[at].astype(np.int64)
            rows = rows[self.pool.worker_id[rows] == asked]
            np.bitwise_or.at(absent, rows >> 6, np.uint64(1) << (rows & 63).astype(np.uint64))
        return replace(self, absent=absent)


_TYPES: Final = {
    "record": ("<i4", 2), "worker_id": ("<i8", 1), "low": ("<i4", 2), "high": ("<i4", 2), "bounds": ("<i8", 2),
    "wanted": ("<u8", 2), "condition": ("<i4", 2), "tags": ("<u8", 3), "region_starts": ("<u4", 1), "regions": ("<i8", 2),
    "refused_starts": ("<u4", 1), "refused": ("<u4", 1), "blocked_row": ("<u4", 1), "blocked_employer": ("<i8", 1),
    "wish_starts": ("<u4", 1), "wish_words": ("<u8", 1),
    "wish_of": ("<u4", 1), "strip_low": ("<i4", 2), "strip_high": ("<i4", 2), "strip_reach": ("<i8", 1),
    "term_starts": ("<u4", 1),
    "group_block": ("<u4", 1), "group_starts": ("<u4", 1), "group_max": ("<u2", 1), "post_row": ("<u2", 1),
    "post_weight": ("<u2", 1), "by_id": ("<u4", 1), "term_names": ("|u1", 1),
}  # fmt: skip


def _rising(starts: Array, count: int, end: int) -> bool:
    return bool(len(starts) == count + 1 and starts[0] == 0 and starts[-1] == end and (lengths(starts) >= 0).all())


def _below(values: Array, limit: int) -> bool:
    return not values.size or (int(values.min()) >= 0 and int(values.max()) < limit)


def _near_zero(values: Array, bits: int) -> bool:
    """Whether what is reckoned from these numbers (squares of distances, bounds of scores) cannot run over."""
    return not values.size or (int(values.min()) >= -(1 << bits) and int(values.max()) <= 1 << bits)


def _is_sound(a: dict[str, Array], n: int, terms: int, tags: int) -> bool:
    """Whether every number that becomes an index lies inside what it indexes: kernels do not check it again."""
    if any(key not in a or a[key].dtype.str != dtype or a[key].ndim != dims for key, (dtype, dims) in _TYPES.items()):
        return False
    blocks, strips, conditions, wishes = -(-n // BLOCK), -(-n >> STRIP_SHIFT), len(a["condition"]), len(a["wish_starts"]) - 1
    groups, width = len(a["group_block"]), a["tags"].shape[2]
    shapes = (
        a["record"].shape == (n, 8)
        and len(a["worker_id"]) == len(a["by_id"]) == len(a["wish_of"]) == n
        and a["low"].shape == a["high"].shape == (blocks, 3)
        and a["bounds"].shape == (blocks, 7)
        and a["strip_low"].shape == a["strip_high"].shape == (strips, 3)
        and len(a["strip_reach"]) == strips
        and a["wanted"].shape == (blocks, width)
        and width * 64 >= max(1, tags)
        and a["condition"].shape == (conditions, 4)
        and a["tags"].shape == (conditions, 4, width)
        and a["regions"].shape[1] == 2
        and len(a["blocked_row"]) == len(a["blocked_employer"])
        and len(a["group_max"]) == groups
        and len(a["post_row"]) == len(a["post_weight"])
        and terms > 0
    )
    if not shapes:
        return False
    rising = (
        _rising(a["region_starts"], conditions, len(a["regions"]))
        and _rising(a["refused_starts"], conditions, len(a["refused"]))
        and _rising(a["wish_starts"], wishes, len(a["wish_words"]))
        and _rising(a["term_starts"], terms, groups)
        and _rising(a["group_starts"], groups, len(a["post_row"]))
    )
    inside = (
        _below(a["record"][:, 7], conditions)
        and _below(a["by_id"], n)
        and _below(a["blocked_row"], n)
        and _below(a["refused"], terms)
        and _below(a["wish_words"] >> np.uint64(32), terms)
        and _below(a["wish_of"], wishes)
        and _below(a["group_block"], blocks)
        and _below(a["record"][:, 0] & 3, 3)
        and all(_near_zero(a[f"{key}{end}"], 30) for key in ("", "strip_") for end in ("low", "high"))
        and _near_zero(a["bounds"], 41)
    )
    if not (rising and inside):
        return False
    # The last block may be short: its postings must stay below its own number of rows.
    rows = np.where(a["group_block"] == blocks - 1, n - (blocks - 1) * BLOCK, BLOCK)
    return bool((a["post_row"] < np.repeat(rows, lengths(a["group_starts"]))).all())


def open_people(path: Path) -> People:
    """Map the profiles of a file; raises ``IndexDamaged`` with the reason in Chinese when it must not be used."""
    facts, arrays = read_arrays(path)
    if facts.get("holds") != HOLDS:
        raise IndexDamaged(f"文件 {path.name} 里不是求职者名单")
    if facts.get("words") != text.fingerprint():
        raise IndexDamaged(f"求职者名单 {path.name} 是用旧的词表切分的，需要重建")
    with well_formed(path):
        n, tags, names = count_of(facts, "rows"), names_of(facts, "tags"), unpack_strings(arrays["term_names"])
    if not _is_sound(arrays, n, len(names) or 1, len(tags)):
        raise IndexDamaged(f"求职者名单 {path.name} 内部编号越界")
    return People(
        pool=Pool(*(arrays[name] for name in Pool._fields)),
        absent=np.zeros(n // 64 + 1, dtype=np.uint64),
        by_id=arrays["by_id"],
        term_index={term: number for number, term in enumerate(names or [""])},
        tag_index={tag: number for number, tag in enumerate(tags)},
    )
