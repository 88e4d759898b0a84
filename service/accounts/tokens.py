"""Opaque access tokens: 32 random bytes for the client, their SHA-256 for us. A token can be taken back at any moment."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.accounts.models import AccessToken, Account

LIFETIME = timedelta(days=30)
_LONGEST = 256


def token_hash(token: str) -> str:
    """What the table keeps of a token. Random bytes need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def issue_token(session: Session, account_id: int, now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """A new token of an account, valid for ``lifetime``; it is shown this once and can never be read again."""
    token = secrets.token_urlsafe(32)
    session.add(AccessToken(token_hash=token_hash(token), account_id=account_id, created_at=now, expires_at=now + lifetime))
    session.flush()
    return token


def account_of(session: Session, token: str, *, now: datetime) -> Account | None:
    """Whose token this is; None when it is unknown, run out or taken back, or the account is switched off."""
    if not token or len(token) > _LONGEST:
        return None
    return session.scalars(
        select(Account)
        .join(AccessToken, AccessToken.account_id == Account.account_id)
        .where(
            AccessToken.token_hash == token_hash(token),
            AccessToken.revoked_at.is_(None),
            AccessToken.expires_at > now,
            Account.disabled_at.is_(None),
        )
    ).one_or_none()


def revoke_token(session: Session, token: str, *, now: datetime) -> None:
    """Take one token back. Doing it twice changes nothing."""
    session.execute(
        update(AccessToken)
        .where(AccessToken.token_hash == token_hash(token), AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke_all(session: Session, account_id: int, *, now: datetime) -> None:
    """Take back every token of an account: a lost phone, a clerk who has left."""
    session.execute(
        update(AccessToken).where(AccessToken.account_id == account_id, AccessToken.revoked_at.is_(None)).values(revoked_at=now)
    )
