"""``flask accounts``: who may sign in. For the operator at the machine, nobody else; over HTTP see ``signin/administer.py``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from matching.rules import region as region_rules
from service import clock
from service.accounts.create import STANDS_FOR, create_account
from service.accounts.held_grants import end_held
from service.accounts.models import Account
from service.accounts.permissions import EMPLOYER_ROLES, ROLES, STATION_ROLES
from service.accounts.tokens import issue_token
from service.chinese_commands import ChineseGroup
from service.employers.claims import contested
from service.employers.models import Employer
from service.errors import Refusal
from service.sessions import write_session
from service.signin import events, login_sessions, set_up
from service.stations.levels import level_of_region
from service.stations.models import Station

DAYS = 90
PARTNER_SCOPES = ("job", "import")
"""What the token of a partner is good for."""


@click.group("accounts", cls=ChineseGroup)
def accounts_cli() -> None:
    """账号：开通单位、驿站、部门的账号，发放和收回登录口令。"""


@accounts_cli.command("add")
@click.argument("role", type=click.Choice([role for role in ROLES if role != "worker"]))
@click.argument("login")
@click.option("--name", required=True, help="单位、驿站或部门的名称")
@click.option("--region", default="", help="所在或管辖的地区，名称或代码")
@click.option("--source", default="", help="合作平台的来源代码，如 partner-gz01；它只能用这个来源发布")
@click.option("--days", default=DAYS, help="口令有效多少天", show_default=True)
@with_appcontext
def add_command(role: str, login: str, name: str, region: str, source: str, days: int) -> None:
    """开通一个账号并打印登录口令（只显示这一次）。单位按已核验处理：开通前请先看过它的证照。"""
    code = _region(region)
    if not code and (role in STATION_ROLES or STANDS_FOR.get(role) == "region_code"):
        raise click.ClickException("驿站和部门的账号要写明地区：--region 赣州市章贡区")
    now = clock.now()
    try:
        with write_session() as session:
            stands_for = _stands_for(session, role, name, code)
            if role == "partner":
                stands_for["source_key"] = source
            account = create_account(session, role=role, login=login, display_name=name, now=now, region_code=code, **stands_for)
            scopes = PARTNER_SCOPES if role == "partner" else None
            token = issue_token(session, account.account_id, now, timedelta(days=days), scopes=scopes)
            code = _set_up_code(session, account, drops_second_factor=False) if role != "partner" else ""
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    if code:
        click.echo(code)
    click.echo(f"账号 {login}（{name}）已开通，登录口令 {days} 天内有效，只显示这一次：\n{token}")


@accounts_cli.command("token")
@click.argument("login")
@click.option("--days", default=DAYS, help="有效多少天", show_default=True)
@with_appcontext
def token_command(login: str, days: int) -> None:
    """给已有账号换一个新的登录口令，旧的全部作废。"""
    with write_session() as session:
        account = _account(session, login)
        login_sessions.end_all(session, account.account_id, "by_admin", clock.now(), by=None)
        scopes = PARTNER_SCOPES if account.role == "partner" else None
        token = issue_token(session, account.account_id, clock.now(), timedelta(days=days), scopes=scopes)
    click.echo(f"账号 {login} 的新口令，{days} 天内有效，只显示这一次：\n{token}")


@accounts_cli.command("set-up-code")
@click.argument("login")
@click.option("--second-factor", is_flag=True, help="验证器也丢了：用这个码以后要重新绑定动态验证码")
@with_appcontext
def set_up_code_command(login: str, second_factor: bool) -> None:
    """给一个账号开一次性设置码，本人用它在登录页设置密码；用掉之前，原来的密码和登录不变。"""
    with write_session() as session:
        account = _account(session, login)
        if account.role == "partner":
            raise click.ClickException("合作平台的账号没有密码，请用 flask accounts token。")
        code = _set_up_code(session, account, drops_second_factor=second_factor)
    click.echo(code)


@accounts_cli.command("disable")
@click.argument("login")
@with_appcontext
def disable_command(login: str) -> None:
    """停用一个账号，立刻不能再登录。"""
    with write_session() as session:
        account = _account(session, login)
        account.disabled_at = clock.now()
        end_held(session, account.account_id, clock.now(), ended_by=None)
        login_sessions.end_all(session, account.account_id, "disabled", clock.now(), by=None)
    click.echo(f"账号 {login} 已停用。")


def _set_up_code(session: Session, account: Account, *, drops_second_factor: bool) -> str:
    code, until = set_up.issue(session, account.account_id, clock.now(), created_by=None, drops_second_factor=drops_second_factor)
    events.note(session, None, "account.reset", account.account_id, drops_second_factor=drops_second_factor)
    return f"账号 {account.login} 的设置码（只显示这一次，{clock.show_minute(until)} 前有效，只能用一次）：\n{code}"


def _region(said: str) -> str:
    if not said:
        return ""
    found = region_rules.find(said)
    if found.code is None:
        raise click.ClickException(f"没有找到地区「{said}」，或者叫这个名字的不止一个，请写上省市。")
    return found.code


def _stands_for(session: Session, role: str, name: str, code: str) -> dict[str, Any]:
    now = clock.now()
    if role in EMPLOYER_ROLES:
        employer = session.scalars(select(Employer).where(Employer.name == name)).first()
        if employer is None:
            employer = Employer(name=name, region_code=code, created_at=now)
            session.add(employer)
        if contested(session, [employer]):
            raise click.ClickException("还有别的登记填了同一个信用代码，请由核验人员两家都看过再通过。")
        employer.verified_at = now
        session.flush()
        return {"employer_id": employer.employer_id}
    if role in STATION_ROLES:
        station = session.scalars(select(Station).where(Station.name == name, Station.region_code == code)).first()
        if station is None:
            number = len(session.scalars(select(Station.station_id).where(Station.region_code == code)).all()) + 1
            level = level_of_region(region_rules.get(code).level)
            station = Station(
                code=f"{code}-{number:03d}",
                name=name,
                level=level,
                region_code=code,
                created_at=now,
            )
            session.add(station)
            session.flush()
        return {"station_id": station.station_id}
    return {}


def _account(session: Session, login: str) -> Account:
    account = session.scalars(select(Account).where(Account.login == login)).one_or_none()
    if account is None:
        raise click.ClickException(f"没有账号 {login}。")
    return account
