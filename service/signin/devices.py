"""Known devices: a token that a device keeps after it has signed in once, by which it is let in while strangers hammer.

It is no password: without the password it opens nothing.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.accounts.tokens import token_hash
from service.signin.models import KnownDevice
from service.signin.policy import policy


def known_hash(session: Session, account_id: int | None, device_token: str, now: datetime) -> str:
    """The hash of a device that this account knows; empty for any other token, whatever it is."""
    if account_id is None or not device_token:
        return ""
    hashed = token_hash(device_token)
    row = session.get(KnownDevice, hashed)
    return hashed if row is not None and row.account_id == account_id and row.expires_at > now else ""


def remember(session: Session, account_id: int, hashed: str, now: datetime) -> tuple[str, str | None]:
    """After a sign-in: a known device is known for longer, another becomes known.

    Gives its hash and, for a new one, the token to keep. The account's longest unused device goes when there are too many.
    """
    until = now + policy().device_known
    row = session.get(KnownDevice, hashed) if hashed else None
    if row is not None and row.account_id == account_id:
        row.last_used_at, row.expires_at = now, until
        return hashed, None
    token = secrets.token_urlsafe(32)
    session.add(KnownDevice(device_hash=token_hash(token), account_id=account_id, last_used_at=now, expires_at=until))
    session.flush()
    newest = (
        select(KnownDevice.device_hash)
        .where(KnownDevice.account_id == account_id)
        .order_by(KnownDevice.last_used_at.desc(), KnownDevice.device_hash)
        .limit(policy().devices_most)
    )
    keep = set(session.scalars(newest))
    session.execute(delete(KnownDevice).where(KnownDevice.account_id == account_id, KnownDevice.device_hash.not_in(keep)))
    return token_hash(token), token


def forget_all(session: Session, account_id: int) -> None:
    """No device is known any more: the password was changed by somebody who did not have it."""
    session.execute(delete(KnownDevice).where(KnownDevice.account_id == account_id))


def forget_old(session: Session, now: datetime) -> int:
    """Drop devices that have not signed in for so long. Gives their number."""
    return len(session.execute(delete(KnownDevice).where(KnownDevice.expires_at < now).returning(KnownDevice.device_hash)).all())
