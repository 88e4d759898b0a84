"""``flask duplicates``: find them now, or only look what would be found; how many there are."""

from __future__ import annotations

import sys
from typing import cast

import click
from flask import current_app
from flask.cli import with_appcontext

from service import clock
from service.chinese_commands import ChineseGroup
from service.db import Database
from service.duplicates.counts import counts
from service.duplicates.find import find
from service.jobs.schemas import DUPLICATE_REASONS


@click.group("duplicates", cls=ChineseGroup)
def duplicates_cli() -> None:
    """重复岗位：查找、查看。"""


@duplicates_cli.command("find")
@click.option("--dry-run", is_flag=True, help="只看会找到什么，什么都不写。")
@with_appcontext
def find_command(*, dry_run: bool) -> None:
    """把所有在招的岗位比一遍，同一个岗位只留一条显示。每天夜里会自己做。"""
    found = find(_database(), clock.now(), write=not dry_run, progress=_tell if sys.stderr.isatty() else None)
    click.echo(f"在招 {found.adverts} 条，其实是 {found.jobs} 个岗位：{found.groups} 个岗位有重复，重复 {found.duplicates} 条。")
    click.echo(f"招聘人数：逐条相加 {found.headcount_written}，每个岗位只算一次 {found.headcount}。")
    looked = found.looked
    click.echo(
        f"比了 {looked.pairs} 对，{looked.blocks} 组里有 {looked.large_blocks} 组太大、只比相邻的，用时 {found.seconds:.1f} 秒。"
    )
    for job_id, canonical, reasons in found.examples:
        click.echo(f"  {job_id} → {canonical}：{'、'.join(DUPLICATE_REASONS[code] for code in reasons)}")
    click.echo(f"只是看看，没有写入；要改 {found.to_change} 条。" if dry_run else f"改了 {found.changed} 条。")


@duplicates_cli.command("status")
@with_appcontext
def status_command() -> None:
    """在招多少条，其中重复多少，一共招多少人。"""
    with _database().read_session() as session:
        now = counts(session, clock.now())
    click.echo(f"在招 {now.adverts} 条，重复 {now.duplicates} 条，共 {now.jobs} 个岗位，招 {now.headcount} 人。")


def _tell(what: str, done: int) -> None:
    click.echo(f"\r{what} {done}", err=True, nl=False)


def _database() -> Database:
    return cast("Database", current_app.extensions["database"])
