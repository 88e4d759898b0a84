"""rapidfuzz: how like each different title is to what was typed; the jobs of the most alike titles sorted again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from rapidfuzz import fuzz, process

from matching.asking import Plan
from matching.bench.peers.scoring import best_rows
from matching.bench.pool import Pool


class RapidFuzz:
    """Each title is compared once, however many jobs carry it."""

    name: Final = "rapidfuzz_titles"
    note: Final = (
        "likeness of titles (ratio), no skills or descriptions, no synonyms; jobs of the 300 most alike scored in full (NumPy); "
        "no reasons"
    )
    most_jobs: Final = 1_000_000
    most_queries: Final = 200
    alike: Final = 300

    def __init__(self, pool: Pool, folder: Path) -> None:  # noqa: ARG002 - all peers are made alike
        self._pool = pool
        self._rows = np.argsort(pool.title, kind="stable")
        self._starts = np.searchsorted(pool.title[self._rows], np.arange(len(pool.titles) + 1))
        self.bytes = self._rows.nbytes + self._starts.nbytes + sum(len(title.encode()) for title in pool.titles)

    def search(self, plan: Plan) -> list[int]:
        typed = plan.query.text or " ".join(plan.query.skills)
        likeness = process.cdist([typed], self._pool.titles, scorer=fuzz.ratio, dtype=np.uint8)[0]
        most = np.argsort(-likeness.astype(np.int16), kind="stable")[: self.alike]
        rows = np.concatenate([self._rows[self._starts[title] : self._starts[title + 1]] for title in most.tolist()])
        return best_rows(self._pool, plan, rows)

    def close(self) -> None:
        """Nothing runs."""
