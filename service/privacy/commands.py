"""``flask erasures``: erase again whom a restored backup has brought back."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from service import clock
from service.chinese_commands import ChineseGroup
from service.crypto import rotate
from service.db import Database
from service.errors import Unavailable
from service.privacy import erasure_list
from service.privacy.again import redo
from service.sessions import database, settings

LISTS = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group("erasures", cls=ChineseGroup)
def erasures_cli() -> None:
    """注销名单：恢复备份以后，把备份之后注销的人再注销一次。"""


@erasures_cli.command("redo")
@click.argument("files", type=LISTS, nargs=-1, required=True)
@with_appcontext
def redo_command(files: tuple[Path, ...]) -> None:
    """照注销名单再注销一次；几台机器各有一份的，一起写上。重复执行没有影响。"""
    redo_from(files, database(), settings().erasures_file)


def redo_from(files: tuple[Path, ...], into: Database, kept: Path) -> None:
    """Carry the lists out in a database, say what became of them, and keep their lines in its own list from now on.

    Raises ClickException when the keys are not those of the database: what is done must stand in the audit trail.
    """
    lines: list[erasure_list.Line] = []
    for file in files:
        found, unreadable = erasure_list.read(file)
        if unreadable and not found:
            raise click.ClickException(f"{file} 不是注销名单，请检查是不是选错了文件。")
        if unreadable:
            click.echo(f"注意：{file} 第 {'、'.join(map(str, unreadable))} 行读不懂，请人工核对。", err=True)
        lines += found
    try:
        with into.write_session() as session:
            wrong = rotate.check_keys(session, clock.now())
            if wrong:
                raise click.ClickException(f"注销名单还没有重做：{wrong}放好以后执行 flask erasures redo 名单文件。")
            done = redo(session, lines, clock.now())
        known = set(erasure_list.read(kept)[0]) if kept.exists() else set()
        erasure_list.add(kept, [line for line in dict.fromkeys(lines) if line not in known])
    except (Unavailable, OSError) as trouble:
        raise click.ClickException(f"注销名单没有做完（{trouble}），请排除原因后再执行一次 flask erasures redo。") from trouble
    click.echo(f"注销名单已重做：{done.erased} 人再次清空，{done.known} 人本来就已注销，{done.strangers} 人不在这份备份里。")
    if done.held:
        click.echo(
            f"注意：{done.held} 人注销时有依法保留，已经退出、资料还在：请重新登记保留，办结后解除，资料就会清空。", err=True
        )
    if done.ownerless:
        numbers = "、".join(map(str, done.ownerless))
        click.echo(f"注意：这些单位没有管理员了（编号 {numbers}），请为它们重新指定。", err=True)
