"""A pool keeps an index on disk and the oracle side by side; its ``check`` is the one way in which tests search."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matching import Hit, Index, IndexWriter, Job, Query, count, open_index, search, text
from matching.asking import concepts
from tests.matching.oracle import Concepts, Oracle, fields_by

FIELDS = fields_by(lambda written, singles: text.advert_words(written, singles=singles))


class Pool:
    """Jobs as they live now, in the engine and in a dict."""

    def __init__(self, folder: Path, jobs: list[Job]) -> None:
        self.folder = folder
        self.writer = IndexWriter(folder)
        self.base = {job.job_id: job for job in jobs}
        self.now = dict(self.base)
        self.writer.rebuild(jobs, "0")
        self.index: Index = open_index(folder)
        self._oracle: Oracle | None = None

    def apply(self, upserts: list[Job], deletes: list[int]) -> None:
        self.writer.apply(upserts, deletes, str(int(self.writer.position) + 1))
        now = self.now | {job.job_id: job for job in upserts}
        assert self.index.refresh()
        self.stand_at({job_id: job for job_id, job in now.items() if job_id not in deletes})

    def stand_at(self, now: dict[int, Job], base: dict[int, Job] | None = None) -> None:
        """From here on ``now`` is what the engine is to find, and ``base`` what its last full build held."""
        self.now = now
        self.base = self.base if base is None else base
        self._oracle = None

    def rebuild(self) -> None:
        self.writer.rebuild(self.now.values(), self.writer.position)
        assert self.index.refresh()
        self.stand_at(self.now, dict(self.now))

    @property
    def oracle(self) -> Oracle:
        if self._oracle is None:
            self._oracle = Oracle(self.now.values(), self.base.values(), FIELDS, self.index.snapshot.knows)
        return self._oracle

    def asked(self, query: Query) -> Concepts:
        """The answers to the asked words, as the engine expands them."""
        return [[(answer.term, answer.percent) for answer in one.answers] for one in concepts(self.index.snapshot, query)]

    def check(self, query: Query) -> tuple[Hit, ...]:
        """Search with both; ids, values, parts and counts must be equal. The hits of the engine."""
        asked = self.asked(query)
        hits = search(self.index, query)
        expected = self.oracle.search(query, asked)
        assert [(hit.job_id, hit.key.value, hit.parts) for hit in hits] == [(e.job_id, e.value, e.parts) for e in expected]
        for hit, one in zip(hits, expected, strict=True):
            assert (hit.distance_km is None) == (one.km is None)
            assert one.km is None or hit.distance_km == pytest.approx(one.km, abs=0.006)
            parts = hit.parts
            assert hit.score == sum(parts)
        totals = count(self.index, replace(query, after=None))
        assert totals == self.oracle.count(query, asked)
        return hits

    def close(self) -> None:
        self.index.close()
        self.writer.close()


class Pools:
    """Makes pools in folders of their own and closes them."""

    def __init__(self) -> None:
        self._made: list[tuple[Pool, tempfile.TemporaryDirectory[str]]] = []

    def __call__(self, jobs: list[Job]) -> Pool:
        folder = tempfile.TemporaryDirectory()
        pool = Pool(Path(folder.name), jobs)
        self._made.append((pool, folder))
        return pool

    def close(self) -> None:
        while self._made:
            pool, folder = self._made.pop()
            pool.close()
            folder.cleanup()


@pytest.fixture
def pools() -> Iterator[Pools]:
    made = Pools()
    yield made
    made.close()
