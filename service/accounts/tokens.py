"""Opaque access tokens: 32 random bytes for the client, their SHA-256 for us. A token can be taken back at any moment."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, column, or_, select, table, update
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.models import AccessToken, Account, ActingGrant
from service.accounts.permissions import PROXY, ROLES, STATION_ROLES
from service.db import UtcDateTime

LIFETIME = timedelta(days=30)
FORMER_ROLES = {"employer": "employer_owner", "staff": "station_staff"}
"""Names that a process of the version before may still write while both versions run."""
_LONGEST = 256
_NOW = bindparam("now", type_=UtcDateTime())
# By name: employers and stations stand above accounts, and only one column of theirs is asked here.
_EMPLOYER = table("employer", column("employer_id"), column("closed_at"))
_STATION = table("station", column("station_id"), column("closed_at"))
_SIGN_IN = table("sign_in_session", column("account_id"), column("ended_at", UtcDateTime), column("end_reason"))
_SIGNED_IN = (
    select(
        Account.account_id,
        Account.role,
        Account.display_name,
        Account.region_code,
        Account.employer_id,
        Account.station_id,
        Account.worker_id,
        Account.source_key,
        AccessToken.session_id,
        AccessToken.second_factor,
        AccessToken.scopes,
    )
    .join(AccessToken, AccessToken.account_id == Account.account_id)
    .outerjoin(_EMPLOYER, _EMPLOYER.c.employer_id == Account.employer_id)
    .outerjoin(_STATION, _STATION.c.station_id == Account.station_id)
    .where(
        AccessToken.token_hash == bindparam("hash"),
        AccessToken.revoked_at.is_(None),
        AccessToken.expires_at > _NOW,
        Account.disabled_at.is_(None),
        _EMPLOYER.c.closed_at.is_(None),
        _STATION.c.closed_at.is_(None),
    )
)
_LIVE_GRANT = and_(
    ActingGrant.grant_id == bindparam("grant"),
    ActingGrant.starts_at <= _NOW,
    ActingGrant.expires_at > _NOW,
    ActingGrant.ended_at.is_(None),
    or_(ActingGrant.holder_account_id.is_(None), ActingGrant.holder_account_id == Account.account_id),
    or_(ActingGrant.kind == "family", ActingGrant.station_id == Account.station_id),
)
_ACTING = _SIGNED_IN.outerjoin(ActingGrant, _LIVE_GRANT).add_columns(
    ActingGrant.grant_id,
    ActingGrant.kind.label("grant_kind"),
    ActingGrant.worker_id.label("grant_worker_id"),
    ActingGrant.scopes.label("grant_scopes"),
)


def token_hash(token: str) -> str:
    """What the table keeps of a token. Random bytes need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def issue_token(
    session: Session,
    account_id: int,
    now: datetime,
    lifetime: timedelta = LIFETIME,
    *,
    session_id: int | None = None,
    second_factor: bool = False,
    scopes: Sequence[str] | None = None,
) -> str:
    """A new token of an account, valid for ``lifetime``; it is shown this once and can never be read again.

    ``scopes`` limits it to permissions or their nouns; None does not.
    """
    token = secrets.token_urlsafe(32)
    row = AccessToken(
        token_hash=token_hash(token),
        account_id=account_id,
        created_at=now,
        expires_at=now + lifetime,
        session_id=session_id,
        second_factor=second_factor,
        scopes=None if scopes is None else list(scopes),
    )
    session.add(row)
    session.flush()
    return token


def caller_of(session: Session, token: str, *, now: datetime, acting_for: int | None = None) -> Caller | None:
    """Whose token this is, in ONE SELECT; None when it is unknown, run out or taken back, the account is switched off, or its
    employer or station is closed.

    With ``acting_for``, a live grant to this account, the caller is the ``proxy`` of that worker; when there is no such grant
    he is himself and ``acting_for`` stays None, which :func:`service.accounts.access.check_access` refuses.
    """
    if not token or len(token) > _LONGEST:
        return None
    values: dict[str, Any] = {"hash": token_hash(token), "now": now}
    if acting_for is None:
        row = session.execute(_SIGNED_IN, values).one_or_none()
    else:
        row = session.execute(_ACTING, values | {"grant": acting_for}).one_or_none()
    if row is None:
        return None
    role = FORMER_ROLES.get(row.role, row.role)
    if role not in ROLES:
        return None
    limits = None if row.scopes is None else frozenset(row.scopes)
    if role == "partner" and limits is None:
        limits = frozenset()
    caller = Caller(
        account_id=row.account_id,
        role=role,
        display_name=row.display_name,
        region_code=row.region_code,
        employer_id=row.employer_id,
        station_id=row.station_id,
        worker_id=row.worker_id,
        source_key=row.source_key or "",
        account_role=role,
        session_id=row.session_id,
        second_factor=row.second_factor,
        limits=limits,
    )
    if acting_for is None or row.grant_id is None or (row.grant_kind == "station" and role not in STATION_ROLES):
        return caller
    granted = frozenset(row.grant_scopes)
    return replace(
        caller,
        role=PROXY,
        region_code="",
        employer_id=None,
        worker_id=row.grant_worker_id,
        source_key="",
        acting_for=row.grant_id,
        limits=granted if limits is None else granted & limits,
    )


def revoke_token(session: Session, token: str, *, now: datetime) -> None:
    """Take one token back. Doing it twice changes nothing."""
    session.execute(
        update(AccessToken)
        .where(AccessToken.token_hash == token_hash(token), AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke_all(session: Session, account_id: int, *, now: datetime) -> None:
    """Take back every token of an account and end its sign-ins, so that none can be refreshed: a lost phone, a clerk who has
    left."""
    session.execute(
        update(AccessToken).where(AccessToken.account_id == account_id, AccessToken.revoked_at.is_(None)).values(revoked_at=now)
    )
    still = (_SIGN_IN.c.account_id == account_id, _SIGN_IN.c.ended_at.is_(None))
    session.execute(update(_SIGN_IN).where(*still).values(ended_at=now, end_reason="revoked"))
