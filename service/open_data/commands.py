"""``flask open-data``: the whole copy as a file, for a mirror or a disk that is carried away."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask.cli import with_appcontext

from service import clock
from service.chinese_commands import ChineseGroup
from service.open_data.selection import Selection
from service.open_data.snapshot import begin, in_blocks, lines
from service.sessions import database, settings


@click.group("open-data", cls=ChineseGroup)
def open_data_cli() -> None:
    """公开岗位数据。"""


@open_data_cli.command("snapshot")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def snapshot_command(file: Path) -> None:
    """把全部公开岗位写成一个 NDJSON 文件（名字以 .gz 结尾就压缩），和 /v1/snapshot/jobs 一样。"""
    source, chosen = database(), settings()
    with source.read_session() as session:
        start = begin(session, clock.now())
    unfinished = file.with_name(f"{file.name}.part")
    count = 0
    try:
        with unfinished.open("wb") as out:
            pieces = lines(source, start, Selection(), chosen.public_url, chosen.open_data)
            for block in in_blocks(pieces, gzip=file.suffix == ".gz"):
                out.write(block)
                count += len(block)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(file)
    except OSError as trouble:
        unfinished.unlink(missing_ok=True)
        raise click.ClickException(f"写不了 {file}：{trouble.strerror}。") from trouble
    click.echo(f"已写好 {file}，{count / 1e6:.1f} MB。")
