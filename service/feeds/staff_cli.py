"""`flask feeds` for those who look after the sources: how they stand, the digest of the night, taking back a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service import clock, config
from service.feeds import digest
from service.feeds.habits import TOLD
from service.feeds.masked import sentence
from service.feeds.models import RUN_NAMES
from service.feeds.oversight import SourceView, board, opened
from service.feeds.rollback import lines_of, plan, roll_back
from service.feeds.terminal import database_of_settings, progress

WIDTH = 150
"""Columns where nobody looks at a screen: in a pipe and in a file."""
_ACTIONS = {"pull": "", "replay": "重新处理", "rollback": "撤回"}
_SHORT = {
    "read": "读到",
    "fit": "可展示",
    "created": "新增",
    "held": "待核",
    "rejected": "未采用",
    "closed": "下架",
    "duplicates": "并入",
}


@click.command("status", help="每个来源的状况：展示多少条，上一次导入怎么样，和平常比有什么不对。")
def status_command() -> None:
    """One line a source, those out of habit first, then what is the matter with each."""
    now = clock.now()
    with database_of_settings() as database, database.read_session() as session:
        views = board(session, opened(config.load().feeds_dir), now)
    table = _table("来源", "展示", "上一次", "", *_SHORT.values(), right=("展示", *_SHORT.values()))
    for view in views:
        table.add_row(
            Text(f"{view.key}\n{view.name}", style="bold red" if view.oddities else ""),
            str(view.state.shown),
            *_last(view),
            *(_beside(view, name) for name in _SHORT),
        )
    console = _console()
    console.print(table)
    for view in views:
        for odd in view.oddities:
            console.print(f"! {view.key}：{sentence(odd.sentence)}", style="red", markup=False, highlight=False)
        _say_more(console, view)


@click.command("digest", help="夜间摘要：先列和平常不一样的来源。")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="哪一天早上的，不填就是最近一次。")
@click.option("--make", is_flag=True, help="现在重新生成今天的（平时由后台任务每天早上生成）。")
def digest_command(day: datetime | None, make: bool) -> None:
    """Print the digest of a day; what is out of habit first."""
    now = clock.now()
    with database_of_settings() as database:
        if make:
            with database.write_session() as session:
                digest.make(session, opened(config.load().feeds_dir), now)
        with database.read_session() as session:
            found = digest.read(session, day.date() if day is not None else None)
    if found is None:
        raise click.ClickException("还没有这一天的摘要。每天早上自动生成，也可以加 --make 现在生成。")
    console = _console()
    console.print(f"{found.day} 夜间摘要（{clock.show(found.made_at)} 生成）", highlight=False)
    for line in found.out_of_habit:
        console.print(
            f"! {line.source_key}：展示 {line.shown}，夜间导入 {line.runs} 次{_said(line.counts)}", style="red", markup=False
        )
        for odd in line.oddities:
            console.print(f"    {sentence(odd['sentence'])}", markup=False, highlight=False)
    if not found.out_of_habit:
        console.print("没有和平常不一样的来源。")
    for line in found.in_habit:
        console.print(
            f"  {line.source_key}：展示 {line.shown}，夜间导入 {line.runs} 次{_said(line.counts)}", markup=False, highlight=False
        )


@click.command("rollback", help="撤回一次导入：新增的关闭，改过的改回，下架的恢复。不加 --write 只是试运行。")
@click.argument("run_id", metavar="RUN", type=click.IntRange(1))
@click.option("--write", is_flag=True, help="真正写入。断了再执行一次会接着做。")
def rollback_command(run_id: int, write: bool) -> None:
    """Say what taking back a run would do, or do it."""
    now = clock.now()
    with database_of_settings() as database:
        if write:
            told = roll_back(database, run_id, account_id=None, now=now, progress=progress())
        else:
            with database.read_session() as session:
                told = plan(session, run_id, now)
    for line in lines_of(told):
        click.echo(line)


def _last(view: SourceView) -> tuple[str, str]:
    run = view.state.last_run
    if run is None:
        return "还没有导入过", ""
    return f"第 {run.run_id} 次{_ACTIONS[run.action]} {RUN_NAMES[run.status]}", clock.show(run.started_at)[5:16].replace("T", " ")


def _beside(view: SourceView, name: str) -> str:
    """A count, and under it between which two numbers it usually is."""
    if name not in view.counts:
        return ""
    usual = view.usual.get(name)
    return f"{view.counts[name]}" + (f"\n({round(usual.low)}–{round(usual.high)})" if usual else "")


def _say_more(console: Console, view: SourceView) -> None:
    run, source = view.state.last_run, view.source
    said = [f"最早到期 {clock.show(view.state.first_end)}" if view.state.first_end else ""]
    said += [run.message if run is not None and run.status == "done" else ""]
    said += ["还没有启用" if source is not None and not source.enabled else ""]
    if any(said):
        console.print(f"  {view.key}：{'；'.join(one for one in said if one)}", markup=False, highlight=False)


def _said(counts: Mapping[str, int]) -> str:
    return "".join(f"，{TOLD[name]} {counts[name]}" for name in TOLD if counts.get(name))


def _table(*names: str, right: Iterable[str]) -> Table:
    table = Table(box=box.SIMPLE)
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=name in right, overflow="fold")
    return table


def _console() -> Console:
    """The terminal, or lines wide enough for a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)
