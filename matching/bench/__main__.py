"""``python -m matching.bench [--jobs N] [--queries N] [--peers [NAMES]] [--json] [--plot]``: speed, exactness and size.

Jobs and queries are made up from a seed (``seed_jobs.synthesize``); queries of seed 2 were looked at while tuning, so the default
for reported figures is another. How it is measured stands in ``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from matching.bench.measure import TUNING_SEED, measure
from matching.bench.merging import measure_merging
from matching.bench.peers import HOMES
from matching.bench.prepare import Figures, say
from matching.bench.report import refresh
from seed_jobs import synthesize

REPORTED_SEED: Final = 7
_COMPARED_ALL_UP_TO: Final = 1_000_000
_COMPARED_ABOVE: Final = 200
_ONLY_WHEN_ASKED: Final = {"visible_ms": "--visible", "quiet_p99_us": "--merging", "merge_p99_us": "--merging"}
RESULTS: Final = Path("docs/benchmarks")
DOCUMENT: Final = Path("docs/benchmarks.md")


def _visible() -> Figures:
    """``visible_ms`` and its neighbours: the service measures itself, in a process of its own, since we know nothing of it."""
    say("starting the service to see how soon a published job is in every answer")
    done = subprocess.run([sys.executable, "-m", "service.bench", "--json"], stdout=subprocess.PIPE, check=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def _machine() -> str:
    """The processor by its kind and the memory: what a figure depends on, and nothing that names a machine."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    kilobytes = int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1])
    return (
        f"{len(models)} × {models[0] if models else 'unknown'}, {round(kilobytes / 2**20)} GiB, Python {sys.version.split()[0]}"
    )


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=True)
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="chengnuan-bench-") as temporary:
        yield Path(temporary)


def _names(asked: str | None) -> list[str]:
    names = [] if asked is None else list(HOMES) if asked == "all" else asked.split(",")
    unknown = [name for name in names if name not in HOMES]
    if unknown:
        raise SystemExit(f"没有叫 {'、'.join(unknown)} 的对照方法；可选：{'、'.join(HOMES)}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m matching.bench", description="测量匹配引擎：速度、准确、大小。")
    parser.add_argument("--jobs", type=int, default=100_000, help="岗位条数")
    parser.add_argument("--queries", type=int, default=1000, help="查询条数")
    parser.add_argument("--seed", type=int, default=REPORTED_SEED, help=f"查询的种子号（{TUNING_SEED} 号调优时看过，不用来报告）")
    parser.add_argument(
        "--peers",
        nargs="?",
        const="all",
        default=None,
        metavar="名称,名称",
        help="同时测量对照方法，默认全部：" + "、".join(HOMES),
    )
    parser.add_argument("--compared", type=int, default=None, help="与逐条扫描核对的查询条数（默认全部，一百万以上 200）")
    parser.add_argument("--merging", action="store_true", help="同时测量边写入边查询的速度")
    parser.add_argument("--visible", action="store_true", help="启动整个服务，测量发布到可见的时间")
    parser.add_argument("--json", action="store_true", help="只打印一行 JSON")
    parser.add_argument("--save", action="store_true", help=f"把结果存入 {RESULTS}/岗位条数.json，供画图")
    parser.add_argument(
        "--plot", action="store_true", help=f"按 {RESULTS} 里的结果重写 {DOCUMENT} 的表和 docs/images 的图（单独使用时不测量）"
    )
    parser.add_argument("--folder", type=Path, default=None, help="索引放在哪里，下次接着用（默认临时目录，用后删除）")
    return parser


def _measured(options: argparse.Namespace) -> Figures:
    compared = options.compared
    if compared is None:
        compared = options.queries if options.jobs <= _COMPARED_ALL_UP_TO else _COMPARED_ABOVE
    asked = synthesize.queries(options.queries, options.seed)
    with _folder(options.folder) as folder:
        figures = measure(folder, options.jobs, asked, compared, _names(options.peers))
        if options.merging:
            figures |= measure_merging(folder, options.jobs, asked)
    figures |= {"seed": options.seed, "machine": _machine()}
    if options.visible:
        figures |= _visible()
    for name, asked_by in _ONLY_WHEN_ASKED.items():
        if name not in figures:  # whoever reads the keys finds them all, and why one is empty
            figures |= {name: None, f"{name}_reason": f"not measured: ask with {asked_by}"}
    return figures


def _print(figures: Figures) -> None:
    for name, value in figures.items():
        if name != "peers":
            print(f"{name:24} {value}")
    print(f"\n{'':20} {'p50 µs':>10} {'p95 µs':>10} {'p99 µs':>10} {'q/s':>8} {'top 20':>7} {'build s':>8} {'B/job':>7}")
    for peer in figures["peers"]:
        times = " ".join(f"{peer[f'p{step}_us']:>10}" for step in (50, 95, 99))
        found, size = peer["recall_at_20"], peer["bytes_per_job"]
        print(f"{peer['name']:20} {times} {peer['qps']:>8} {found!s:>7} {peer['build_s']:>8} {size:>7}")
        print(f"{'':20} {peer['note']}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print, or only draw; 1 when an answer that was compared was not exact."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    if options.plot and given == ["--plot"]:
        return _draw()
    figures = _measured(options)
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        _print(figures)
    if options.save:
        RESULTS.mkdir(parents=True, exist_ok=True)
        text = json.dumps(figures, ensure_ascii=False, indent=1)
        (RESULTS / f"{options.jobs}.json").write_text(text + "\n", encoding="utf-8")
    if options.plot:
        _draw()
    return 0 if figures["exact"] in (1.0, None) else 1


def _draw() -> int:
    """Pictures, where matplotlib is installed, then the document that shows them."""
    missing = None
    try:
        from matching.bench.plot import draw  # noqa: PLC0415 - matplotlib is not installed with the service
    except ImportError as error:
        missing = error
        say(f"画图需要 matplotlib（make setup-bench）：{missing}")
    else:
        for path in draw(RESULTS, DOCUMENT.parent / "images"):
            say(f"drew {path}")
    refresh(RESULTS, DOCUMENT)
    say(f"wrote the tables of {DOCUMENT}")
    return int(missing is not None)


if __name__ == "__main__":
    sys.exit(main())
