"""The second factor of an account: set up, confirmed by a first code, asked at every sign-in; ten recovery codes for a lost
phone."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from service.accounts.models import Account
from service.accounts.tokens import token_hash
from service.errors import Conflict, Refusal, Unauthorized
from service.signin import events, throttle, totp
from service.signin.devices import remember
from service.signin.login_sessions import Tokens, end_all, live_session, second_factor_given
from service.signin.models import RecoveryCode, SecondFactor, SignInSession
from service.signin.policy import policy

_WRONG = ("second_factor_wrong", "动态验证码不对，或者已经用过，请等下一个再试；手机丢了可以用恢复码。")
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0 O 1 I L U: a recovery code is written by hand."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who gives a code: his account, the sign-in of his token (None: a token of the operator's), and the address he calls
    from."""

    account_id: int
    session_id: int | None
    address: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs, shown once."""

    secret: str
    address: str
    qr_svg: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The recovery codes, shown once; tokens when the sign-in was waiting for this."""

    recovery_codes: list[str]
    tokens: Tokens | None


def enrol(session: Session, account_id: int, now: datetime) -> Enrolment:
    """A new secret that does not count yet. Raises Conflict when a confirmed one is there."""
    account = session.get_one(Account, account_id)
    row = session.get(SecondFactor, account_id, with_for_update=True, populate_existing=True)
    if row is not None and row.confirmed_at is not None:
        raise Conflict("second_factor_exists", "已经绑定过动态验证码，要换手机请先解除。")
    if row is None:
        row = SecondFactor(account_id=account_id, last_step=0, created_at=now)
        session.add(row)
    secret, chosen = totp.new_secret(), policy().second_factor
    row.secret, row.created_at = secret, now
    session.flush()
    address = totp.address(secret, account.login, chosen.issuer, digits=chosen.digits, step_seconds=chosen.step_seconds)
    return Enrolment(secret, address, totp.qr_svg(address))


def confirm(session: Session, who: Holder, code: str, now: datetime) -> Confirmed | Refusal:
    """The first code of the app: from now on the factor counts. A refusal is given back, since its count must be committed."""
    row = session.get(SecondFactor, who.account_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise Conflict("second_factor_missing", "还没有开始绑定，请先获取二维码。")
    if row.confirmed_at is not None:
        raise Conflict("second_factor_exists", "已经绑定过动态验证码，要换手机请先解除。")
    wrong = _check(session, row, who, code, now, recovery=False)
    if wrong is not None:
        return wrong
    row.confirmed_at = now
    account = session.get_one(Account, who.account_id)
    events.note(session, account, "second_factor.confirm", who.account_id)
    codes = _new_recovery_codes(session, who.account_id)
    if who.session_id is None:  # a token that the operator has issued: there is no sign-in to go on with
        return Confirmed(codes, None)
    current = live_session(session, who.session_id, now)
    end_all(session, who.account_id, "second_factor", now, by=account, but_session=who.session_id)
    return Confirmed(codes, _complete(session, current, now))


def verify(session: Session, who: Holder, code: str, now: datetime) -> Tokens | Refusal:
    """The code of a sign-in that waits for it: six digits of the app, or a recovery code. A refusal is given back."""
    # The factor first and the sign-in second, here as in the others: two that held one each would wait for each other.
    row = session.get(SecondFactor, who.account_id, with_for_update=True, populate_existing=True)
    current = live_session(session, who.session_id, now)
    if row is None or row.confirmed_at is None:
        raise Conflict("second_factor_missing", "还没有绑定动态验证码，请先绑定。")
    if current.second_factor_at is not None:
        raise Conflict("second_factor_done", "这次登录已经验证过了。")
    wrong = _check(session, row, who, code, now, recovery=True)
    return wrong if wrong is not None else _complete(session, current, now)


def remove(session: Session, who: Holder, code: str, now: datetime) -> Refusal | None:
    """Take the factor away, with a code of it: another phone. Every sign-in ends; who must have one sets it up at the next."""
    row = session.get(SecondFactor, who.account_id, with_for_update=True, populate_existing=True)
    if row is None or row.confirmed_at is None:
        raise Conflict("second_factor_missing", "还没有绑定动态验证码。")
    wrong = _check(session, row, who, code, now, recovery=True)
    if wrong is None:
        account = session.get_one(Account, who.account_id)
        events.note(session, account, "second_factor.remove", who.account_id)
        drop(session, who.account_id)
        end_all(session, who.account_id, "second_factor", now, by=account)
    return wrong


def drop(session: Session, account_id: int) -> None:
    """No second factor and no recovery codes any more."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))


def is_confirmed(session: Session, account_id: int) -> bool:
    """Whether the account is asked for a second factor."""
    row = session.get(SecondFactor, account_id)
    return row is not None and row.confirmed_at is not None


def _check(session: Session, row: SecondFactor, who: Holder, code: str, now: datetime, *, recovery: bool) -> Refusal | None:
    """Whether the code is right, and use it up. Counted before it is compared; the row is held, so that no code is good twice."""
    held = session.get(SignInSession, who.session_id) if who.session_id is not None else None
    source = throttle.Source(who.address, (held.device_hash or "") if held is not None else "")
    waits = throttle.begin(session, "second_factor", str(row.account_id), source, now)
    chosen, given = policy().second_factor, re.sub(r"[\s-]", "", code).upper()
    if re.fullmatch(r"[0-9]+", given):
        step = totp.matching_step(
            row.secret, given, now, after=row.last_step, digits=chosen.digits, step_seconds=chosen.step_seconds,
            drift=chosen.drift_steps
        )  # fmt: skip
        right = step is not None
        row.last_step = step if step is not None else row.last_step
    else:
        right = False
    if not right and recovery:
        right = _use_recovery_code(session, row.account_id, given, now)
    if not right:
        account = session.get_one(Account, row.account_id)
        events.note(session, account, "sign_in.refuse", row.account_id, method="second_factor", waits=waits)
        return Unauthorized(*_WRONG)
    throttle.succeeded(session, "second_factor", str(row.account_id), source, now)
    return None


def _complete(session: Session, current: SignInSession, now: datetime) -> Tokens:
    account = session.get_one(Account, current.account_id)
    current.device_hash, token = remember(session, account.account_id, current.device_hash or "", now)
    made = second_factor_given(session, current, account, now)
    return replace(made, device_token=token)


def _new_recovery_codes(session: Session, account_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(16)) for _ in range(policy().second_factor.recovery_codes)]
    session.add_all(RecoveryCode(code_hash=token_hash(code), account_id=account_id) for code in codes)
    session.flush()
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def _use_recovery_code(session: Session, account_id: int, given: str, now: datetime) -> bool:
    used = session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.code_hash == token_hash(given), RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
        .values(used_at=now)
        .returning(RecoveryCode.code_hash)
    ).first()
    return used is not None
