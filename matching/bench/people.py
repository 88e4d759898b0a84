"""``python -m matching.bench.people [--workers N] [--jobs N] [--queries N] [--seed S]``: reverse matching, measured.

Made-up profiles (``seed_jobs.profiles``) against made-up jobs; those of seed 2 were looked at while tuning, so figures are
reported on another. Every answer is compared with a NumPy scan over all workers that prunes nothing. The figures without a
name are the search from cut words to ordered ids; *prepare* cuts the words, *end* goes from the job to candidates with parts.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from matching import IndexWriter, People, Worker, build_people, candidates, formula, open_index, open_people
from matching.layout import HOURS_UNKNOWN
from matching.people.match import best_for, offer_of
from matching.people.rows import AGE_UNSAID, GROUPS, PLACED, WEIGHTS, Offer, Pool, lengths
from seed_jobs import profiles, synthesize

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_PLACE = np.array([formula.place_points(step << formula.PLACE_SHIFT) for step in range(formula.PLACE_STEPS + 1)], dtype=np.int64)


class _Scan:
    """Every worker, every filter, every part, a full sort."""

    def __init__(self, people: People) -> None:
        self.people, pool = people, people.pool
        self.record = pool.record.astype(np.int64)
        self.active = pool.record[:, 6].view(np.uint32).astype(np.int64)
        self.wish_of = pool.wish_of.astype(np.int64)
        wish = np.repeat(np.arange(len(pool.wish_starts) - 1), lengths(pool.wish_starts))
        words = pool.wish_words.astype(np.int64)
        self.term, self.weight = words >> 32, words & WEIGHTS
        key = wish << 16 | words >> 16 & GROUPS
        self.group_first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
        self.group_wish = wish[self.group_first]
        self.words = np.unique(wish[self.term != 0])
        self.here = np.unpackbits(people.absent.view(np.uint8), bitorder="little")[: people.workers] == 0

    def best(self, offer: Offer, limit: int) -> Ints:
        """int64 [k, 3]: score, active_at, worker_id."""
        pool, record = self.people.pool, self.record
        points = self.weight * offer.impact_of[self.term]
        sums = np.bincount(self.group_wish, np.maximum.reduceat(points, self.group_first), len(pool.wish_starts) - 1)
        sums = sums.astype(np.int64)
        met = np.ones(len(sums), dtype=bool)
        met[self.words] = sums[self.words] > 0
        conditions = self._conditions(pool, offer)
        keep = self.here & met[self.wish_of] & conditions[record[:, 7]]
        gaps = (record[:, :3] >> 7) - np.array([offer.x, offer.y, offer.z])
        square = (gaps * gaps).sum(axis=1)
        placed = ((record[:, 0] & PLACED) != 0) & (offer.placed == 1)
        keep &= (record[:, 3] < 0) | (placed & (square <= record[:, 3] ** 2))
        keep &= record[:, 5] <= max(offer.low, offer.high)
        age, limits = record[:, 1] & 127, offer.limits[record[:, 0] & 3]
        said = age != AGE_UNSAID
        outside = np.maximum(0, np.maximum(limits[:, 0] - age, np.where(limits[:, 1] == formula.AGE_OPEN, 0, age - limits[:, 1])))
        keep &= ~(said & (age < 18) & (offer.barred == 1)) & ~(said & (outside > 0) & (offer.binding == 1))
        keep[pool.blocked_row[pool.blocked_employer == offer.employer]] = False

        score = np.minimum(formula.TEXT_MAX, sums // (formula.IMPACT_MAX * formula.WEIGHT_SCALE))[self.wish_of] + offer.fresh
        chord = np.sqrt(square.astype(np.float64)).astype(np.int64)
        score += np.where(placed, _PLACE[np.minimum(chord >> formula.PLACE_SHIFT, formula.PLACE_STEPS)], 0)
        wish, top = record[:, 4], max(offer.low, offer.high)
        short = np.maximum(0, 100 - 400 * (wish - top) // np.maximum(1, wish))
        reached = np.where(offer.low >= wish, formula.WAGE_MAX, np.where(top >= wish, formula.WAGE_PART, short))
        score += np.where(wish == 0, 0, reached if top > 0 else formula.WAGE_UNKNOWN)
        by_age = np.where(outside > 0, np.maximum(0, formula.AGE_OUTSIDE - formula.AGE_STEP * outside), formula.AGE_MAX)
        unstated = (limits[:, 0] == 0) & (limits[:, 1] == formula.AGE_OPEN)
        score += np.where(said, np.where(unstated, formula.AGE_UNSTATED, by_age), 0)
        wanted = pool.tags[:, 3] & offer.tags
        carried = np.unpackbits(wanted.view(np.uint8).reshape(len(wanted), -1), axis=1).sum(axis=1).astype(np.int64)
        liked = formula.PREFERENCE_MAX * carried // np.maximum(1, pool.condition[:, 3])
        score += liked[record[:, 7]]
        rows = np.flatnonzero(keep)
        found = np.stack([score[rows], self.active[rows], pool.worker_id[rows]], axis=1)
        return found[np.lexsort((found[:, 2], -found[:, 1], -found[:, 0]))][:limit]

    @staticmethod
    def _conditions(pool: Pool, offer: Offer) -> Mask:
        condition, count = pool.condition, len(pool.condition)
        keep: Mask = (condition[:, 0] == 0) | (condition[:, 0] >> offer.kind & 1 == 1)
        keep &= (condition[:, 1] == 0) | (condition[:, 1] >> offer.settlement & 1 == 1)
        keep &= (offer.hours == HOURS_UNKNOWN) | (offer.hours <= condition[:, 2])
        every, some, none = (pool.tags[:, row] for row in range(3))
        keep &= (every & ~offer.tags == 0).all(axis=1) & (none & offer.tags == 0).all(axis=1)
        keep &= (some == 0).all(axis=1) | (some & offer.tags != 0).any(axis=1)
        of_region = np.repeat(np.arange(count), lengths(pool.region_starts))
        inside = (pool.regions[:, 0] <= offer.region) & (offer.region < pool.regions[:, 1])
        keep &= (lengths(pool.region_starts) == 0) | (np.bincount(of_region[inside], minlength=count) > 0)
        of_refusal = np.repeat(np.arange(count), lengths(pool.refused_starts))
        keep[of_refusal[offer.impact_of[pool.refused] > 0]] = False
        return keep


def _percentiles(name: str, seconds: list[float]) -> dict[str, float | None]:
    return {
        f"{name}p{step}_us": round(float(np.percentile(seconds, step)) * 1e6, 1) if seconds else None for step in (50, 95, 99)
    }


def _timed(workers: Iterable[Worker], spent: list[float]) -> Iterator[Worker]:
    """The same, with the seconds that making them took added to ``spent``: they are not the build's."""
    began = time.perf_counter()
    for worker in workers:
        spent.append(time.perf_counter() - began)
        yield worker
        began = time.perf_counter()


def reverse_figures(
    workers: int, seed: int, *, jobs: int = 100_000, queries: int = 300, limit: int = 20, folder: Path | None = None
) -> dict[str, Any]:
    """Build ``workers`` profiles over an index of ``jobs`` and look for the best of ``queries`` jobs; times in microseconds.

    The best of five repetitions of each search counts (the machine's noise is not the engine's); ``first_`` figures are the first
    repetition. ``exact`` is the share of jobs with the ids and scores of the scan over everybody.
    """
    with tempfile.TemporaryDirectory() as temporary:
        home = folder or Path(temporary)
        home.mkdir(exist_ok=True)
        path = home / "people"
        if not (home / "MANIFEST").exists():
            with IndexWriter(home) as writer:
                writer.rebuild(synthesize.jobs(jobs, 1), "")
        index = open_index(home)
        making: list[float] = []
        began = time.perf_counter()
        if not path.exists():
            read = _timed(profiles.workers(workers, 1), making)
            build_people(path, read, index, lambda done: _say(f"read {done}") if done % 100_000 == 0 else None)
        built = time.perf_counter() - began - sum(making)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        began = time.perf_counter()
        people = open_people(path)
        opened = time.perf_counter() - began
        index.close()
        scan = _Scan(people)
        asked = list(synthesize.jobs(queries, seed))
        timed: dict[str, list[float]] = {
            "": [],
            "first_": [],
            "placed_": [],
            "placeless_": [],
            "prepare_": [],
            "end_": [],
            "scan_": [],
        }
        equal = found = 0
        for job in asked[:20]:
            candidates(people, job, synthesize.NOW, limit)
        for job in asked:
            began = time.perf_counter()
            offer = offer_of(people, job, synthesize.NOW)
            timed["prepare_"].append(time.perf_counter() - began)
            runs = []
            for _ in range(5):
                began = time.perf_counter()
                best = best_for(people, offer, limit)
                runs.append(time.perf_counter() - began)
            timed[""].append(min(runs))
            timed["first_"].append(runs[0])
            timed["placed_" if offer.placed else "placeless_"].append(min(runs))
            began = time.perf_counter()
            expected = scan.best(offer, limit)
            timed["scan_"].append(time.perf_counter() - began)
            equal += bool(np.array_equal(best[:, :3], expected))
            found += len(best)
            began = time.perf_counter()
            candidates(people, job, synthesize.NOW, limit)
            timed["end_"].append(time.perf_counter() - began)
        size = path.stat().st_size
    figures: dict[str, Any] = {"workers": workers, "in_file": people.workers, "jobs_asked": queries, "seed": seed}
    figures |= {"exact": equal / max(1, queries), "found_on_average": round(found / max(1, queries), 1)}
    for name, seconds in timed.items():
        figures |= _percentiles(name, seconds)
    figures |= {"wishes": len(people.pool.wish_starts) - 1, "terms": len(people.term_index)}
    figures |= {"conditions": len(people.pool.condition), "build_s": round(built, 1), "open_s": round(opened, 3)}
    return figures | {"bytes_per_worker": round(size / max(1, people.workers), 1), "build_peak_mb": peak}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when any answer was not exact."""
    parser = argparse.ArgumentParser(prog="python -m matching.bench.people", description="测量“为岗位找人”：速度、准确、大小。")
    parser.add_argument("--workers", type=int, default=100_000, help="求职者人数")
    parser.add_argument("--jobs", type=int, default=100_000, help="索引里的岗位条数")
    parser.add_argument("--queries", type=int, default=300, help="查询的岗位条数")
    parser.add_argument("--seed", type=int, default=7, help="查询岗位的种子号")
    parser.add_argument("--folder", type=Path, default=None, help="文件放在哪里（默认临时目录，用后删除；已有的文件直接用）")
    options = parser.parse_args(arguments)
    figures = reverse_figures(options.workers, options.seed, jobs=options.jobs, queries=options.queries, folder=options.folder)
    print(json.dumps(figures, ensure_ascii=False))
    return 0 if figures["exact"] == 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
