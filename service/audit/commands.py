"""`flask audit`: is the trail whole, where does it end, what may leave the database."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from service import clock
from service.audit.anchors import keep, kept, read_anchor
from service.audit.archive import archive, read_archive
from service.audit.models import AuditHead
from service.audit.verify import Anchor, verify
from service.chinese_commands import ChineseGroup
from service.crypto import keyring
from service.errors import Refusal
from service.sessions import database, settings, write_session


@click.group("audit", cls=ChineseGroup)
def audit_cli() -> None:
    """操作记录：检查有没有被改过，打印链头，归档。"""


@audit_cli.command("verify")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="只查这一天以后的（北京时间）。")
@click.option("--anchor", "said", multiple=True, metavar='"条数 校验码"', help="另外保存的链头，flask audit head 打印的那一行。")
@click.option("--archive", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="改为检查一个归档文件。")
@with_appcontext
def verify_command(since: datetime | None, said: tuple[str, ...], path: Path | None) -> None:
    """检查操作记录有没有被改动、删除、调换；有问题时退出状态是 1，并说明是哪一条。"""
    if path is not None:
        _verify_file(path)
        return
    anchors = [*map(_anchor, said), *kept(settings().data_dir)]
    after = None if since is None else since.replace(tzinfo=clock.BEIJING)
    with database().read_session() as session:
        verdict = verify(session, keyring.current(), since=after, anchors=anchors)
    for problem in verdict.problems:
        click.echo(f"有问题：{problem.said}")
    if verdict.problems:
        sys.exit(1)
    keep(settings().data_dir, verdict.end)
    click.echo(f"查了 {verdict.rows} 条，完整。链头：{verdict.end}")


@audit_cli.command("head")
@with_appcontext
def head_command() -> None:
    """打印现在的链头。请抄到数据库以外的地方：以后结尾被整段删掉，只有它能看出来。"""
    with database().read_session() as session:
        head = session.scalars(select(AuditHead)).one_or_none()
    end = Anchor(0, "-") if head is None else Anchor(head.seq, head.hash)
    keep(settings().data_dir, end)
    click.echo(str(end))


@audit_cli.command("archive")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="放在哪里，默认数据目录里的 audit-archive。")
@with_appcontext
def archive_command(out: Path | None) -> None:
    """把过了保存期限的记录移到文件里。期限以内的不能移走。"""
    directory = out or settings().data_dir / "audit-archive"
    try:
        with write_session() as session:
            moved = archive(session, directory, clock.now())
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    except OSError as trouble:
        raise click.ClickException(f"归档文件写不进 {directory}（{trouble.strerror}），没有移走任何记录。") from trouble
    click.echo(
        "没有过期的记录。" if moved is None else f"第 {moved.from_seq} 到 {moved.to_seq} 条已移到 {moved.file}，请一并备份。"
    )


def _verify_file(path: Path) -> None:
    try:
        rows, wrong = read_archive(path, keyring.current())
    except (OSError, ValueError, KeyError, EOFError) as trouble:
        raise click.ClickException(f"{path} 读不了，不是归档文件或已损坏。") from trouble
    for seq in wrong[:50]:
        click.echo(f"有问题：第 {seq} 条内容和校验码对不上")
    if wrong:
        sys.exit(1)
    click.echo(f"查了 {rows} 条，完整。")


def _anchor(line: str) -> Anchor:
    read = read_anchor(line)
    if read is None:
        raise click.ClickException(f"链头的写法不对：{line.strip()[:100]}")
    return read
