"""The phone number of an account: where it can be reached, and how its owner signs in without a password.

One number, one account. Whoever proves a number that belongs to another account gets nothing of that account here: he is told to
sign in to it by SMS, which proves the number again, now.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.accounts.models import Account, AccountPhone
from service.crypto.blind import candidates, normal_phone
from service.errors import Conflict, Invalid

_MOBILE = re.compile(r"1[3-9]\d{9}|\+\d{7,15}")


def bind_phone(session: Session, account_id: int, phone: str, *, proved_by: str, now: datetime) -> AccountPhone:
    """From now on the account has this number, in the place of the one before. Doing it twice changes nothing.

    ``proved_by``: ``wechat``, ``sms`` or ``station``. Raises Invalid for what is no mobile number, Conflict when the number
    belongs to another account.
    """
    number = normal_phone(phone)
    if not _MOBILE.fullmatch(number):
        raise Invalid("phone_invalid", "手机号不对，请填 11 位的手机号码。", errors={"phone": ["请填 11 位的手机号码。"]})
    # Whoever binds a phone to this account at the same moment waits here.
    session.execute(select(Account.account_id).where(Account.account_id == account_id).with_for_update())
    owner = _row_of(session, number)
    if owner is not None and owner.account_id != account_id:
        raise _taken()
    row = owner or session.get(AccountPhone, account_id)
    try:
        with session.begin_nested():
            if row is None:
                row = AccountPhone(account_id=account_id)
                session.add(row)
            row.phone = number
            row.proved_by, row.bound_at = proved_by, now
            session.flush()
    except IntegrityError:  # somebody else was faster by a moment
        raise _taken() from None
    return row


def account_of_phone(session: Session, phone: str) -> int | None:
    """The account of a number; None when it has none."""
    row = _row_of(session, normal_phone(phone))
    return None if row is None else row.account_id


def phone_of(session: Session, account_id: int) -> str:
    """The number of an account, empty when it has none."""
    row = session.get(AccountPhone, account_id)
    return "" if row is None else row.phone


def _row_of(session: Session, number: str) -> AccountPhone | None:
    return session.scalars(select(AccountPhone).where(AccountPhone.phone_index.in_(candidates(number, "phone")))).first()


def _taken() -> Conflict:
    return Conflict(
        "phone_taken",
        "这个手机号已经绑定在另一个账号上。如果是您本人的，请用短信验证码登录那个账号；换过号码的，请到就业服务站办理。",
    )
