"""Opening an index so that its first query is as fast as any."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from matching import formula, wanted
from matching.alike import similar
from matching.asking import ask, planned
from matching.collect import frequencies
from matching.engine import count, counted, explained, search
from matching.fresh import Delta
from matching.index import Index, Snapshot
from matching.kernels import best_of_segment, explain_rows
from matching.layout import NEVER
from matching.model import Job, Query
from matching.ranking import sort_best
from matching.scratch import room_for
from matching.writer import IndexWriter


def open_index(path: Path) -> Index:
    """Open the index of a folder and load the compiled kernels, so that the first query is as fast as any.

    Raises ``IndexMissing`` or ``IndexDamaged`` (with its reason in Chinese).
    """
    index = Index(Path(path))
    _exercise(index)
    return index


def _exercise(index: Index) -> None:
    """Call every kernel once on the real, memory-mapped, read-only arrays (other arrays would be other types to Numba)."""
    plan = planned(Query(now=0, lat=28.0, lng=115.0, radius_km=1.0, limit=1), [], needs_words=False)
    for live in {live.segment.wide: live for live in index.snapshot.lives}.values():
        segment = live.segment
        ready = ask(plan, segment.term_index, segment.tag_index, segment.width)
        if ready is not None:
            best = np.empty((1, 5), dtype=np.int64)
            sort_best(
                best, best_of_segment(segment.hot, live.dead, ready[0], room_for(0, len(segment.hot.supers.facts)), 0, best, 0)
            )
            explain_rows(segment.hot, np.zeros(0, dtype=np.int64), ready[0], np.empty((0, 9), dtype=np.int64))
            similar(index, int(segment.hot.rows.job_id[0]) if segment.rows else 0, 0, 1)
    _exercise_fresh(index.snapshot)
    count(index, Query(now=NEVER))
    search(index, Query(now=NEVER, text="汗工"))  # loads the tables of pinyin
    wanted.ready()
    index.snapshot.stats.spelling.ready()


def _exercise_fresh(snapshot: Snapshot) -> None:
    """The same for what takes up single jobs: whoever asks first after the first of them must not wait."""
    delta = Delta()
    job = Job(1, "public", "普工", 0)
    delta.put(job, frequencies(job), None)
    beside = Snapshot(snapshot.manifest, (), snapshot.stats, delta.view())
    plan = planned(Query(now=0, limit=1), [], needs_words=False)
    explained(beside, plan)
    counted(beside, plan)


def warm(report: Callable[[str], None] | None = None) -> None:
    """Compile every kernel into the cache folder, with a real index of one job; done at installation, not at a first request."""
    with tempfile.TemporaryDirectory() as folder:
        with IndexWriter(Path(folder)) as writer:
            writer.rebuild([Job(1, "public", "普工", 0, lat=28.0, lng=115.0)], "")
        index = open_index(Path(folder))
        found = search(index, Query(now=formula.DAY, text="普工", limit=1))
        index.close()
    if report is not None:
        report(f"匹配引擎已就绪（试查到 {len(found)} 个岗位）")
