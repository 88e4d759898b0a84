"""Make an account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import ROLES, Account
from service.errors import Conflict, Invalid


def create_account(
    session: Session,
    *,
    role: str,
    login: str,
    display_name: str,
    now: datetime,
    region_code: str = "",
    employer_id: int | None = None,
    station_id: int | None = None,
    worker_id: int | None = None,
    demo: bool = False,
) -> Account:
    """A new account. Raises Invalid for an unknown role and Conflict when the login is taken.

    ``region_code`` is the territory of a bureau or operator (12 digits; for an operator empty means everywhere).
    """
    if role not in ROLES:
        raise Invalid("role_unknown", "没有这种账号角色。")
    needed = {"employer": employer_id, "staff": station_id, "worker": worker_id}
    if role in needed and needed[role] is None:
        raise Invalid("account_incomplete", "账号缺少所属的单位、驿站或工友档案。")
    if session.scalar(select(Account.account_id).where(Account.login == login)) is not None:
        raise Conflict("login_taken", "这个登录名已经有人用了，请换一个。")
    account = Account(
        role=role,
        login=login,
        display_name=display_name,
        region_code=region_code,
        employer_id=employer_id,
        station_id=station_id,
        worker_id=worker_id,
        demo=demo,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account
