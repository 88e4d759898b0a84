"""``flask partners``: client credentials for the operator at the machine."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from matching.rules import region as region_rules
from service import clock
from service.chinese_commands import ChineseGroup
from service.errors import Refusal
from service.partners.clients import end, issue
from service.partners.models import PartnerClient
from service.sessions import read_session, write_session


@click.group("partners", cls=ChineseGroup)
def partners_cli() -> None:
    """合作平台：开通、查看、停用客户端凭证。"""


@partners_cli.command("issue")
@click.argument("source")
@click.option("--name", required=True, help="登记的名称，每条岗位都会注明")
@click.option("--region", default="", help="归哪个地区管，名称或代码；不填归平台运营")
@with_appcontext
def issue_command(source: str, name: str, region: str) -> None:
    """给来源 SOURCE（如 partner-gz01）开一个客户端并打印密钥，密钥只显示这一次。"""
    code = ""
    if region:
        found = region_rules.find(region)
        if found.code is None:
            raise click.ClickException(f"没有找到地区「{region}」，或者叫这个名字的不止一个，请写上省市。")
        code = found.code
    try:
        with write_session() as session:
            made = issue(session, None, source_key=source, name=name, region_code=code, now=clock.now())
            client_id, secret = made.client.client_id, made.secret
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    click.echo(f"客户端 {client_id}（{name}）已开通，密钥只显示这一次：\n{secret}")


@partners_cli.command("list")
@with_appcontext
def list_command() -> None:
    """列出所有客户端。"""
    with read_session() as session:
        rows = session.scalars(select(PartnerClient).order_by(PartnerClient.partner_id)).all()
    if not rows:
        click.echo("还没有合作平台的客户端。")
    for row in rows:
        state = "停用" if row.ended_at is not None else "在用"
        used = clock.show_minute(row.last_used_at) if row.last_used_at is not None else "没有用过"
        click.echo(f"{row.partner_id:>5}  {state}  {row.client_id}  {row.source_key}  {row.name}  冲突 {row.conflicts}  {used}")


@partners_cli.command("end")
@click.argument("partner_id", type=int)
@with_appcontext
def end_command(partner_id: int) -> None:
    """停用一个客户端（编号见 flask partners list），它的令牌立刻失效。"""
    try:
        with write_session() as session:
            client_id = end(session, None, partner_id, clock.now()).client_id
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    click.echo(f"客户端 {client_id} 已停用。")
