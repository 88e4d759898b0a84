"""Sign in with a code by SMS: six digits, good once, for a few minutes and a few tries, counted for each phone and address.

Nothing in an answer says whether a phone is known: who proves a new one gets a worker's account. The code is kept as a keyed
hash that names the phone; the phone as its blind index.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.accounts.create import create_account
from service.accounts.models import Account
from service.accounts.phones import account_of_phone, bind_phone
from service.crypto.blind import blind_index, candidates, normal_phone
from service.errors import Conflict, Forbidden, Invalid, Refusal, Unauthorized
from service.signin import events, throttle
from service.signin.login_sessions import Device, Tokens
from service.signin.models import SmsCode
from service.signin.password import signed_in
from service.signin.policy import policy
from service.workers.profile import new_worker

_MOBILE = re.compile(r"1[3-9]\d{9}")
_WRONG = ("sms_code_wrong", "验证码不对或者过期了，请检查后再输，或重新获取一个。")


@dataclass(frozen=True, slots=True)
class Issued:
    """A code that is to be sent; it is nowhere else."""

    phone: str
    code: str
    expires_at: datetime


def issue(session: Session, phone: str, address: str, now: datetime) -> Issued:
    """A new code for a phone, in the place of any before. Raises Invalid for what is no mobile number, throttle.Waiting."""
    number, chosen = mobile(phone), policy().sms
    index = blind_index(number, "phone")
    _take(session, index, address, now)
    row = session.get(SmsCode, index, with_for_update=True, populate_existing=True)
    if row is not None and row.sent_at <= now < row.sent_at + chosen.again:
        raise throttle.Waiting("sms_again", (row.sent_at + chosen.again - now).total_seconds())
    code = "".join(secrets.choice("0123456789") for _ in range(chosen.digits))
    if row is None:
        row = SmsCode(phone_index=index, code_mac="", tries=0, sent_at=now, expires_at=now)
        session.add(row)
    row.code_mac, row.tries, row.used_at = _mac(number, code), 0, None
    row.sent_at, row.expires_at = now, now + chosen.life
    session.flush()
    return Issued(number, code, row.expires_at)


def not_sent(session: Session, issued: Issued, address: str, now: datetime) -> None:
    """The gateway did not take it: the code is void, and nothing is counted against the person."""
    index = blind_index(issued.phone, "phone")
    session.execute(delete(SmsCode).where(SmsCode.phone_index.in_(candidates(issued.phone, "phone"))))
    for bucket, who in _buckets(index, address):
        throttle.give_back(session, bucket, who, now)


def sign_in(session: Session, phone: str, code: str, device: Device, now: datetime) -> Tokens | Refusal:
    """Sign in to the account of a phone, or make one. A refusal is given back, since its count must be committed.

    Raises throttle.Waiting for an address that tries too much.
    """
    number = mobile(phone)
    where = throttle.address_group(device.address)
    throttle.take(session, "address", where, now)
    if not _use(session, number, code, now):
        return Unauthorized(*_WRONG)
    throttle.give_back(session, "address", where, now)
    account_id = account_of_phone(session, number) or _first_time(session, number, now)
    account = session.get_one(Account, account_id)
    if account.disabled_at is not None:
        return Forbidden("account_disabled", "这个账号已经停用，请联系就业服务站。")
    return signed_in(session, account, method="sms", device=device, now=now)


def forget_old(session: Session, now: datetime) -> int:
    """Drop codes that have run out. Gives their number."""
    return len(session.execute(delete(SmsCode).where(SmsCode.expires_at < now).returning(SmsCode.phone_index)).all())


def mobile(phone: str) -> str:
    """The number in its one spelling. Raises Invalid when it is no mobile number of the mainland."""
    number = normal_phone(phone)
    if not _MOBILE.fullmatch(number):
        told = "请填 11 位的手机号码。"
        raise Invalid("phone_invalid", f"手机号不对，{told}", errors={"phone": [told]})
    return number


def _use(session: Session, number: str, code: str, now: datetime) -> bool:
    """Use the code up when it is right; every try is counted."""
    for index in candidates(number, "phone"):
        row = session.get(SmsCode, index, with_for_update=True, populate_existing=True)
        if row is not None:
            break
    else:
        return False
    row.tries += 1
    right = any(hmac.compare_digest(row.code_mac, mac) for mac in candidates(f"{number}:{code}", "sms_code"))
    if not right or row.tries > policy().sms.tries or row.used_at is not None or row.expires_at <= now:
        session.flush()
        return False
    row.used_at = now
    session.flush()
    return True


def _first_time(session: Session, number: str, now: datetime) -> int:
    try:
        with session.begin_nested():
            worker = new_worker(session, now)
            account = create_account(
                session,
                role="worker",
                login=f"sms-{secrets.token_hex(8)}",
                display_name=worker.display_name,
                now=now,
                worker_id=worker.worker_id,
            )
            bind_phone(session, account.account_id, number, proved_by="sms", now=now)
            events.note(session, account, "account.open", account.account_id, method="sms")
            return account.account_id
    except (IntegrityError, Conflict):
        found = account_of_phone(session, number)  # the other one was faster by a moment
        if found is None:
            raise
        return found


def _take(session: Session, index: str, address: str, now: datetime) -> None:
    for bucket, who in _buckets(index, address):
        throttle.take(session, bucket, who, now)


def _buckets(index: str, address: str) -> tuple[tuple[str, str], ...]:
    return ("sms_phone", index), ("sms_address", throttle.address_group(address)), ("sms_all", "")


def _mac(number: str, code: str) -> str:
    return blind_index(f"{number}:{code}", "sms_code")
