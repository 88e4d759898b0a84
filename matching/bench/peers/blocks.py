"""The fairest rival: NumPy, exact, over the engine's own spatial order, reading only the blocks that meet the radius."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.asking import Plan
from matching.bench.peers.scoring import PLACED, best_rows
from matching.bench.pool import Pool

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
_BLOCK: Final = 1024


class Blocks:
    """Postings of each term as arrays of rows; a box of coordinates for every 1,024 rows."""

    name: Final = "numpy_blocks"
    note: Final = "exact; no reasons, no bounds on the score: every job with an asked word inside the blocks is scored"
    most_jobs: Final = 100_000_000
    most_queries: Final = 1000

    def __init__(self, pool: Pool, folder: Path) -> None:  # noqa: ARG002 - all peers are made alike
        self._pool = pool
        n = len(pool.job_id)
        starts = np.arange(0, n, _BLOCK)
        placed = pool.facts[:, PLACED : PLACED + 1] != 0
        self._low = np.minimum.reduceat(np.where(placed, pool.facts[:, :3], 1 << 30), starts).astype(np.int64)
        self._high = np.maximum.reduceat(np.where(placed, pool.facts[:, :3], -(1 << 30)), starts).astype(np.int64)
        self._totals = np.zeros(n, dtype=np.int64)
        self._held = np.zeros(n, dtype=np.int64)
        self.bytes = sum(
            each.nbytes for each in (pool.job_id, pool.facts, pool.published, pool.expires, pool.post_rows, pool.post_impacts)
        )

    def _runs(self, plan: Plan) -> list[tuple[int, int]]:
        """First row and last row plus one of every run of blocks whose boxes meet the radius."""
        if plan.point is None or plan.reach < 0:
            return [(0, len(self._totals))]
        point = np.array(plan.point, dtype=np.int64)
        gaps = np.maximum(0, np.maximum(self._low - point, point - self._high))
        meets = np.concatenate([[False], (gaps * gaps).sum(axis=1) < (plan.reach + 1) ** 2, [False]])
        edges = np.minimum(np.flatnonzero(meets[1:] != meets[:-1]) * _BLOCK, len(self._totals))
        return list(zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True))

    def search(self, plan: Plan) -> list[int]:
        runs = self._runs(plan)
        if not runs:
            return []
        edges = np.array(runs, dtype=np.int64).ravel()
        touched: list[Array] = []
        group, inside = -1, 0
        for term in plan.terms:
            if term.group != group:
                for rows in touched[inside:]:
                    self._held[rows] = 0
                group, inside = term.group, len(touched)
            posts, impacts = self._pool.postings(term.term)
            at = np.searchsorted(posts, edges)
            for first, last in zip(at[0::2].tolist(), at[1::2].tolist(), strict=True):
                if first == last:
                    continue
                rows = posts[first:last]
                held = self._held[rows]
                points = np.maximum(held, term.weight * impacts[first:last].astype(np.int64))
                self._totals[rows] += points - held
                self._held[rows] = points
                touched.append(rows)
        for rows in touched[inside:]:
            self._held[rows] = 0
        rows = self._rows(runs, touched) if plan.needs_words else np.concatenate([np.arange(*run) for run in runs])
        totals = self._totals[rows]
        self._totals[rows] = 0
        return best_rows(self._pool, plan, rows, totals)

    def _rows(self, runs: list[tuple[int, int]], touched: list[Array]) -> Ints:
        """Every touched row once: by looking over the runs when most of them was touched, else by sorting."""
        if not touched:
            return np.zeros(0, dtype=np.int64)
        if sum(last - first for first, last in runs) < 16 * sum(len(rows) for rows in touched):
            return np.concatenate([np.flatnonzero(self._totals[first:last]) + first for first, last in runs])
        return np.unique(np.concatenate(touched)).astype(np.int64)

    def close(self) -> None:
        """Nothing is held outside of memory."""
