"""Make an account."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from matching.rules import region
from service.accounts.models import Account
from service.accounts.permissions import ROLES
from service.errors import Conflict, Invalid

STANDS_FOR = {
    "worker": "worker_id",
    "employer_recruiter": "employer_id",
    "station_staff": "station_id",
    "station_head": "station_id",
    "reviewer": "region_code",
    "bureau": "region_code",
    "auditor": "region_code",
    "partner": "source_key",
}
"""What an account of a role must be bound to; an operator may look after everything, and an owner registers his employer himself
(``POST /v1/employers``)."""
_SOURCE_KEY = re.compile(r"partner-[a-z0-9-]{2,23}")
# The hyphen keeps it apart from every feed, whose key is the name of a Python package, and from what people publish here.


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
    source_key: str | None = None,
    demo: bool = False,
) -> Account:
    """A new account. Raises Invalid for an unknown role and Conflict when the login is taken.

    ``region_code`` is the territory of a bureau, reviewer, auditor or operator (12 digits; only for an operator may it be empty,
    and means everywhere); ``source_key`` the source under which a partner publishes.
    """
    if role not in ROLES:
        raise Invalid("role_unknown", "没有这种账号角色。")
    told = {
        "employer_id": employer_id, "station_id": station_id, "worker_id": worker_id,
        "region_code": region_code, "source_key": source_key,
    }  # fmt: skip
    if role in STANDS_FOR and not told[STANDS_FOR[role]]:
        raise Invalid("account_incomplete", "账号缺少所属的单位、驿站、地区、来源代码或工友档案。")
    if source_key is not None and not _SOURCE_KEY.fullmatch(source_key):
        raise Invalid("source_key_invalid", "来源代码要写成 partner- 加 2 到 23 个小写字母、数字或短横，例如 partner-gz01。")
    if region_code:
        try:
            region_code = region.get(region_code).code
        except region.UnknownRegion:
            raise Invalid("region_unknown", "没有这个地区代码，请填 6、9 或 12 位的行政区划代码。") from None
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
        source_key=source_key,
        demo=demo,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account
