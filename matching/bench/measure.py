"""The measuring: engine and peers alternate query by query in one process, and every answer of the engine is compared.

Times are of one thread. *Search* is from weighted terms to ordered ids and values, *end to end* from the typed text to hits
with reasons, understanding included, ``cpu_`` the processor time of the search's thread, which a busy machine disturbs less (what
a server of its own spends is not in it). Nothing is dropped as an outlier; what every engine reads was touched once before.
"""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from matching import Index, Query, count, match_many, open_index, search, wished
from matching.asking import Plan, plan_for
from matching.bench import pool, prepare
from matching.bench.brute import brute_force
from matching.bench.peers import Peer, maker
from matching.bench.prepare import Figures, percentiles, say
from matching.engine import rank
from seed_jobs import synthesize

TUNING_SEED: Final = 2
"""Queries that were looked at while choosing settings, the engine's and the peers'; figures are of another seed."""
_WARMING: Final = 20
_FACETS: Final = 200
_ADDED: Final = 200
_ADDED_SEED: Final = 4


def resident_mb() -> dict[str, float]:
    """Resident memory of this process: all of it, and what it shares with nobody (the mapped index is shared)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    fields = {name: value for name, _, value in (line.partition(":") for line in lines)}
    kilobytes = {name: int(fields[key].split()[0]) for name, key in (("rss_mb", "VmRSS"), ("rss_own_mb", "RssAnon"))}
    return {name: round(value * 1024 / 1e6, 1) for name, value in kilobytes.items()}


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


class Contest:
    """The times and answers of one run: the engine's, the brute force's and every peer's."""

    def __init__(self, index: Index, peers: Sequence[Peer]) -> None:
        self.index, self.peers = index, peers
        self.search: list[float] = []
        self.busy: list[float] = []
        self.radius: list[float] = []
        self.end: list[float] = []
        self.brute: list[float] = []
        self.compared = self.equal = 0
        self.spent: dict[str, list[float]] = {peer.name: [] for peer in peers}
        self.busy_peers: dict[str, list[float]] = {peer.name: [] for peer in peers}
        self.recall: dict[str, list[float]] = {peer.name: [] for peer in peers}

    def ask(self, number: int, query: Query, *, compare: bool) -> None:
        """One query to all, the engine first, the peers in an order that moves on with every query."""
        snapshot = self.index.snapshot
        plan = plan_for(snapshot, query)
        busy = time.thread_time()
        spent, ranked = _timed(lambda: rank(snapshot, plan))
        self.busy.append(time.thread_time() - busy)
        self.search.append(spent)
        if plan.reach >= 0:
            self.radius.append(spent)
        if compare:
            spent, expected = _timed(lambda: brute_force(snapshot, plan))
            self.brute.append(spent)
            self.compared += 1
            self.equal += bool(np.array_equal(ranked.best[:, :3], expected))
        self.end.append(_timed(lambda: search(self.index, wished(query).query))[0])
        best = set(ranked.best[:, 2].tolist())
        turn = number % max(1, len(self.peers))
        for peer in (*self.peers[turn:], *self.peers[:turn]):
            if len(self.spent[peer.name]) < peer.most_queries:
                self._ask_peer(peer, plan, best)

    def _ask_peer(self, peer: Peer, plan: Plan, best: set[int]) -> None:
        busy = time.thread_time()
        spent, found = _timed(lambda: peer.search(plan))
        self.busy_peers[peer.name].append(time.thread_time() - busy)
        self.spent[peer.name].append(spent)
        if best:
            self.recall[peer.name].append(len(best & set(found[: len(best)])) / len(best))

    def figures_of(self, peer: Peer, build_s: float, jobs: int) -> Figures:
        """The row of a peer."""
        spent, recall = self.spent[peer.name], self.recall[peer.name]
        return {
            "name": peer.name,
            **percentiles("", spent),
            **percentiles("cpu_", self.busy_peers[peer.name], (50, 99)),
            "qps": round(len(spent) / sum(spent), 1),
            "recall_at_20": round(float(np.mean(recall)), 4) if recall else None,
            "queries": len(spent),
            "build_s": round(build_s, 1),
            "bytes_per_job": round(peer.bytes / jobs, 1),
            "note": peer.note,
        }


def _made(names: Sequence[str], folder: Path, jobs: int) -> list[tuple[Peer, float]]:
    prepare.prepared(folder, jobs, "columns")
    columns = pool.read(folder)
    made: list[tuple[Peer, float]] = []
    for name in names:
        try:
            make = maker(name)
        except ImportError as missing:
            say(f"{name}: not measured, {missing}")
            continue
        if jobs > make.most_jobs:
            say(f"{name}: not measured above {make.most_jobs} jobs")
            continue
        began = time.perf_counter()
        peer = make(columns, folder / "peers")
        spent = time.perf_counter() - began
        say(f"{name}: built in {spent:.1f} s")
        made.append((peer, spent))
    return made


def _batch_rate(index: Index, queries: Sequence[Query]) -> float:
    """Matches a second of one core, many queries together."""
    spent, _ = _timed(lambda: match_many(index, queries))
    return round(len(queries) / spent, 1)


def _visible_in_process(index: Index, jobs: int) -> Figures:
    """From handing a job to the open index until every search that begins holds it; and until the answer of such a search."""
    handed, shown = [], []
    for job in synthesize.jobs(_ADDED, _ADDED_SEED):
        new = replace(job, job_id=jobs + job.job_id, published_at=synthesize.NOW + 1, valid_until=None)
        query = Query(now=synthesize.NOW + 1, sort="newest", regions=(job.region,), limit=_ADDED)
        handed.append(_timed(partial(index.add, new))[0])
        spent, hits = _timed(partial(search, index, query))
        shown.append(handed[-1] + spent)
        if all(hit.job_id != new.job_id for hit in hits):
            raise RuntimeError("the next search does not hold the new job")
    figures = percentiles("visible_in_process_", handed, (50, 99))
    return figures | {"visible_in_process_ms": round(float(np.median(shown)) * 1000, 3)}


def measure(folder: Path, jobs: int, asked: Sequence[Query], compared: int, names: Sequence[str]) -> Figures:
    """The figures of an index of ``jobs`` in ``folder`` under the queries ``asked``; ``compared`` of them against brute force."""
    figures: Figures = {"jobs": jobs, "queries": len(asked)}
    figures |= prepare.prepared(folder, jobs, "index")
    opened, index = _timed(lambda: open_index(folder))
    figures["open_s"] = round(opened, 3)
    for query in asked:  # once unmeasured: the first touch of every page is the disk's time, not the engine's
        search(index, wished(query).query)
    figures |= resident_mb()
    made = _made(names, folder, jobs) if names else []
    try:
        peers = [peer for peer, _ in made]
        for query in synthesize.queries(_WARMING, TUNING_SEED):
            for peer in peers:
                peer.search(plan_for(index.snapshot, query))
        gc.collect()
        gc.freeze()
        contest = Contest(index, peers)
        for number, query in enumerate(asked):
            contest.ask(number, query, compare=number < compared)
            if (number + 1) % 250 == 0:
                say(f"asked {number + 1}; {contest.equal} of {contest.compared} compared are exact")
        figures["exact"] = contest.equal / contest.compared if contest.compared else None
        figures["compared"] = contest.compared
        figures |= percentiles("", contest.search) | percentiles("radius_", contest.radius, (50, 99))
        figures |= percentiles("cpu_", contest.busy, (50, 99))
        figures |= percentiles("end_to_end_", contest.end) | {"qps": round(len(asked) / sum(contest.search), 1)}
        facets = [_timed(partial(count, index, query))[0] for query in asked[:_FACETS]]
        figures |= percentiles("facets_", facets, (50, 99)) | {"batch_matches_per_s": _batch_rate(index, asked)}
        figures |= _visible_in_process(index, jobs)
        note = "exact: every row, every filter and part, full sort over the engine's own arrays; no reasons"
        brute = {"name": "numpy_brute_force", **percentiles("", contest.brute), "recall_at_20": 1.0, "note": note}
        brute |= {"qps": round(len(contest.brute) / sum(contest.brute), 1) if contest.brute else None}
        brute |= {"queries": len(contest.brute), "build_s": 0.0, "bytes_per_job": figures["bytes_per_job"]}
        rows = [contest.figures_of(peer, build_s, jobs) for peer, build_s in made]
        figures["peers"] = [*([brute] if contest.brute else []), *rows]
    finally:
        gc.unfreeze()
        for peer, _ in made:
            peer.close()
        index.close()
        shutil.rmtree(folder / "peers", ignore_errors=True)
    return figures
