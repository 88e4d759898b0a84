"""Sign in with name and password, and change the password.

Between the two short transactions of a sign-in the hash is computed without holding any: :func:`begin` counts the attempt and
reads the hash, :meth:`Attempt.check` compares, :func:`finish` opens the session. An unknown login takes the same way and the
same time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import Account
from service.errors import Forbidden, Invalid, Refusal, Unauthorized
from service.signin import devices, events, throttle
from service.signin.login_sessions import Device, Tokens, end_all, open_session
from service.signin.models import PasswordLogin
from service.signin.passwords import Place
from service.signin.weak_passwords import require_good

KIND = "password"
WRONG = ("sign_in_wrong", "登录名或密码不对，或者账号已经停用。忘了密码请找单位或驿站的管理员重设。")


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that has been counted. ``account_id`` is None for a login that nobody has, or an account that is switched
    off."""

    login: str
    account_id: int | None
    kept_hash: str | None
    source: throttle.Source
    waits: bool

    def check(self, password: str, place: Place) -> Checked:
        """Compare; takes a tenth of a second and 64 MiB, outside any transaction."""
        right = place.matches(self.kept_hash, password)
        outdated = right and self.kept_hash is not None and place.is_outdated(self.kept_hash)
        return Checked(self, right, place.hash(password) if outdated else None)


@dataclass(frozen=True, slots=True)
class Checked:
    """An attempt that has been compared. ``newer_hash`` is the same password at today's cost, when it was kept at another."""

    attempt: Attempt
    right: bool
    newer_hash: str | None


def is_known(session: Session, login: str, device_token: str, now: datetime) -> bool:
    """Whether a device has signed in to this login before: then it has a place of its own for hashing."""
    account_id = session.scalar(select(Account.account_id).where(Account.login == login))
    return bool(devices.known_hash(session, account_id, device_token, now))


def begin(session: Session, login: str, address: str, device_token: str, now: datetime) -> Attempt:
    """Count an attempt. Raises throttle.Waiting, the same for logins that exist and others."""
    account = session.scalars(select(Account).where(Account.login == login)).one_or_none()
    kept = session.get(PasswordLogin, account.account_id) if account is not None and account.disabled_at is None else None
    account_id = account.account_id if account is not None and kept is not None else None
    source = throttle.Source(address, devices.known_hash(session, account_id, device_token, now))
    waits = throttle.begin(session, KIND, login, source, now)
    return Attempt(login, account_id, kept.password_hash if kept is not None else None, source, waits)


def finish(session: Session, checked: Checked, device_name: str, now: datetime) -> Tokens | Refusal:
    """Open the session of a right password. A refusal is given back, since its note in the audit trail must be committed."""
    attempt = checked.attempt
    account = session.get(Account, attempt.account_id) if attempt.account_id is not None else None
    kept = (
        session.get(PasswordLogin, account.account_id, with_for_update=True, populate_existing=True)
        if account is not None and account.disabled_at is None
        else None
    )
    # Meanwhile the password may have been changed or the account switched off.
    if not checked.right or account is None or kept is None or kept.password_hash != attempt.kept_hash:
        if account is not None:  # an unknown login is only counted: it may be a password in the wrong field
            events.note(session, account, "sign_in.refuse", account.account_id, method="password", waits=attempt.waits)
        return Unauthorized(*WRONG)
    if checked.newer_hash is not None:
        kept.password_hash = checked.newer_hash
    throttle.succeeded(session, KIND, attempt.login, attempt.source, now)
    device = Device(device_name, attempt.source.address, attempt.source.device_hash)
    return signed_in(session, account, method="password", device=device, now=now)


def signed_in(session: Session, account: Account, *, method: str, device: Device, now: datetime, strong: bool = False) -> Tokens:
    """Open a session; when nothing more is asked, the device is known from now on."""
    tokens = open_session(session, account, method=method, device=device, now=now, strong=strong)
    if tokens.refresh_token is None:
        return tokens
    _, device_token = devices.remember(session, account.account_id, device.known_hash, now)
    return replace(tokens, device_token=device_token)


def begin_change(session: Session, account_id: int, address: str, now: datetime) -> Attempt:
    """Count an attempt to change one's password: a stolen token must not be a way to guess it. Raises throttle.Waiting."""
    account = session.get_one(Account, account_id)
    kept = session.get(PasswordLogin, account_id)
    if kept is None:
        raise Forbidden("password_missing", "这个账号还没有密码，请用管理员给的设置码设置。")
    # Its own kind, by account: whoever is signed in cannot use it to make the sign-in itself wait.
    source = throttle.Source(address, f"account:{account_id}")
    waits = throttle.begin(session, "change", account.login, source, now)
    return Attempt(account.login, account_id, kept.password_hash, source, waits)


def finish_change(
    session: Session, checked: Checked, new_hash: str, now: datetime, *, session_id: int | None, token: str
) -> Refusal | None:
    """Keep the new password and end every other sign-in. A refusal is given back, since nothing else is to be undone."""
    attempt = checked.attempt
    if attempt.account_id is None:
        raise Forbidden("password_missing", "这个账号还没有密码，请用管理员给的设置码设置。")
    account = session.get_one(Account, attempt.account_id)
    if not checked.right:
        events.note(session, account, "password.refuse", attempt.account_id, waits=attempt.waits)
        return Forbidden("password_wrong", "原来的密码不对，请再输一次。")
    throttle.succeeded(session, "change", attempt.login, attempt.source, now)
    set_password(session, attempt.account_id, new_hash, now)
    events.note(session, account, "password.change", attempt.account_id)
    end_all(session, attempt.account_id, "password", now, by=account, but_session=session_id, but_token=token)
    return None


def set_password(session: Session, account_id: int, password_hash: str, now: datetime) -> None:
    """Keep a password's hash in the place of any before."""
    row = session.get(PasswordLogin, account_id, with_for_update=True, populate_existing=True)
    if row is None:
        session.add(PasswordLogin(account_id=account_id, password_hash=password_hash, changed_at=now))
    else:
        row.password_hash, row.changed_at = password_hash, now
    session.flush()


def require_new(password: str, old: str, *, login: str, name: str) -> None:
    """Raises Invalid when a new password is weak, or no other than the old one."""
    require_good(password, login=login, name=name)
    if password == old:
        told = "新密码和原来的一样，请换一个。"
        raise Invalid("password_same", told, errors={"new_password": [told]})
