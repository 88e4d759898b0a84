"""Who somebody is who comes from WeChat: an account to an openid, found or made."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.crypto.blind import candidates
from service.wechat.client import Identity
from service.wechat.models import WechatIdentity

ACTIVE = timedelta(hours=2)
"""How long after a sign-in WeChat checks a person's texts (文本内容安全识别, openid)."""
SEEN_STEP = timedelta(minutes=5)


def identity_of_openid(session: Session, openid: str) -> WechatIdentity | None:
    """The identity of an openid; None when nobody has it."""
    return session.scalars(
        select(WechatIdentity).where(WechatIdentity.openid_index.in_(candidates(openid, "wechat_openid")))
    ).first()


def bind_identity(session: Session, account_id: int, who: Identity, now: datetime) -> WechatIdentity:
    """The account is this person's from now on. Raises IntegrityError when somebody has bound the openid at the same moment."""
    row = WechatIdentity(account_id=account_id, created_at=now, active_at=now)
    row.openid = who.openid
    row.unionid = who.unionid
    session.add(row)
    session.flush()
    return row


def seen(session: Session, row: WechatIdentity, now: datetime) -> None:
    """WeChat says that the person is here; noted every few minutes only."""
    if now - row.active_at >= SEEN_STEP:
        row.active_at = now
        session.flush()


def recent_openid(session: Session, account_id: int, now: datetime) -> str | None:
    """The openid of an account whose person was here in the last two hours, else None."""
    row = session.get(WechatIdentity, account_id)
    return row.openid if row is not None and now - row.active_at < ACTIVE else None


def new_login() -> str:
    """The login name of an account that nobody ever types."""
    return f"wx-{secrets.token_hex(8)}"
