"""``python -m load [--jobs N] [--database sqlite] [--rate N] [--seconds N] [--requests N]``: the service under a mix of visits.

Starts a PostgreSQL and a Valkey of its own (or SQLite and neither), fills the pool once (kept in ``var/load`` for the next time),
starts the service with two web workers and lets locust visit it. Everything on this machine, bounded in time and requests.
Prints one table and keeps the figures in ``docs/benchmarks/load.json`` with ``--save``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from load.pool import fill, night_is_over, sign_in
from load.servers import ROOT, postgresql, service, status, valkey
from load.usage import Sampler
from matching.model import Query
from seed_jobs import synthesize
from service import clock

RESULTS = ROOT / "docs" / "benchmarks" / "load.json"
GOALS = {"searches_per_second": 400, "p99_ms": 50, "errors": 0}
_SEED = 7
"""Of queries on which nothing was tuned."""
_SEARCHES = 5_000
_DATABASES = {"postgresql": "PostgreSQL + Valkey", "sqlite": "SQLite"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a request failed."""
    asked = _asked(arguments)
    folder = ROOT / "var" / "load" / f"{asked.database}-{asked.jobs}"
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        roots: dict[str, int] = {}
        settings = {"WEB_WORKERS": str(asked.workers), "WEB_THREADS": str(asked.threads)}
        if asked.database == "sqlite":
            (folder / "data").mkdir(exist_ok=True)
            url = f"sqlite:///{folder / 'data' / 'chengnuan.db'}"
        else:
            url, roots["postgresql"] = stack.enter_context(postgresql(folder))
            settings["REDIS_URL"], roots["valkey"] = stack.enter_context(valkey(folder))
        settings["DATABASE_URL"] = url
        os.environ |= {"DATABASE_URL": url, "DATA_DIR": str(folder / "data")}  # filling seals with the keys of the service
        _fill_once(folder, url, asked.jobs)
        tokens = sign_in(url, clock.now())
        night_is_over(url, clock.now())
        _say("启动服务（第一次要建索引）…")
        port, roots["service"] = stack.enter_context(service(folder, settings))
        before = status(port)
        figures = _visit(asked, port, roots, tokens)
        after = status(port)
    result = {
        "database": asked.database,
        "jobs": before["database"]["open_jobs"],
        "commit": before["commit"],
        "at": clock.show(clock.now()),
        "machine": f"{os.cpu_count()} × {_processor()}, Python {platform.python_version()}",
        "web_workers": asked.workers,
        "web_threads": asked.threads,
        "offered_per_second": asked.rate,
        "visitors": asked.users,
        **figures,
        "changes_waiting_at_the_end": after["index"]["changes_waiting"],
    }
    _print(result)
    if asked.save:
        _save(result)
    return 1 if result["errors"] else 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    environment = os.environ.get
    parser = argparse.ArgumentParser(prog="python -m load", description="整个服务在混合访问下的速度（只在本机）。")
    parser.add_argument("--jobs", type=int, default=int(environment("JOBS", "1000000")), help="岗位条数")
    parser.add_argument("--database", choices=sorted(_DATABASES), default=environment("DATABASE", "postgresql"))
    parser.add_argument("--rate", type=float, default=float(environment("RATE", "520")), help="每秒请求数，0 为能多快就多快")
    parser.add_argument("--users", type=int, default=int(environment("USERS", "64")), help="同时在线的访客")
    parser.add_argument("--seconds", type=float, default=float(environment("SECONDS", "60")), help="最多测多少秒")
    parser.add_argument("--requests", type=int, default=int(environment("REQUESTS", "200000")), help="最多多少个请求")
    parser.add_argument("--warm-seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--save", action="store_true", help="把结果存入 docs/benchmarks/load.json")
    return parser.parse_args(arguments)


def _fill_once(folder: Path, url: str, jobs: int) -> None:
    done = folder / "filled"
    if done.exists():
        return
    _say(f"造 {jobs:,} 个岗位并写入数据库（只有第一次）…")
    began = time.monotonic()
    fill(url, jobs, clock.now())
    done.write_text(clock.show(clock.now()), encoding="ascii")
    _say(f"写入用了 {time.monotonic() - began:.0f} 秒")


def _visit(asked: argparse.Namespace, port: int, roots: dict[str, int], tokens: dict[str, list[str]]) -> dict[str, Any]:
    plan = {
        "port": port, "rate": asked.rate, "users": asked.users, "seconds": asked.seconds, "requests": asked.requests,
        "warm_seconds": asked.warm_seconds, "tokens": tokens, "mark": clock.now().strftime("%m%d%H%M%S"),
        "searches": [_path(query) for query in synthesize.queries(_SEARCHES, _SEED)],
        "drafts": [_draft(number) for number in range(50)],
    }  # fmt: skip
    visits = subprocess.Popen(
        [sys.executable, "-m", "load.visits"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert visits.stdin is not None  # noqa: S101  asked for above
    assert visits.stdout is not None  # noqa: S101  asked for above
    sampler = Sampler({**roots, "load generator": visits.pid})
    sampler.start()
    _say("访客进来了…")
    visits.stdin.write(json.dumps(plan))
    visits.stdin.close()
    figures: dict[str, Any] = {}
    for line in visits.stdout:
        said = json.loads(line)
        if said.get("measuring"):
            sampler.mark()
        else:
            figures = said
            figures["cores"] = sampler.stop(said["seconds"])
            figures["web_memory"] = sampler.flatness()
    if visits.wait(60) or not figures:
        raise RuntimeError("the visitors did not finish")
    return figures


def _path(query: Query) -> str:
    """A made-up wish as the address of a search."""
    asked: dict[str, Any] = {"q": " ".join(word for word in (query.text, *query.skills) if word)}
    if query.age is not None:
        asked["age"] = query.age
    if query.sex is not None:
        asked["sex"] = query.sex
    if query.lat is not None:
        asked |= {"lat": query.lat, "lng": query.lng}
        if query.radius_km is not None:
            asked["radius_km"] = query.radius_km
    if query.kinds:
        asked["kind"] = ",".join(sorted(query.kinds))
    if query.wage_min_yuan_month is not None:
        asked["wage_min"] = query.wage_min_yuan_month
    if query.tags_wanted:
        asked["tags_any"] = ",".join(sorted(query.tags_wanted))
    return f"/v1/jobs?{urlencode(asked)}"


def _draft(number: int) -> dict[str, Any]:
    job = next(iter(synthesize.jobs(1, _SEED + number)))
    return {
        "kind": "public", "title": job.title[:60], "description": "压测用的岗位。", "headcount": 3, "wage": "6000元/月",
        "region": job.region, "address": "演示路1号", "contact_name": "演示", "contact_phone": "13800000000",
    }  # fmt: skip


def _print(result: dict[str, Any]) -> None:
    _say(
        f"\n{_DATABASES[result['database']]}，{result['jobs']:,} 个岗位，{result['web_workers']} 个网页进程，{result['machine']}"
    )
    rows = [("", "请求", "每秒", "p50 ms", "p95 ms", "p99 ms", "最慢 ms")]
    rows += [
        (name, *(f"{row[key]:,}" for key in ("requests", "per_second", "p50_ms", "p95_ms", "p99_ms", "max_ms")))
        for name, row in result["classes"].items()
    ]
    for row in rows:
        sys.stdout.write("".join(f"{value:>12}" for value in row) + "\n")
    cores = "，".join(f"{name} {value}" for name, value in sorted(result["cores"].items()))
    _say(f"用了多少核：{cores}（合计 {sum(result['cores'].values()):.2f}，机器 {psutil.cpu_count()} 核）")
    _say(f"网页进程自己的内存：{result['web_memory']}")
    _say(f"错误：{result['errors'] or 0}")
    _say(f"目标：{GOALS}")


def _save(result: dict[str, Any]) -> None:
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    offered = "most" if not result["offered_per_second"] else f"{result['offered_per_second']:g}"
    kept[f"{result['database']}-{result['jobs'] // 10_000}0k-{offered}"] = result
    RESULTS.write_text(json.dumps(kept, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
