"""``flask tasks``: work in the background, and what the operator sees and does about it."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from service import clock
from service.background import work_off
from service.chinese_commands import ChineseGroup
from service.sessions import read_session, settings, write_session
from service.tasks import queue
from service.tasks.models import STATES


@click.group("tasks", cls=ChineseGroup)
def tasks_cli() -> None:
    """后台任务：运行、查看、重试。"""


@tasks_cli.command("run")
@with_appcontext
def run_command() -> None:
    """一直处理后台任务，直到被停止（make run 已经带着它）。"""
    work_off(settings())


@tasks_cli.command("list")
@click.option("--state", type=click.Choice(STATES), default="waiting", show_default=True, help="看哪一种")
@click.option("--dead", is_flag=True, help="只看多次失败、等人处理的")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="最多几条")
@with_appcontext
def list_command(state: str, dead: bool, limit: int) -> None:
    """列出任务和各状态的数量。"""
    with read_session() as session:
        depth = queue.depth(session, queue.database_now(session))
        found = queue.listed(session, state="dead" if dead else state, limit=limit)
    due = f"到期 {depth.due}，最久 {depth.oldest_due_seconds} 秒"
    click.echo(f"等待 {depth.waiting}（{due}），进行中 {depth.leased}，待人处理 {depth.dead}")
    for task in found:
        said = f"{task.task_id}  {task.kind}  试过 {task.tries} 次  到期 {clock.show_minute(task.due_at)}"
        click.echo(f"{said}  {task.last_error}" if task.last_error else said)


@tasks_cli.command("retry")
@click.argument("task_id", type=click.IntRange(1))
@with_appcontext
def retry_command(task_id: int) -> None:
    """让一个多次失败的任务重新开始。"""
    with write_session() as session:
        again = queue.retry(session, task_id, queue.database_now(session))
    if not again:
        raise click.ClickException(f"没有编号 {task_id} 的失败任务，用 flask tasks list --dead 看有哪些。")
    click.echo(f"任务 {task_id} 会马上再试。")
