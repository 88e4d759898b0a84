"""``python -m matching.bench.alone --folder F``: the engine by itself on an index that ``--folder`` of the benchmark has built.

The same queries in turn, three times; of each the best time of the thread, so that neither other processes nor what peers leave
in the caches count. A web process that answers one search after the other is between this and the benchmark; whether the
answers are right is the benchmark's business.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from matching import count, open_index, search, wished
from matching.asking import plan_for
from matching.bench.prepare import Figures, percentiles
from matching.engine import rank
from seed_jobs import synthesize

_PASSES = 3


def _best(works: Sequence[Callable[[], Any]]) -> list[float]:
    best = [float("inf")] * len(works)
    for _ in range(_PASSES):
        for number, work in enumerate(works):
            began = time.thread_time()
            work()
            best[number] = min(best[number], time.thread_time() - began)
    return best


def alone(folder: Path, queries: int, seed: int) -> Figures:
    """Search, text to hits, and facets, by whether there is a radius or a place."""
    index = open_index(folder)
    snapshot = index.snapshot
    asked = synthesize.queries(queries, seed)
    plans = [plan_for(snapshot, query) for query in asked]
    spent = _best([lambda plan=plan: rank(snapshot, plan) for plan in plans])  # type: ignore[misc]
    figures: Figures = {"jobs": index.jobs, "queries": queries, "seed": seed, **percentiles("", spent)}
    placed = np.array([plan.point is not None for plan in plans])
    near = np.array([plan.reach >= 0 for plan in plans])
    for name, chosen in (("radius_", near), ("no_radius_", placed & ~near), ("no_place_", ~placed)):
        figures |= percentiles(name, np.array(spent)[chosen].tolist(), (50, 99))
    figures |= percentiles("end_to_end_", _best([lambda query=query: search(index, wished(query).query) for query in asked]))  # type: ignore[misc]
    figures |= percentiles("facets_", _best([lambda query=query: count(index, query) for query in asked]), (50, 99))  # type: ignore[misc]
    index.close()
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m matching.bench.alone", description="只测匹配引擎自己，不和对照方法轮流。")
    parser.add_argument("--folder", type=Path, required=True, help="用 --folder 建好的索引")
    parser.add_argument("--queries", type=int, default=1000, help="查询条数")
    parser.add_argument("--seed", type=int, default=7, help="查询的种子号")
    options = parser.parse_args(arguments)
    print(json.dumps(alone(options.folder, options.queries, options.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
