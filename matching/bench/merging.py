"""What searching costs while another process writes: 200 updates a second into the same folder, large merges beside them.

The reader looks for a newer generation every 50 ms in a thread of its own, as a web process does. The writer works on a folder
of its own whose files are hard links to the index (they are never written in place), so the measured index stays as it was. Six
segments more than it needs are laid down before, and a thread of the writer merges them as the service's follower does.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from matching import Index, IndexWriter, Query, open_index
from matching.asking import plan_for
from matching.bench.prepare import Figures, percentiles, say
from matching.engine import rank
from seed_jobs import synthesize

UPDATES_A_SECOND: Final = 200
_BATCHES_A_SECOND: Final = 10
_SECONDS: Final = 15.0
_REFRESH_SECONDS: Final = 0.05
_UPDATES_SEED: Final = 3
_SEGMENTS: Final = 6
_SEGMENT_LEAST, _SEGMENT_MOST = 4_200, 100_000  # above what a change merges by itself; beyond that only the waiting grows


def _linked(folder: Path, into: Path) -> None:
    """The index of ``folder`` once more, without copying its bytes when both are on one disk."""
    for path in (*folder.glob("*.cns"), folder / "MANIFEST"):
        try:
            os.link(path, into / path.name)
        except OSError:
            (into / path.name).write_bytes(path.read_bytes())


def _lay_segments(folder: Path, jobs: int) -> None:
    """Large segments beside the base, so that there is something to merge while searches are timed."""
    size = min(_SEGMENT_MOST, max(_SEGMENT_LEAST, jobs // 16))
    made = synthesize.jobs(_SEGMENTS * size, _UPDATES_SEED + 1)
    with IndexWriter(folder) as writer:
        for _ in range(_SEGMENTS):
            writer.apply([replace(job, job_id=10 * jobs + job.job_id) for job in itertools.islice(made, size)], [], "")


def _merge(writer: IndexWriter, stopping: threading.Event, seconds: list[float]) -> None:
    while not stopping.wait(_REFRESH_SECONDS):
        began = time.perf_counter()
        if writer.merge():
            seconds.append(time.perf_counter() - began)


def write_updates(folder: Path, jobs: int, seconds: float) -> Figures:
    """In the writing process: every tenth of a second 20 jobs are published, changed or closed, until the time is over.

    ``merges`` is the number of large merges meanwhile, ``merge_slowest_s`` how long one took.
    """
    size = UPDATES_A_SECOND // _BATCHES_A_SECOND
    made = synthesize.jobs(int(seconds * UPDATES_A_SECOND) + 2 * size, _UPDATES_SEED)
    batches = [list(itertools.islice(made, size)) for _ in range(int(seconds * _BATCHES_A_SECOND) + 1)]
    stopping, merges = threading.Event(), list[float]()
    with IndexWriter(folder) as writer:
        merging = threading.Thread(target=_merge, args=(writer, stopping, merges), name="index-merge")
        print("ready", flush=True)
        merging.start()
        began = time.perf_counter()
        done, slowest = 0, 0.0
        for number, batch in enumerate(batches):
            now = time.perf_counter() - began
            if now >= seconds:
                break
            time.sleep(max(0.0, number / _BATCHES_A_SECOND - now))
            started = time.perf_counter()
            # In turns: a new job, a change of one of the first jobs, and every tenth an end.
            changed = [replace(job, job_id=jobs + job.job_id if job.job_id % 2 else 1 + job.job_id % jobs) for job in batch]
            closed = [1 + (number * 7919) % jobs, 1 + (number * 104_729) % jobs]
            writer.apply(changed[len(closed) :], closed, "")
            slowest = max(slowest, time.perf_counter() - started)
            done += len(batch)
        spent = time.perf_counter() - began
        stopping.set()
        merging.join()
    return {
        "updates_per_s": round(done / spent, 1),
        "update_slowest_ms": round(slowest * 1000, 1),
        "merges": len(merges),
        "merge_slowest_s": round(max(merges, default=0.0), 2),
    }


def _ask(index: Index, queries: Sequence[Query], until: float | None) -> Iterator[float]:
    """Seconds of each search; once through the queries, or again and again until a moment."""
    plans = [plan_for(index.snapshot, query) for query in queries]
    while True:
        for plan in plans:
            snapshot = index.snapshot
            began = time.perf_counter()
            rank(snapshot, plan)
            ended = time.perf_counter()
            yield ended - began
            if until is not None and ended > until:
                return
        if until is None:
            return


def _watch(index: Index, stopping: threading.Event) -> None:
    while not stopping.wait(_REFRESH_SECONDS):
        index.refresh()


def measure_merging(folder: Path, jobs: int, queries: Sequence[Query], seconds: float = _SECONDS) -> Figures:
    """``quiet_*`` and ``merge_*`` percentiles of the same queries on the same index, in this order, in one run."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="merging-") as temporary:
        own = Path(temporary)
        _linked(folder, own)
        _lay_segments(own, jobs)
        index = open_index(own)
        list(_ask(index, queries, None))  # once unmeasured: every page is new to this mapping
        gc.collect()
        gc.freeze()
        quiet = list(_ask(index, queries, time.perf_counter() + seconds / 2))
        before = index.generation
        stopping = threading.Event()
        watcher = threading.Thread(target=_watch, args=(index, stopping), name="index-watch")
        command = [sys.executable, "-m", "matching.bench.merging", str(own), str(jobs), str(seconds)]
        say(f"{UPDATES_A_SECOND} updates a second for {seconds:.0f} s")
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            if writer.stdout is None or writer.stdout.readline() != "ready\n":
                raise RuntimeError("the writing process did not start")
            watcher.start()
            busy = list(_ask(index, queries, time.perf_counter() + seconds))
            written: Figures = json.loads(writer.stdout.readline())
        finally:
            stopping.set()
            if watcher.ident is not None:
                watcher.join()
            writer.terminate()
            writer.wait()
            if writer.stdout is not None:
                writer.stdout.close()
        figures = percentiles("quiet_", quiet, (50, 99)) | percentiles("merge_", busy, (50, 99)) | written
        figures["generations"] = index.generation - before
        index.close()
    return figures


if __name__ == "__main__":
    print(json.dumps(write_updates(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))), flush=True)
