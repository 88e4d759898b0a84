"""``python -m matching.bench.instructions [--queries N]``: machine instructions a query, counted by valgrind's callgrind.

A count does not wobble with what else the machine does, so a regression shows that no clock would. Start-up is nearly all of a
run: what is printed is the difference between a run of N and one of N + 1,000 queries. 10,000 jobs, one process after the other.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matching import open_index, search, wished
from matching.asking import plan_for
from matching.bench.prepare import prepared, say
from matching.engine import rank
from seed_jobs import synthesize

JOBS: Final = 10_000
_SEED: Final = 7
_WARMING: Final = 100
_WAYS: Final = ("none", "search", "end_to_end")
_COUNT: Final = re.compile(r"Collected\s*:\s*(\d+)")


def _ask(folder: Path, way: str, count: int) -> None:
    """In the counted process: the first queries once in both ways, then ``count`` more in one way."""
    index = open_index(folder)
    queries = synthesize.queries(1000, _SEED)
    snapshot = index.snapshot
    for query in queries[:_WARMING]:
        rank(snapshot, plan_for(snapshot, query))
        search(index, wished(query).query)
    plans = [plan_for(snapshot, query) for query in queries]
    gc.disable()
    for number in range(count):
        if way == "search":
            rank(snapshot, plans[number % len(plans)])
        elif way == "end_to_end":
            search(index, wished(queries[number % len(queries)]).query)
    index.close()


def _environment(folder: Path) -> dict[str, str]:
    """Kernels for a plain processor in a cache of their own: valgrind knows no AVX-512; hashes fall alike in every run."""
    kernels = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(folder / "kernels")}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {**os.environ, **kernels, **threads, "PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"}


def _run(folder: Path, way: str, count: int, *, counted: bool) -> int:
    own = [sys.executable, "-m", "matching.bench.instructions", "--inside", str(folder), way, str(count)]
    tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--error-exitcode=3"] if counted else []
    done = subprocess.run([*tool, *own], env=_environment(folder), stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the counted process ended with {done.returncode}: {done.stderr[-2000:]}")
    found = _COUNT.search(done.stderr)
    return int(found.group(1)) if found else 0


def instructions(folder: Path, queries: int) -> dict[str, int]:
    """Instructions a query: ``search`` from weighted terms to ordered ids, ``end_to_end`` from words to hits with reasons."""
    prepared(folder, JOBS, "index")
    _run(folder, "search", 1, counted=False)  # compiles
    counts = {}
    for way in _WAYS:
        say(f"counting {way}")
        counts[way] = _run(folder, way, 0 if way == "none" else queries, counted=True)
    return {f"{way}_instructions": (counts[way] - counts["none"]) // queries for way in _WAYS[1:]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Count and print; 2 when valgrind is not installed."""
    parser = argparse.ArgumentParser(prog="python -m matching.bench.instructions", description="每次查询执行多少条机器指令。")
    parser.add_argument("--queries", type=int, default=1000, help="多少次查询取平均")
    parser.add_argument("--json", action="store_true", help="只打印一行 JSON")
    parser.add_argument("--folder", type=Path, default=None, help="索引放在哪里，下次接着用（默认临时目录，用后删除）")
    parser.add_argument("--inside", nargs=3, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.inside:
        _ask(Path(options.inside[0]), options.inside[1], int(options.inside[2]))
        return 0
    if shutil.which("valgrind") is None:
        say("没有找到 valgrind，无法数指令；Debian/Ubuntu 上请执行 apt install valgrind。")
        return 2
    with tempfile.TemporaryDirectory(prefix="chengnuan-instructions-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        counted = instructions(folder, options.queries)
    for name, count in counted.items():
        if not options.json:
            print(f"{name:24} {count}")
    if options.json:
        print(json.dumps(counted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
