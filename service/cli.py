"""The commands of ``flask``. Each prints one line a person can act on and leaves with a status that a script can."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import cast

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from matching import IndexDamaged, IndexMissing, WriterBusy, open_index
from service import clock
from service.account_commands import accounts_cli
from service.audit.commands import audit_cli
from service.backup.commands import backup_command, restore_command
from service.chinese_commands import ChineseGroup
from service.config import Settings
from service.crypto.commands import keys_cli
from service.db import Database
from service.duplicates.commands import duplicates_cli
from service.employers.list_commands import employers_cli
from service.feeds.cli import feeds_cli
from service.indexing.follower import Follower, follow, read_heartbeat
from service.jobs.check_command import check_command
from service.logs import quiet_crashes
from service.matches.cli import jobs_cli
from service.open_data.commands import open_data_cli
from service.partners.commands import partners_cli
from service.privacy.commands import erasures_cli
from service.task_commands import tasks_cli


def _settings() -> Settings:
    return cast("Settings", current_app.extensions["settings"])


def _database() -> Database:
    return cast("Database", current_app.extensions["database"])


@click.group("index", cls=ChineseGroup)
def index_cli() -> None:
    """岗位索引：重建、跟随、查看。"""


@index_cli.command("follow")
@with_appcontext
def follow_command() -> None:
    """跟随数据库的变动，更新索引，直到被停止。"""
    settings = _settings()
    quiet_crashes()
    try:
        follow(_database(), settings.index_dir, settings.index_poll_seconds)
    except WriterBusy as busy:
        raise click.ClickException(str(busy)) from busy


@index_cli.command("rebuild")
@with_appcontext
def rebuild_command() -> None:
    """按数据库整个重建索引。"""
    click.echo(f"已重建，{_write(lambda follower: follower.rebuild('人工重建'))} 个岗位。")


@index_cli.command("catch-up")
@with_appcontext
def catch_up_command() -> None:
    """把索引补到和数据库一致，然后结束；没有索引或索引损坏就重建。"""
    click.echo(f"索引已和数据库一致，处理了 {_write(_catch_up)} 个岗位的变动。")


def _catch_up(follower: Follower) -> int:
    done = 0
    while changed := follower.step():
        done += changed
    return done


def _write(work: Callable[[Follower], int]) -> int:
    settings = _settings()
    try:
        follower = Follower(_database(), settings.index_dir)
    except WriterBusy as busy:
        raise click.ClickException(f"{busy}（索引进程正在运行，它会自己更新；要人工重建请先停掉服务）") from busy
    try:
        return work(follower)
    finally:
        follower.close()


@index_cli.command("status")
@with_appcontext
def status_command() -> None:
    """索引有多新，索引进程在不在。"""
    directory = _settings().index_dir
    try:
        index = open_index(directory)
    except (IndexMissing, IndexDamaged) as trouble:
        click.echo(f"索引不能用：{trouble}")
        sys.exit(1)
    click.echo(
        f"第 {index.generation} 代，{index.jobs} 个岗位，"
        f"建立于 {clock.show_minute(clock.from_seconds(index.built_at))}，"
        f"更新于 {clock.show_minute(clock.from_seconds(index.updated_at))}"
    )
    beat = read_heartbeat(directory)
    click.echo(f"索引进程最近一次出现：{beat.at}" if beat else "索引进程没有出现过")
    index.close()


def register_cli(app: Flask) -> None:
    """Hang the groups into ``flask``."""
    app.cli.add_command(index_cli)
    app.cli.add_command(accounts_cli)
    app.cli.add_command(audit_cli)
    app.cli.add_command(keys_cli)
    app.cli.add_command(duplicates_cli)
    app.cli.add_command(employers_cli)
    app.cli.add_command(feeds_cli)
    jobs_cli.add_command(check_command)
    app.cli.add_command(jobs_cli)
    app.cli.add_command(partners_cli)
    app.cli.add_command(tasks_cli)
    app.cli.add_command(erasures_cli)
    app.cli.add_command(open_data_cli)
    app.cli.add_command(backup_command)
    app.cli.add_command(restore_command)
