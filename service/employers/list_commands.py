"""``flask employers``: take in a list of an authority at the machine, from a file."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from service import clock
from service.chinese_commands import ChineseGroup
from service.employers.lists import rows_of_csv, take_in
from service.employers.tables import list_rows
from service.errors import Refusal
from service.sessions import write_session


@click.group("employers", cls=ChineseGroup)
def employers_cli() -> None:
    """单位：导入主管部门的名单。"""


@employers_cli.command("import-list")
@click.argument("kind", type=click.Choice(list(list_rows())))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="列入决定的文号，或公布的单位")
@click.option("--source-url", default="", help="公布名单的网址")
@with_appcontext
def import_command(kind: str, file: Path, source: str, source_url: str) -> None:
    """导入一份名单（UTF-8 的 CSV，表头：统一社会信用代码、单位名称、列入日期、到期日期）。同一份再导入一次不会重复。"""
    try:
        rows = rows_of_csv(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise click.ClickException("文件不是 UTF-8 编码，请另存为 UTF-8 的 CSV 再导入。") from None
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    try:
        with write_session() as session:
            taken = take_in(session, kind, rows, source=source, source_url=source_url, caller=None, now=clock.now())
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    click.echo(
        f"新列入 {taken.new} 条，已有 {taken.known} 条，涉及已登记的单位 {taken.employers} 家，没收 {len(taken.refused)} 行。"
    )
    for row in taken.refused:
        click.echo(f"第 {row.row} 行：{row.reason}", err=True)
