"""The index and the peers' columns of a folder, each built once by a process of its own and then measured many times.

``python -m matching.bench.prepare index FOLDER JOBS`` and ``… columns FOLDER JOBS``; the benchmark starts both. A process of its
own, so that the memory of building is its own figure and that of searching starts clean. Jobs stream from the generator and are
never all in memory; the time to make them up is not counted.
"""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from matching import IndexWriter, Job
from matching.bench import pool
from matching.index import Index
from matching.segment import assemble, flatten
from matching.text import fingerprint
from seed_jobs import synthesize

Figures = dict[str, Any]
JOBS_SEED: Final = 1
GENERATOR: Final = 1  # raise it when the made-up jobs change: what a folder holds is then built again
_BATCH: Final = 10_000
_TOKENS_MOST: Final = 1_000_000


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def percentiles(name: str, seconds: Sequence[float], steps: Sequence[int] = (50, 95, 99)) -> Figures:
    """Percentiles in microseconds by their names in the figures."""
    if not seconds:
        return {f"{name}p{step}_us": None for step in steps}
    return {f"{name}p{step}_us": round(float(np.percentile(seconds, step)) * 1e6, 1) for step in steps}


class _Stream:
    """Jobs in batches, with the seconds that making them took."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self.making = 0.0

    def __iter__(self) -> Iterator[Job]:
        made = synthesize.jobs(self._jobs, JOBS_SEED)
        count = 0
        while True:
            began = time.perf_counter()
            batch = list(itertools.islice(made, _BATCH))
            self.making += time.perf_counter() - began
            if not batch:
                return
            yield from batch
            count += len(batch)
            if count % 200_000 == 0:
                say(f"read {count}")


def _index(folder: Path, jobs: int) -> Figures:
    stream = _Stream(jobs)
    with IndexWriter(folder) as writer:
        began = time.perf_counter()
        writer.rebuild(stream, "")
        spent = time.perf_counter() - began - stream.making
    size = sum(path.stat().st_size for path in folder.glob("*.cns"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "build_jobs_per_s": round(jobs / spent),
        "build_text_jobs_per_s": round(jobs / spent),
        "build_tokens_jobs_per_s": _tokens_rate(folder, jobs),
        "build_peak_mb": round(peak / 1e6),
        "bytes_per_job": round(size / max(1, jobs), 1),
    }


def _tokens_rate(folder: Path, jobs: int) -> int | None:
    """Jobs a second when words are numbers already: the index unpacked, put in order and written once more as a segment."""
    if jobs > _TOKENS_MOST:
        return None
    index = Index(folder)
    live = index.snapshot.lives[0]
    flat = flatten(live.segment, np.ones(live.segment.rows, dtype=np.bool_))
    path = folder / "tokens.tmp"
    began = time.perf_counter()
    assemble(path, flat, fingerprint())
    spent = time.perf_counter() - began
    path.unlink()
    index.close()
    return round(jobs / spent)


def _columns(folder: Path, jobs: int) -> Figures:
    pool.write(folder, _Stream(jobs))
    return {}


def prepared(folder: Path, jobs: int, what: str) -> Figures:
    """The figures of building ``what`` ("index" or "columns") of ``jobs`` in ``folder``, from last time when nothing changed."""
    asked = {"jobs": jobs, "seed": JOBS_SEED, "generator": GENERATOR, "words": fingerprint()}
    record = folder / f"bench-{what}.json"
    if record.exists():
        kept: dict[str, Figures] = json.loads(record.read_text(encoding="utf-8"))
        if kept["asked"] == asked:
            return kept["figures"]
    say(f"building {what} of {jobs} jobs")
    command = [sys.executable, "-m", "matching.bench.prepare", what, str(folder), str(jobs)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    figures: Figures = json.loads(done.stdout)
    record.write_text(json.dumps({"asked": asked, "figures": figures}), encoding="utf-8")
    return figures


if __name__ == "__main__":
    build = {"index": _index, "columns": _columns}[sys.argv[1]]
    print(json.dumps(build(Path(sys.argv[2]), int(sys.argv[3]))))
