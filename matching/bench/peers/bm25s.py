"""bm25s: BM25 scores made when the index is built, summed as sparse columns; the best by words sorted again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import bm25s
import numpy as np
from bm25s.tokenization import Tokenized

from matching.asking import Plan
from matching.bench.peers.scoring import KIND, PLACED, best_rows
from matching.bench.pool import Pool
from matching.model import KINDS


class Bm25s:
    """Scores every job, then leaves out by NumPy what the filters forbid, then sorts the best again."""

    name: Final = "bm25s"
    note: Final = (
        "its BM25 knows no weights of terms; only the 3,000 best by BM25 inside the filters are scored in "
        "full (NumPy); no reasons"
    )
    depth: Final = 3000
    most_jobs: Final = 1_000_000
    most_queries: Final = 200

    def __init__(self, pool: Pool, folder: Path) -> None:  # noqa: ARG002 - all peers are made alike
        self._pool = pool
        self._index = bm25s.BM25(k1=1.2, b=0.75, backend="numpy")
        ids = [
            np.repeat(pool.doc_terms[first:last], pool.doc_tf[first:last]).tolist()
            for first, last in zip(pool.doc_starts[:-1].tolist(), pool.doc_starts[1:].tolist(), strict=True)
        ]
        vocabulary = {f"t{number}": number for number in range(len(pool.terms))}
        self._index.index(Tokenized(ids=ids, vocab=vocabulary), show_progress=False, create_empty_token=False)
        self.bytes = sum(int(self._index.scores[part].nbytes) for part in ("data", "indices", "indptr"))

    def search(self, plan: Plan) -> list[int]:
        pool = self._pool
        terms = [f"t{number}" for term in plan.terms if (number := pool.terms.get(term.term)) is not None]
        if not terms:
            return []
        scores = self._index.get_scores(terms)
        rows = np.flatnonzero(scores > 0)
        rows = rows[pool.expires[rows] > plan.query.now]
        if plan.query.kinds:
            rows = rows[np.isin(pool.facts[rows, KIND], [KINDS.index(kind) for kind in plan.query.kinds])]
        if plan.point is not None and plan.reach >= 0:
            gaps = pool.facts[rows, :3].astype(np.int64) - np.array(plan.point, dtype=np.int64)
            rows = rows[((gaps * gaps).sum(axis=1) < (plan.reach + 1) ** 2) & (pool.facts[rows, PLACED] != 0)]
        if len(rows) > self.depth:
            rows = rows[np.argpartition(-scores[rows], self.depth)[: self.depth]]
        return best_rows(pool, plan, rows)

    def close(self) -> None:
        """Nothing runs."""
