"""Register an employer, change what it says of itself, and hand it on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service import clock
from service.accounts.caller import Caller
from service.accounts.models import Account
from service.accounts.permissions import EMPLOYER_ROLES
from service.accounts.permit import Owned, require
from service.accounts.tokens import revoke_all
from service.audit import trail
from service.employers import credit_code, id_number
from service.employers.claims import gives, registered, take_code
from service.employers.models import Employer, Verification
from service.employers.tables import class_row
from service.employers.watch import standing_changed
from service.errors import Conflict, Invalid, NotFound

IDENTITY = (
    "name", "said_code", "publisher_class", "region_code", "handler_name", "handler_id", "agency_licence_no",
    "agency_licence_until",
)  # fmt: skip
"""What the papers are held against: when one of these changes, they must be looked at again."""
_PLAIN = ("industry_code", "size", "about", "address")


def owned(employer: Employer) -> Owned:
    """Whose an employer's file is."""
    return Owned(employer_id=employer.employer_id, region_code=employer.region_code)


def locked(session: Session, employer_id: int) -> Employer:
    """The row, held until the transaction ends. Raises NotFound. Whoever holds several rows of one employer takes this first.

    ``key_share``: rows that point here may be written meanwhile. (A remembered answer points at its account, so two requests of
    one account would otherwise wait for each other for ever.)
    """
    employer = session.scalars(
        select(Employer).where(Employer.employer_id == employer_id).with_for_update(key_share=True)
    ).one_or_none()
    if employer is None:
        raise NotFound("employer_not_found", "没有这个单位，请检查编号。")
    return employer


def locked_with_rivals(session: Session, employer_id: int) -> Employer:
    """The row and those of all who give the same credit code, held in the order of their ids: two who approve one of them each do
    not wait for each other for ever. Raises NotFound."""
    seen = session.get(Employer, employer_id)
    if seen is not None and seen.said_code:
        same = or_(Employer.employer_id == employer_id, gives([seen.said_code]))
        held = select(Employer).where(same).order_by(Employer.employer_id).with_for_update(key_share=True)
        session.scalars(held.execution_options(populate_existing=True)).all()
    return locked(session, employer_id)


def create_employer(session: Session, said: dict[str, Any], caller: Caller, now: datetime) -> Employer:
    """Register an employer. An owner without one becomes its owner; staff register for somebody who came to the desk.

    Raises Conflict when the caller has an employer already or the credit code is a verified one's, Invalid for wrong numbers.
    """
    account = None
    if caller.role == "employer_owner":
        account = session.scalars(
            select(Account).where(Account.account_id == caller.account_id).with_for_update(key_share=True)
        ).one()
        if account.employer_id is not None:
            raise Conflict("has_employer", "您的账号已经登记过单位了，可以直接修改单位信息。")
    else:
        require(
            caller, "employer.create", Owned(region_code=said["region_code"], public=True),
            refused=("outside_territory", "这个单位不在您负责的地区，不能登记。"),
        )  # fmt: skip
    employer = _new_employer(session, said, caller, now)
    if account is not None:
        account.employer_id = employer.employer_id
    trail.record(
        session, caller, "employer.create", "employer", employer.employer_id,
        region_code=employer.region_code, details={"class": employer.publisher_class},
    )  # fmt: skip
    session.flush()
    return employer


def _new_employer(session: Session, said: dict[str, Any], caller: Caller, now: datetime) -> Employer:
    for again in (True, False):
        employer = Employer(publisher_class=said["publisher_class"], name="", created_at=now)
        _say(session, employer, said, now)
        _wrote(employer, caller)
        try:
            with session.begin_nested():
                session.add(employer)
                session.flush()
        except IntegrityError:  # somebody was faster with this code: look once more who holds it
            if again:
                continue
            raise registered() from None
        return employer
    raise AssertionError


def edit_employer(session: Session, employer: Employer, said: dict[str, Any], caller: Caller, now: datetime) -> None:
    """Change a locked employer. When something changes that its papers prove, they count no longer: jobs wait until they were
    looked at again. Raises Invalid or Conflict."""
    if "region_code" in said:
        after = Owned(employer_id=employer.employer_id, region_code=said["region_code"], public=True)
        require(caller, "employer.edit", after, refused=("outside_territory", "不能把单位改到您负责的地区之外。"))
    before = {name: getattr(employer, name) for name in (*IDENTITY, *_PLAIN)}
    _change(session, employer, said, now)
    changed = [name for name, value in before.items() if getattr(employer, name) != value]
    if not changed:
        return
    employer.version += 1
    proven = [name for name in changed if name in IDENTITY]
    told = ["credit_code" if name == "said_code" else name for name in changed]
    if proven:
        employer.verified_at = None
        _wrote(employer, caller)
        waiting = session.scalars(
            select(Verification).where(Verification.open_key == employer.employer_id).with_for_update(key_share=True)
        ).one_or_none()
        if waiting is not None:
            waiting.version += 1  # who looked at the old words must not decide about the new ones
            waiting.region_code = employer.region_code
    session.flush()
    trail.record(
        session, caller, "employer.edit", "employer", employer.employer_id,
        region_code=employer.region_code, details={"fields": told},
    )  # fmt: skip
    if proven:
        standing_changed(session, employer.employer_id, now)


def _change(session: Session, employer: Employer, said: dict[str, Any], now: datetime) -> None:
    for again in (True, False):
        try:
            with session.begin_nested():
                _say(session, employer, said, now)
                session.flush()
        except IntegrityError:  # as with a new one
            if again:
                continue
            raise registered() from None
        return


def _wrote(employer: Employer, caller: Caller) -> None:
    """Remember who wrote what the papers are held against: he is not the one who finds it in order."""
    if caller.account_id not in (employer.words_by or []):
        employer.words_by = [*(employer.words_by or []), caller.account_id]


def transfer_owner(session: Session, employer: Employer, account_id: int, caller: Caller) -> None:
    """Hand a locked employer to another of its accounts; the caller stays as a recruiter. Raises Invalid or Conflict."""
    accounts = {row.account_id: row for row in accounts_of(session, employer.employer_id, lock=True)}
    heir, owner = accounts.get(account_id), accounts.get(caller.account_id)
    if heir is None or heir.disabled_at is not None:
        advice = "本单位没有这个账号，请先邀请对方加入单位。"
        raise Invalid("account_not_ours", advice, errors={"account_id": [advice]})
    if owner is None or owner.disabled_at is not None or owner.role != "employer_owner":
        raise Conflict("not_owner", "您已经不是单位管理员了，请刷新后再看。")
    if heir.role == "employer_owner":
        raise Conflict("owner_already", "对方已经是单位管理员了。")
    heir.role, owner.role = "employer_owner", "employer_recruiter"
    trail.record(
        session, caller, "employer.transfer", "employer", employer.employer_id,
        region_code=employer.region_code, details={"to": account_id},
    )  # fmt: skip
    session.flush()


def remove_account(session: Session, employer: Employer, account_id: int, caller: Caller, now: datetime) -> None:
    """Whoever has left loses access at once: the account is switched off and every sign-in of it ends.

    Raises NotFound, or Conflict for oneself.
    """
    if account_id == caller.account_id:
        raise Conflict("own_account", "不能移除自己，请先把管理员移交给别人。")
    accounts = {row.account_id: row for row in accounts_of(session, employer.employer_id, lock=True)}
    found, owner = accounts.get(account_id), accounts.get(caller.account_id)
    if owner is None or owner.disabled_at is not None or owner.role != "employer_owner":
        # Of two owners who remove each other at once, one stays.
        raise Conflict("not_owner", "您已经不是单位管理员了，请刷新后再看。")
    if found is None:
        raise NotFound("account_not_found", "本单位没有这个账号，请刷新后再看。")
    if found.disabled_at is None:
        found.disabled_at = now
    revoke_all(session, account_id, now=now)
    trail.record(
        session, caller, "employer.staff", "account", account_id,
        region_code=employer.region_code, details={"employer_id": employer.employer_id},
    )  # fmt: skip
    session.flush()


def accounts_of(session: Session, employer_id: int, *, lock: bool = False) -> list[Account]:
    """The accounts of an employer, in order of their ids."""
    wanted = select(Account).where(Account.employer_id == employer_id, Account.role.in_(EMPLOYER_ROLES))
    wanted = wanted.order_by(Account.account_id)
    return list(session.scalars(wanted.with_for_update(key_share=True) if lock else wanted))


def _say(session: Session, employer: Employer, said: dict[str, Any], now: datetime) -> None:
    today = now.astimezone(clock.BEIJING).date()
    errors: dict[str, list[str]] = {}
    for name in (*_PLAIN, "name", "publisher_class", "region_code", "agency_licence_no", "agency_licence_until", "handler_name"):
        if name in said:
            setattr(employer, name, said[name])
    if "credit_code" in said:
        code = credit_code.tidy(said["credit_code"] or "")
        if code and (wrong := credit_code.what_is_wrong(code)):
            errors["credit_code"] = [wrong]
        else:
            take_code(session, employer, code or None)
    if "handler_id" in said:
        number = id_number.tidy(said["handler_id"] or "")
        if number and (wrong := id_number.what_is_wrong(number, today)):
            errors["handler_id"] = [wrong]
        elif number and (id_number.age_on(number, today) or 0) < id_number.ADULT:
            errors["handler_id"] = ["经办人要满 18 周岁。"]
        employer.handler_id = number
    row = class_row(employer.publisher_class, now)
    if row.needs_code and not employer.said_code and "credit_code" not in errors:
        errors["credit_code"] = ["请填写统一社会信用代码；个人或家庭请把类型选成“个人或家庭”。"]
    if not row.needs_code and employer.said_code:
        errors["credit_code"] = ["个人或家庭没有统一社会信用代码，请留空，或把类型改成单位。"]
    if errors:
        raise Invalid("employer_invalid", "单位信息有几处不对，请按提示修改。", errors=errors)
