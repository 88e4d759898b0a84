"""Set-up codes: how a password comes to an account whose administrator must not know it. Shown once, good once, for a few
days."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from service.accounts.models import Account
from service.accounts.tokens import token_hash
from service.errors import Invalid, Unauthorized
from service.signin import devices, events, second_factor
from service.signin.login_sessions import Device, Tokens, end_all
from service.signin.models import SetUpCode
from service.signin.password import set_password, signed_in
from service.signin.policy import policy

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _GROUP = 7, 4
_BAD = ("set_up_code_invalid", "设置码不对、用过了或者过期了，请找管理员重新开一个。")


def issue(
    session: Session, account_id: int, now: datetime, *, created_by: int | None, drops_second_factor: bool = False
) -> tuple[str, datetime]:
    """A new code for an account, and until when it is good; the ones before are void. Nothing else changes until it is used."""
    session.execute(delete(SetUpCode).where(SetUpCode.account_id == account_id, SetUpCode.used_at.is_(None)))
    groups = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)]
    until = now + policy().set_up_life
    row = SetUpCode(
        code_hash=token_hash("".join(groups)),
        account_id=account_id,
        drops_second_factor=drops_second_factor,
        created_by=created_by,
        created_at=now,
        expires_at=until,
    )
    session.add(row)
    session.flush()
    return "-".join(groups), until


def look(session: Session, code: str, now: datetime) -> Account:
    """The account that a code is for, so that the new password can be judged and hashed before the code is used.

    Raises Unauthorized for a code that is unknown, used or run out. 135 bits need no lock-out.
    """
    row = session.get(SetUpCode, token_hash(_plain(code)))
    account = session.get(Account, row.account_id) if row is not None else None
    if row is None or account is None or row.used_at is not None or row.expires_at <= now or account.disabled_at is not None:
        raise Unauthorized(*_BAD)
    return account


def use(session: Session, code: str, password_hash: str, device: Device, now: datetime) -> Tokens:
    """Set the password, end every sign-in, forget the known devices, and sign in. Raises as :func:`look`."""
    row = session.get(SetUpCode, token_hash(_plain(code)), with_for_update=True, populate_existing=True)
    account = look(session, code, now)
    if row is None:
        raise Unauthorized(*_BAD)
    row.used_at = now
    events.note(session, account, "password.set_up", account.account_id, drops_second_factor=row.drops_second_factor)
    set_password(session, account.account_id, password_hash, now)
    devices.forget_all(session, account.account_id)
    if row.drops_second_factor:
        second_factor.drop(session, account.account_id)
    end_all(session, account.account_id, "set_up", now, by=account)
    return signed_in(session, account, method="set_up", device=device, now=now)


def forget_old(session: Session, now: datetime) -> int:
    """Drop codes that have run out. Gives their number."""
    return len(session.execute(delete(SetUpCode).where(SetUpCode.expires_at < now).returning(SetUpCode.code_hash)).all())


def _plain(code: str) -> str:
    plain = code.replace("-", "").replace(" ", "").upper()
    if len(plain) != _GROUPS * _GROUP:
        raise Invalid("set_up_code_invalid", "设置码要 28 位字母和数字，请对照检查。")
    return plain
