"""Inverted lists: for every term and every block of rows one group of (row in the block, impact), with its largest impact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.rows import BLOCK, BLOCK_SHIFT


@dataclass(frozen=True, slots=True)
class Packed:
    """``term_starts`` (terms + 1) into the groups, by block; ``group_starts`` (groups + 1) into the postings, by row."""

    term_starts: npt.NDArray[np.uint32]
    group_block: npt.NDArray[np.uint32]
    group_starts: npt.NDArray[np.uint32]
    group_max: npt.NDArray[np.uint8]
    post_row: npt.NDArray[np.uint16]
    post_impact: npt.NDArray[np.uint8]


def pack(term: npt.NDArray[np.int32], row: npt.NDArray[np.int32], impact: npt.NDArray[np.uint8], terms: int, rows: int) -> Packed:
    """Sort postings by (term, row) and cut them into groups; every (term, row) comes at most once."""
    order = np.argsort(term.astype(np.int64) * max(1, rows) + row, kind="stable")
    term, row, impact = term[order], row[order], impact[order]
    block = row >> BLOCK_SHIFT
    new = np.ones(len(term), dtype=bool)
    if len(term):
        new[1:] = (term[1:] != term[:-1]) | (block[1:] != block[:-1])
    first = np.flatnonzero(new)
    counts = np.bincount(term[first], minlength=terms) if len(first) else np.zeros(terms, dtype=np.int64)
    term_starts = np.zeros(terms + 1, dtype=np.uint32)
    term_starts[1:] = np.cumsum(counts)
    return Packed(
        term_starts=term_starts,
        group_block=block[first].astype(np.uint32),
        group_starts=np.append(first, len(term)).astype(np.uint32),
        group_max=np.maximum.reduceat(impact, first) if len(first) else np.zeros(0, dtype=np.uint8),
        post_row=(row & (BLOCK - 1)).astype(np.uint16),
        post_impact=impact,
    )


def unpack(packed: Packed) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Term, row and impact of every posting again, for a merge."""
    in_term = _lengths(packed.term_starts)
    in_group = _lengths(packed.group_starts)
    term = np.repeat(np.repeat(np.arange(len(in_term), dtype=np.int32), in_term), in_group)
    row = np.repeat(packed.group_block.astype(np.int32) << BLOCK_SHIFT, in_group) + packed.post_row.astype(np.int32)
    return term, row, np.array(packed.post_impact)


def _lengths(starts: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    ends = starts.astype(np.int64)
    return ends[1:] - ends[:-1]
