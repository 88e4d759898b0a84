"""``flask jobs match-all``: for every worker the best jobs of the day."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, cast

import click
from flask import current_app
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service import clock
from service.chinese_commands import ChineseGroup
from service.config import Settings

if TYPE_CHECKING:
    from service.matches.batch import Order

PIECE = 2_000
"""People to a piece: less than a second of work is lost when a batch is killed, and the files do not become too many."""
INTERRUPTED = 130


@click.group("jobs", cls=ChineseGroup)
def jobs_cli() -> None:
    """岗位：给所有人匹配、检查招聘信息。"""


@jobs_cli.command("match-all")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200), help="每人最多几个岗位。")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="结果放在哪里，默认数据目录里的 matches。")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="算作哪一天的，默认今天（北京时间）。")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="用几个进程一起算。")
@click.option("--fresh", is_flag=True, help="从头重做这一天的；不加就接着做没做完的。")
@click.option(
    "--workers-from",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="不用数据库里的人，用这个文件里的愿望（一行一个 JSON，python -m seed_jobs.synthesize 印的那种），只写 Parquet。",
)
@click.option("--piece", default=PIECE, show_default=True, type=click.IntRange(1, 100_000), help="多少人算一批。")
@with_appcontext
def match_all(
    limit: int, out: Path | None, day: datetime | None, processes: int, file: Path | None, piece: int, *, fresh: bool
) -> None:
    """给所有人匹配岗位，写成 Parquet 文件和提醒用的记录。中断了再执行一次就接着做。"""
    # DuckDB is loaded for this command alone, never in a web process.
    from service.matches.batch import BatchStopped, Wanted, begun  # noqa: PLC0415
    from service.matches.run import KEPT, run  # noqa: PLC0415

    settings = cast("Settings", current_app.extensions["settings"])
    now = clock.now()
    chosen = now.astimezone(clock.BEIJING).date() if day is None else day.date()
    wanted = Wanted(chosen, clock.seconds(now), limit, piece, file, fresh)
    began = time.monotonic()
    folder = out or settings.data_dir / "matches"
    try:
        with _hearing_ctrl_c() as stop_when_told, begun(settings, folder, wanted) as order, _bar() as bar:
            left = order.people_left
            task = bar.add_task(f"{chosen} 匹配", total=order.plan.people, completed=order.plan.people - left)

            def told(done: tuple[int, int]) -> None:
                bar.advance(task, done[0])
                stop_when_told()

            people, matches = run(order, processes, told)
    except BatchStopped as stopped:
        raise click.ClickException(str(stopped)) from stopped
    except KeyboardInterrupt:
        click.echo(f"已停下。{KEPT}", err=True)
        sys.exit(INTERRUPTED)
    _tell(order, left, people, matches, time.monotonic() - began)


@contextmanager
def _hearing_ctrl_c() -> Iterator[Callable[[], None]]:
    """Gives what raises KeyboardInterrupt when Ctrl-C was pressed. Python throws an interrupt away that comes while it tidies up
    after an object (a weak reference's call) and says so at length, and the batch would go on as if nobody had said anything."""
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        signal.default_int_handler(number, frame)

    def stop_when_told() -> None:
        if heard:
            raise KeyboardInterrupt

    def say(thrown_away: sys.UnraisableHookArgs) -> None:
        if thrown_away.exc_type is not KeyboardInterrupt:
            said_before(thrown_away)

    before, said_before = signal.signal(signal.SIGINT, hear), sys.unraisablehook
    sys.unraisablehook = say
    try:
        yield stop_when_told
    finally:
        sys.unraisablehook = said_before
        signal.signal(signal.SIGINT, before)


def _tell(order: Order, left: int, people: int, matches: int, seconds: float) -> None:
    day, whole = order.plan.day, order.plan.people
    if not whole:
        click.echo(f"{day}：没有要匹配的人。")
    elif not left:
        click.echo(f"{day}：{whole} 人早已全部匹配完，没有要做的；要从头做请加 --fresh。")
    else:
        before = f"接着上次的 {whole - left} 人，" if left < whole else ""
        click.echo(
            f"{day}：{before}匹配了 {people} 人，得到 {matches} 条，用时 {seconds:.1f} 秒，每秒 {people / seconds:.0f} 人。"
        )
    click.echo(f"Parquet 文件在 {order.folder}" + ("" if order.file else "，记录在数据库的 worker_match 表"))


def _bar() -> Progress:
    """On standard error, and only for somebody who looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("人"), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
