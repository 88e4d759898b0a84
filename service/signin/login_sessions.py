"""Sign-ins that last: a short access token and a refresh token that changes at every use, both kept as hashes only.

**Rotation.** A refresh token is good once. Its successor and the access token that comes with it are made of the used token
and of a random salt (HMAC-SHA-256), so that the table alone gives nothing, and a phone that lost our answer gets the very same
pair when it asks again within the grace. **Reuse**: a used token that comes later, or after its successor was used, ends the
whole sign-in: one of the two who hold it has stolen it, and we cannot tell which.

A sign-in whose second factor is still to come holds a token that is good for nothing but giving it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.accounts.models import AccessToken, Account
from service.accounts.tokens import token_hash
from service.errors import Forbidden, Refusal, Unauthorized
from service.signin import events
from service.signin.models import RefreshToken, SecondFactor, SignInSession
from service.signin.policy import SessionPolicy, policy

PENDING_SCOPES = ("second_factor.enrol", "second_factor.verify", "session.leave", "me.read")
"""What a token is good for before the second factor: to give it or set it up, to look who one is, to leave; not to look at or
end other sign-ins, which whoever has only stolen the password could do."""


@dataclass(frozen=True, slots=True)
class Device:
    """What is remembered of where somebody signs in."""

    name: str
    address: str
    known_hash: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the client gets. ``second_factor``: ``done``, ``not_needed``, ``required`` (give a code) or ``enrol`` (set it up
    first)."""

    session_id: int
    access_token: str
    access_expires_at: datetime
    refresh_token: str | None
    refresh_expires_at: datetime | None
    second_factor: str
    device_token: str | None = None


def open_session(
    session: Session, account: Account, *, method: str, device: Device, now: datetime, strong: bool = False
) -> Tokens:
    """Begin a sign-in of an account whose first factor was right. ``strong``: the method itself had two factors.

    Raises Forbidden for a role that does not sign in, Unauthorized for an account that was switched off meanwhile.
    """
    # Held against whoever switches it off at this moment: a sign-in that he does not see would be there when it is on again.
    session.refresh(account, with_for_update={"read": True})
    if account.disabled_at is not None:
        raise Unauthorized("sign_in_again", "请重新登录。")
    chosen = _policy(account.role)
    factor = session.get(SecondFactor, account.account_id)
    confirmed = factor is not None and factor.confirmed_at is not None
    pending = not strong and (confirmed or chosen.second_factor_required)
    row = SignInSession(
        account_id=account.account_id,
        method=method,
        device_name=device.name,
        device_hash=device.known_hash or None,
        address=rounded_address(device.address),
        second_factor_at=now if strong else None,
        created_at=now,
        last_seen_at=now,
        expires_at=now + (policy().second_factor.pending if pending else chosen.absolute),
    )
    session.add(row)
    session.flush()
    events.note(session, account, "session.open", account.account_id, session_id=row.session_id, method=method, pending=pending)
    if not pending:
        return _issue(session, row, chosen, now)
    token = secrets.token_urlsafe(32)
    _keep_access(session, row, token, row.expires_at, now, scopes=list(PENDING_SCOPES))
    return Tokens(row.session_id, token, row.expires_at, None, None, "required" if confirmed else "enrol")


def second_factor_given(session: Session, row: SignInSession, account: Account, now: datetime) -> Tokens:
    """The second factor was right: the pending token is taken back and the sign-in lasts."""
    chosen = _policy(account.role)
    _revoke_access(session, [row.session_id], now)
    row.second_factor_at = row.last_seen_at = now
    events.note(session, account, "session.second_factor", account.account_id, session_id=row.session_id)
    row.expires_at = now + chosen.absolute
    return _issue(session, row, chosen, now)


def live_session(session: Session, session_id: int | None, now: datetime) -> SignInSession:
    """A sign-in that has not ended, held until the transaction ends. Raises Unauthorized when it has, or the token belongs to
    none."""
    row = session.get(SignInSession, session_id, with_for_update=True, populate_existing=True) if session_id else None
    if row is None or row.ended_at is not None or row.expires_at <= now:
        raise Unauthorized("sign_in_again", "请重新登录。")
    return row


def refresh(session: Session, token: str, address: str, now: datetime) -> Tokens | Refusal:
    """A new pair for a refresh token. A refusal is given back, not raised: what it has changed must be committed."""
    again = Unauthorized("sign_in_again", "登录已经过期，请重新登录。")
    hashed = token_hash(token)
    session_id = session.scalar(select(RefreshToken.session_id).where(RefreshToken.token_hash == hashed))
    if session_id is None:
        return again
    # Whoever refreshes the same sign-in at the same moment waits here and then sees what the first has done.
    row = session.get(SignInSession, session_id, with_for_update=True, populate_existing=True)
    used = session.get(RefreshToken, hashed, populate_existing=True)
    account = session.get(Account, row.account_id) if row is not None else None
    if row is None or used is None or account is None or row.ended_at is not None or account.disabled_at is not None:
        return again
    chosen = _policy(account.role)
    if used.used_at is not None:
        same = _once_more(session, row, used, token, chosen, now)
        if same is not None:
            return same
        end(session, row, "reuse", now, by=account)
        return Unauthorized("sign_in_ended_for_safety", "这次登录在别处被用过，为安全起见已经退出，请重新登录。")
    if used.expires_at <= now or row.expires_at <= now:
        end(session, row, "idle" if row.expires_at > now else "expired", now, by=account)
        return again
    if row.second_factor_at is None and _must_have_second_factor(session, account, chosen):
        end(session, row, "second_factor", now, by=account)
        return again
    used.used_at, used.salt = now, secrets.token_hex(32)
    row.last_seen_at, row.address = now, rounded_address(address)
    return _issue(session, row, chosen, now, made_of=(token, used.salt))


def end(session: Session, row: SignInSession, reason: str, now: datetime, *, by: Account | Caller | None) -> None:
    """End a sign-in: its next request is answered 401. Doing it twice changes nothing. ``by`` is who ends it."""
    if row.ended_at is None:
        row.ended_at, row.end_reason = now, reason
        events.note(session, by, "session.end", row.account_id, session_id=row.session_id, reason=reason)
        events.count_ended(reason)
    _revoke_access(session, [row.session_id], now)


def end_all(
    session: Session,
    account_id: int,
    reason: str,
    now: datetime,
    *,
    by: Account | Caller | None,
    but_session: int | None = None,
    but_token: str = "",
) -> int:
    """End every sign-in of an account but the present one, tokens without a sign-in included. Gives the number of sign-ins."""
    ended = session.execute(
        update(SignInSession)
        .where(
            SignInSession.account_id == account_id,
            SignInSession.ended_at.is_(None),
            SignInSession.session_id != (but_session or 0),
        )
        .values(ended_at=now, end_reason=reason)
        .returning(SignInSession.session_id)
        .execution_options(synchronize_session="fetch")
    ).all()
    session.execute(
        update(AccessToken)
        .where(
            AccessToken.account_id == account_id,
            AccessToken.revoked_at.is_(None),
            or_(AccessToken.session_id.is_(None), AccessToken.session_id != (but_session or 0)),
            AccessToken.token_hash != (token_hash(but_token) if but_token else ""),
        )
        .values(revoked_at=now)
    )
    events.note(session, by, "session.end_all", account_id, ended=len(ended), reason=reason)
    events.count_ended(reason, len(ended))
    return len(ended)


def sessions_of(session: Session, account_id: int, now: datetime) -> list[SignInSession]:
    """The sign-ins of an account that are still good, the one used last first."""
    account = session.get_one(Account, account_id)
    chosen = policy().session(account.role)
    if chosen is None:
        return []
    rows = session.scalars(
        select(SignInSession)
        .where(
            SignInSession.account_id == account_id,
            SignInSession.ended_at.is_(None),
            SignInSession.expires_at > now,
            SignInSession.last_seen_at > now - chosen.idle,
        )
        .order_by(SignInSession.last_seen_at.desc(), SignInSession.session_id.desc())
    )
    return list(rows)


def forget_old(session: Session, now: datetime) -> int:
    """Drop what has ended long ago, and access tokens that have run out. Gives the number of rows."""
    gone = 0
    old = now - policy().sessions_kept
    gone += len(
        session.execute(delete(SignInSession).where(SignInSession.expires_at < old).returning(SignInSession.session_id)).all()
    )
    gone += len(
        session.execute(delete(SignInSession).where(SignInSession.ended_at < old).returning(SignInSession.session_id)).all()
    )
    # A used token is kept as long as it would have been good: so long its second use is recognised as such.
    spent = (RefreshToken.used_at.is_not(None), RefreshToken.expires_at < now)
    gone += len(session.execute(delete(RefreshToken).where(*spent).returning(RefreshToken.token_hash)).all())
    gone += len(session.execute(delete(AccessToken).where(AccessToken.expires_at < old).returning(AccessToken.token_hash)).all())
    return gone


def rounded_address(address: str) -> str:
    """The neighbourhood of an address, enough for "was that me": a /24 of IPv4, a /48 of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


def _policy(role: str) -> SessionPolicy:
    chosen = policy().session(role)
    if chosen is None:
        raise Forbidden("sign_in_not_for_role", "这种账号不用登录，请用平台发的接口口令。")
    return chosen


def _must_have_second_factor(session: Session, account: Account, chosen: SessionPolicy) -> bool:
    factor = session.get(SecondFactor, account.account_id)
    return chosen.second_factor_required or (factor is not None and factor.confirmed_at is not None)


def _issue(
    session: Session, row: SignInSession, chosen: SessionPolicy, now: datetime, *, made_of: tuple[str, str] | None = None
) -> Tokens:
    access, fresh = (secrets.token_urlsafe(32), secrets.token_urlsafe(32)) if made_of is None else _successors(*made_of)
    access_until = min(now + chosen.access, row.expires_at)
    fresh_until = min(now + chosen.idle, row.expires_at)
    _keep_access(session, row, access, access_until, now)
    session.add(RefreshToken(token_hash=token_hash(fresh), session_id=row.session_id, created_at=now, expires_at=fresh_until))
    session.flush()
    return Tokens(row.session_id, access, access_until, fresh, fresh_until, _said(row))


def _once_more(
    session: Session, row: SignInSession, used: RefreshToken, token: str, chosen: SessionPolicy, now: datetime
) -> Tokens | None:
    """The same pair again, when the answer to the first request may have been lost on its way; None when it is reuse."""
    if used.used_at is None or not used.salt or now - used.used_at > chosen.grace:
        return None
    access, fresh = _successors(token, used.salt)
    next_one, held = session.get(RefreshToken, token_hash(fresh)), session.get(AccessToken, token_hash(access))
    if next_one is None or held is None or next_one.used_at is not None or held.revoked_at is not None:
        return None
    return Tokens(row.session_id, access, held.expires_at, fresh, next_one.expires_at, _said(row))


def _successors(token: str, salt: str) -> tuple[str, str]:
    def made(purpose: str) -> str:
        mac = hmac.new(token.encode(), f"{purpose}:{salt}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")

    return made("access"), made("refresh")


def _said(row: SignInSession) -> str:
    return "not_needed" if row.second_factor_at is None else "done"


def _keep_access(
    session: Session, row: SignInSession, token: str, until: datetime, now: datetime, *, scopes: list[str] | None = None
) -> None:
    session.add(
        AccessToken(
            token_hash=token_hash(token),
            account_id=row.account_id,
            created_at=now,
            expires_at=until,
            session_id=row.session_id,
            second_factor=row.second_factor_at is not None,
            scopes=scopes,
        )
    )
    session.flush()


def _revoke_access(session: Session, session_ids: list[int], now: datetime) -> None:
    session.execute(
        update(AccessToken)
        .where(AccessToken.session_id.in_(session_ids), AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session="fetch")
    )
