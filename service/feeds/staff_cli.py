"""`flask feeds` for those who look after the sources: how they stand, the digest of the night, taking back a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import click
from rich.console import Console

from service import clock, config
from service.feeds import digest
from service.feeds.habits import TOLD
from service.feeds.masked import sentence
from service.feeds.oversight import board, opened
from service.feeds.rollback import lines_of, plan, roll_back
from service.feeds.standing import say, show
from service.feeds.terminal import database_of_settings, progress

WIDTH = 150
"""Columns where nobody looks at a screen: in a pipe and in a file."""


@click.command("status", help="每个来源的状况：展示多少条，上一次导入怎么样，和平常比有什么不对。")
def status_command() -> None:
    """One line a source, those out of habit first, then what is the matter with each."""
    now = clock.now()
    with database_of_settings() as database, database.read_session() as session:
        feeds_dir = config.load().feeds_dir
        views = board(session, opened(feeds_dir), now)
    show(_console(), views, feeds_dir)


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
    say(console, f"{found.day} 夜间摘要（{clock.show_minute(found.made_at)} 生成）")
    for line in found.out_of_habit:
        say(console, f"! {line.source_key}：展示 {line.shown}，夜间导入 {line.runs} 次{_said(line.counts)}", style="red")
        for odd in line.oddities:
            say(console, f"    {sentence(odd['sentence'])}")
    if not found.out_of_habit:
        say(console, "没有和平常不一样的来源。")
    for line in found.in_habit:
        say(console, f"  {line.source_key}：展示 {line.shown}，夜间导入 {line.runs} 次{_said(line.counts)}")


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


def _said(counts: Mapping[str, int]) -> str:
    return "".join(f"，{TOLD[name]} {counts[name]}" for name in TOLD if counts.get(name))


def _console() -> Console:
    """The terminal, or lines wide enough for a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)
