"""``flask backup`` and ``flask restore``."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from service import clock
from service.backup.archive import BackupUnusable, check_files, read_manifest
from service.backup.make import make
from service.backup.restore import restore
from service.chinese_commands import ChineseCommand
from service.config import ERASURES
from service.db import Database
from service.privacy.commands import LISTS, redo_from
from service.sessions import settings
from service.status import program_version

_FOLDER = click.Path(path_type=Path, file_okay=False)
_KEYS = "密钥文件不在备份里（{path}）：请另外保管一份，没有它，加密的电话和证照再也打不开。"

_LIST = "注销名单也不在备份里（{path}）：请放在数据库以外的地方，恢复时要照它把这之后注销的人再注销一次。"


@click.command("backup", cls=ChineseCommand)
@click.option(
    "--to", "target", type=click.Path(path_type=Path, file_okay=False), help="放到哪个文件夹，不填是数据目录里的 backups"
)
@with_appcontext
def backup_command(target: Path | None) -> None:
    """备份全部数据，不用停止服务。"""
    chosen = settings()
    database = Database(chosen.database_url, pool_size=1)
    try:
        folder, manifest = make(database, chosen.data_dir, target or chosen.data_dir / "backups", clock.now(), program_version())
    except BackupUnusable as reason:
        raise click.ClickException(str(reason)) from reason
    except (OSError, SQLAlchemyError) as trouble:
        why = getattr(trouble, "strerror", None) or type(trouble).__name__
        raise click.ClickException(f"备份没有做成（{why}），没有留下半份。请检查磁盘空间和数据库后再试。") from trouble
    finally:
        database.close()
    rows = sum(part.rows for part in manifest.parts)
    click.echo(f"备份完成：{folder}，{len(manifest.parts)} 张表 {rows} 行，{len(manifest.files)} 个文件。")
    click.echo(_KEYS.format(path=chosen.keys_file))
    click.echo(_LIST.format(path=chosen.erasures_file))


@click.command("restore", cls=ChineseCommand)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--into", required=True, help="空的目标库：一个文件夹（里面会有 chengnuan.db 和证照），或 postgresql+psycopg://地址"
)
@click.option(
    "--files-to", type=click.Path(path_type=Path, file_okay=False), help="目标是 PostgreSQL 时，证照等文件放到哪个数据目录"
)
@click.option(
    "--erasures",
    "lists",
    type=LISTS,
    multiple=True,
    help="注销名单，几台机器各有一份的写几次；不填用 ERASURES_FILE 那一份（如果在）",
)
@click.option("--check", is_flag=True, help="只检查备份是否完好，不恢复")
@with_appcontext
def restore_command(folder: Path, into: str, files_to: Path | None, lists: tuple[Path, ...], check: bool) -> None:
    """把一份备份恢复到空库，并逐行核对；SQLite 的备份可以恢复到 PostgreSQL，反过来也行。"""
    is_server = into.startswith(("postgresql", "postgres:"))
    url = "postgresql+psycopg://" + into.split("://", 1)[1] if is_server else f"sqlite:///{Path(into).resolve() / 'chengnuan.db'}"
    data_dir = files_to or (settings().data_dir if is_server else Path(into).resolve())
    database = Database(url, pool_size=2)
    try:
        if check:
            manifest = read_manifest(folder)
            check_files(folder, manifest)
        else:
            manifest = restore(folder, database, data_dir, clock.now())
    except BackupUnusable as reason:
        raise click.ClickException(str(reason)) from reason
    except (OSError, SQLAlchemyError) as trouble:
        why = getattr(trouble, "strerror", None) or type(trouble).__name__
        raise click.ClickException(f"没有恢复成（{why}）。目标库可能只写了一半，请换一个空库再试。") from trouble
    finally:
        database.close()
    rows = sum(part.rows for part in manifest.parts)
    if check:
        click.echo(f"这份备份完好：{manifest.made_at} 做的，{len(manifest.parts)} 张表 {rows} 行，{len(manifest.files)} 个文件。")
        return
    click.echo(f"恢复完成并逐行核对：{manifest.made_at} 的 {len(manifest.parts)} 张表 {rows} 行，{len(manifest.files)} 个文件。")
    click.echo(
        "启动前请放回原来的密钥文件（KEYS_FILE）。这之后撤回的同意和更正不在备份里，请照登记再办一次（docs/operations.md）。"
    )
    _erase_again(lists, url, data_dir, manifest.made_at)


def _erase_again(lists: tuple[Path, ...], url: str, data_dir: Path, made_at: str) -> None:
    """Whoever left after the backup was made is in it again, until the list has been carried out."""
    chosen = settings()
    usual = chosen.erasures_file
    apart = chosen.data_dir not in usual.parents
    lists = lists or ((usual,) if usual.exists() else ())
    if not lists:
        click.secho(
            f"警告：没有找到注销名单（{usual}），{made_at} 以后注销的人又在这个库里了！"
            "对外开放前，请找到另外保管的名单，执行 flask erasures redo 名单文件。",
            err=True,
            fg="red",
        )
        return
    database = Database(url, pool_size=2)
    try:
        redo_from(lists, database, usual if apart else data_dir / ERASURES)
    finally:
        database.close()
