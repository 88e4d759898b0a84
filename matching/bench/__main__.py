"""``python -m matching.bench [--jobs N] [--queries N] [--seed S] [--peers] [--json]``: own figures, exactness checked in the run.

Jobs and queries are made up from a seed (``seed_jobs.synthesize``); queries of seed 2 were looked at while tuning, so the default
for reported figures is another. Times are of one thread: *search* from weighted terms to ordered ids and values; *end to end*
from the typed text to hits with reasons, understanding included. Every query's ids and values are compared with the brute force.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from matching import IndexWriter, Job, open_index, search, wished
from matching.bench.brute import brute_force
from matching.engine import plan_for, rank
from seed_jobs import synthesize

Figures = dict[str, Any]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _percentiles(name: str, seconds: list[float], steps: Sequence[int] = (50, 95, 99)) -> Figures:
    if not seconds:
        return {f"{name}p{step}_us": None for step in steps}
    return {f"{name}p{step}_us": round(float(np.percentile(seconds, step)) * 1e6, 1) for step in steps}


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


def measure(jobs: int, queries: int, seed: int, folder: Path, *, peers: bool) -> Figures:
    """Build an index of ``jobs`` in ``folder``, ask ``queries``; the figures by the names of the API document."""
    made: list[Job] = []
    _say(f"making {jobs} jobs")
    made.extend(synthesize.jobs(jobs, 1))
    with IndexWriter(folder) as writer:
        began = time.perf_counter()
        writer.rebuild(made, "", lambda done: _say(f"indexed {done}") if done % 20_000 == 0 else None)
        build = time.perf_counter() - began
    made.clear()
    gc.collect()
    began = time.perf_counter()
    index = open_index(folder)
    opened = time.perf_counter() - began
    snapshot = index.snapshot
    asked = synthesize.queries(queries, seed)
    _say(f"built in {build:.1f} s, opened in {opened:.2f} s; asking {queries} queries")

    timed: dict[str, list[float]] = {"search": [], "radius": [], "end": [], "brute": []}
    equal = 0
    for query in asked:  # once unmeasured: the first touch of every page is the disk's time, not the engine's
        search(index, wished(query).query)
    for number, query in enumerate(asked):
        plan = plan_for(snapshot, query)
        began = time.perf_counter()
        ranked = rank(snapshot, plan)
        spent = time.perf_counter() - began
        timed["search"].append(spent)
        if plan.reach >= 0:
            timed["radius"].append(spent)
        began = time.perf_counter()
        expected = brute_force(snapshot, plan)
        timed["brute"].append(time.perf_counter() - began)
        equal += bool(np.array_equal(ranked.best[:, :3], expected))
        began = time.perf_counter()
        search(index, wished(query).query)
        timed["end"].append(time.perf_counter() - began)
        if (number + 1) % 250 == 0:
            _say(f"asked {number + 1}, {equal} exact")
    figures: Figures = {"jobs": jobs, "queries": queries, "seed": seed, "exact": equal / max(1, queries)}
    figures |= _percentiles("", timed["search"])
    figures |= _percentiles("radius_", timed["radius"], (50, 99))
    figures |= _percentiles("end_to_end_", timed["end"], (50, 95, 99))
    figures["build_jobs_per_s"] = round(jobs / build)
    figures["open_s"] = round(opened, 3)
    figures["bytes_per_job"] = round(sum(path.stat().st_size for path in folder.glob("*.cns")) / max(1, jobs), 1)
    figures["rss_mb"] = _rss_mb()
    if peers:
        note = "every row, every filter and part, full sort; no reasons"
        figures["peers"] = [{"name": "numpy_brute_force", **_percentiles("", timed["brute"]), "recall_at_20": 1.0, "note": note}]
    index.close()
    return figures


def visible() -> Figures:
    """``visible_ms`` and its neighbours: the service measures itself, in a process of its own, since we know nothing of it."""
    _say("starting the service to see how soon a published job is in every answer")
    done = subprocess.run([sys.executable, "-m", "service.bench", "--json"], stdout=subprocess.PIPE, check=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when any answer was not exact."""
    parser = argparse.ArgumentParser(prog="python -m matching.bench", description="测量匹配引擎：速度、准确、大小。")
    parser.add_argument("--jobs", type=int, default=100_000, help="岗位条数")
    parser.add_argument("--queries", type=int, default=1000, help="查询条数")
    parser.add_argument("--seed", type=int, default=7, help="查询的种子号")
    parser.add_argument("--peers", action="store_true", help="同时测量对照方法")
    parser.add_argument("--visible", action="store_true", help="启动整个服务，测量发布到可见的时间")
    parser.add_argument("--json", action="store_true", help="只打印一行 JSON")
    parser.add_argument("--folder", type=Path, default=None, help="索引放在哪里（默认临时目录，用后删除）")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        figures = measure(options.jobs, options.queries, options.seed, folder, peers=options.peers)
    if options.visible:
        figures |= visible()
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value}")
    return 0 if figures["exact"] == 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
