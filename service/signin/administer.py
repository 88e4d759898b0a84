"""Accounts made and switched off by those who answer for them: nobody makes or touches a role above or beside what he looks
after.

Roles stand in :data:`LOOKS_AFTER`, whose accounts in the table of permissions (``account.*``). An account belongs where the
employer, the station or the worker it stands for belongs, else to its own territory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, case, false, or_, select, true
from sqlalchemy.orm import Session

from matching.rules import region
from service.accounts.caller import Caller
from service.accounts.create import STANDS_FOR, create_account
from service.accounts.held_grants import end_held
from service.accounts.models import Account
from service.accounts.permissions import EMPLOYER_ROLES, STATION_ROLES, Scope, permission
from service.accounts.permit import Owned, require
from service.employers.models import Employer
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.signin import devices, events, login_sessions, set_up
from service.signin.models import OidcLink, PasswordLogin, SecondFactor
from service.stations.models import Station
from service.workers.models import Worker

_OF_BUREAU = (*EMPLOYER_ROLES, *STATION_ROLES, "reviewer", "bureau")
LOOKS_AFTER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "employer_owner": ("employer_recruiter",),
        "station_head": ("station_staff",),
        "bureau": _OF_BUREAU,
        "operator": (*_OF_BUREAU, "auditor", "operator"),
    }
)
"""Which roles a role may make and switch off. A bureau makes no auditor: who is looked at does not choose who looks."""
_ENDS_FOR_WORKERS = ("bureau", "operator")
_MISSING = ("account_not_found", "没有这个账号，请检查编号。")
PAGE = 50


@dataclass(frozen=True, slots=True)
class SetUp:
    """A one-time code for an account, shown once."""

    account: Account
    code: str
    expires_at: datetime


def invite(session: Session, caller: Caller, wanted: Mapping[str, Any], now: datetime) -> SetUp:
    """Make an account and a code with which its holder sets the password.

    ``wanted``: ``role, login, display_name`` and, where the caller does not leave only one, ``employer_id, station_id`` or
    ``region_code``. Raises Forbidden for a role the caller does not look after, NotFound for an employer or station outside,
    Conflict for a login that is taken.
    """
    role: str = wanted["role"]
    _require_role(caller, role)
    stands_for = _stands_for(session, caller, role, wanted)
    account = create_account(
        session, role=role, login=wanted["login"], display_name=wanted["display_name"], now=now, **stands_for
    )
    events.note(session, caller, "account.invite", account.account_id, role=role)
    code, until = set_up.issue(session, account.account_id, now, created_by=caller.account_id)
    return SetUp(account, code, until)


def new_code(session: Session, caller: Caller, account_id: int, now: datetime, *, drops_second_factor: bool) -> SetUp:
    """A code for somebody who has forgotten the password, or lost the phone with the authenticator, too."""
    account = _looked_after(session, caller, "account.reset", account_id)
    events.note(session, caller, "account.reset", account_id, drops_second_factor=drops_second_factor)
    code, until = set_up.issue(session, account_id, now, created_by=caller.account_id, drops_second_factor=drops_second_factor)
    return SetUp(account, code, until)


def disable(session: Session, caller: Caller, account_id: int, now: datetime) -> Account:
    """Switch an account off: every sign-in and token ends at once, also after it is switched on again."""
    account = _looked_after(session, caller, "account.switch", account_id)
    if account.disabled_at is None:
        account.disabled_at = now
        events.note(session, caller, "account.disable", account_id)
    login_sessions.end_all(session, account_id, "disabled", now, by=caller)
    end_held(session, account_id, now, ended_by=caller.account_id)
    devices.forget_all(session, account_id)
    return account


def enable(session: Session, caller: Caller, account_id: int) -> Account:
    """Switch an account on again; its holder signs in anew."""
    account = _looked_after(session, caller, "account.switch", account_id)
    if account.disabled_at is not None:
        account.disabled_at = None
        events.note(session, caller, "account.enable", account_id)
    return account


def end_sessions(session: Session, caller: Caller, account_id: int, now: datetime) -> int:
    """End every sign-in of an account (a lost phone); also a worker's, by his bureau. Gives their number."""
    account = _looked_after(session, caller, "account.end_sessions", account_id, also=_ENDS_FOR_WORKERS)
    return login_sessions.end_all(session, account.account_id, "by_admin", now, by=caller)


def link_identity(session: Session, caller: Caller, account_id: int, issuer: str, subject: str | None, now: datetime) -> Account:
    """Say which person of the identity service may sign in to an account; None takes the link away.

    Raises Conflict when that person has another account, or there is no identity service (``issuer`` empty).
    """
    account = _looked_after(session, caller, "account.link", account_id)
    if not issuer:
        raise Conflict("oidc_off", "没有接入统一身份认证平台，不能绑定。")
    held = session.get(OidcLink, (issuer, subject)) if subject is not None else None
    if held is not None and held.account_id != account_id:
        raise Conflict("identity_linked_elsewhere", "这个身份已经绑定了另一个账号，请先解除。")
    for row in session.scalars(select(OidcLink).where(OidcLink.account_id == account_id, OidcLink.issuer == issuer)):
        if row is not held:
            session.delete(row)
    if subject is not None and held is None:
        session.flush()
        session.add(OidcLink(issuer=issuer, subject=subject, account_id=account_id, linked_by=caller.account_id, created_at=now))
    events.note(session, caller, "account.link", account_id, linked=subject is not None)
    return account


@dataclass(frozen=True, slots=True)
class Listed:
    """An account of the list, and whether it is in use."""

    account: Account
    password_set: bool
    second_factor: bool


def list_accounts(session: Session, caller: Caller, *, role: str | None, after: int) -> list[Listed]:
    """The accounts the caller looks after, by number, at most ``PAGE`` + 1. Workers are not listed: they are no staff."""
    roles = LOOKS_AFTER.get(caller.role, ())
    wanted = roles if role is None else tuple({role} & set(roles))
    rows = session.execute(
        select(Account, PasswordLogin.changed_at, SecondFactor.confirmed_at)
        .outerjoin(PasswordLogin, PasswordLogin.account_id == Account.account_id)
        .outerjoin(SecondFactor, SecondFactor.account_id == Account.account_id)
        .outerjoin(Employer, Employer.employer_id == Account.employer_id)
        .outerjoin(Station, Station.station_id == Account.station_id)
        .where(Account.role.in_(wanted), Account.account_id > after, _in_scope(caller))
        .order_by(Account.account_id)
        .limit(PAGE + 1)
    )
    return [Listed(account, changed_at is not None, confirmed_at is not None) for account, changed_at, confirmed_at in rows]


def _in_scope(caller: Caller) -> ColumnElement[bool]:
    """Which accounts, joined with their employer and station, the permission ``account.list`` gives to the caller."""
    scope = permission("account.list").scope(caller.role)
    allowed: list[ColumnElement[bool]] = [false()]
    if Scope.EMPLOYER in scope and caller.employer_id is not None:
        allowed.append(Account.employer_id == caller.employer_id)
    if Scope.STATION in scope and caller.station_id is not None:
        allowed.append(Account.station_id == caller.station_id)
    if Scope.TERRITORY in scope and caller.region_code:
        where = case(
            (Account.employer_id.is_not(None), Employer.region_code),
            (Account.station_id.is_not(None), Station.region_code),
            else_=Account.region_code,
        )
        allowed.append(where.startswith(region.prefix(caller.region_code)))
    elif Scope.TERRITORY in scope and caller.role == "operator":
        allowed.append(true())
    return or_(*allowed)


def _require_role(caller: Caller, role: str) -> None:
    if role not in LOOKS_AFTER.get(caller.role, ()):
        raise Forbidden("role_above_yours", "您不能开通或管理这种角色的账号，请找上级部门或平台运营。")


def _looked_after(session: Session, caller: Caller, name: str, account_id: int, *, also: tuple[str, ...] = ()) -> Account:
    """An account held until the transaction ends. Raises NotFound for what the caller does not look after, Forbidden for
    himself."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound(*_MISSING)
    require(caller, name, _owned(session, account), missing=_MISSING)
    if account.account_id == caller.account_id:
        raise Forbidden("not_yourself", "不能对自己的账号做这个操作，请找别的管理员。")
    if not (account.role == "worker" and caller.role in also):
        _require_role(caller, account.role)
    return account


def _owned(session: Session, account: Account) -> Owned:
    """Where an account belongs."""
    code = account.region_code
    if account.employer_id is not None:
        code = session.get_one(Employer, account.employer_id).region_code
    elif account.station_id is not None:
        code = session.get_one(Station, account.station_id).region_code
    elif account.worker_id is not None:
        code = session.get_one(Worker, account.worker_id).region_code
    return Owned(employer_id=account.employer_id, station_id=account.station_id, region_code=code)


def _stands_for(session: Session, caller: Caller, role: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the new account is bound to, never outside of what the caller looks after."""
    kind = STANDS_FOR.get(role, "region_code")
    if role == "employer_owner" and wanted.get("employer_id"):
        kind = "employer_id"  # else he registers the employer himself, and until then belongs to the territory of who invites him
    for name in {"employer_id", "station_id", "region_code"} - {kind}:
        if wanted.get(name):
            told = "这种角色不用填这一项。"
            raise Invalid("account_binding_unknown", told, errors={name: [told]})
    if kind == "region_code":
        # Empty is everywhere, which only an operator who looks after everything can hand on.
        code = wanted.get("region_code") or caller.region_code
        if code:
            require(caller, "account.invite", Owned(region_code=code))
        if not code and caller.region_code:
            raise Forbidden("role_above_yours", "您只能开通自己辖区里的账号。")
        return {"region_code": code}
    number = wanted.get(kind) or getattr(caller, kind)
    found: Employer | Station | None = None
    if number:
        found = session.get(Employer, number) if kind == "employer_id" else session.get(Station, number)
    if found is None or found.closed_at is not None:
        told = "没有这个单位或驿站，请检查编号。"
        raise Invalid("account_binding_missing", told, errors={kind: [told]})
    owned = Owned(region_code=found.region_code, **{kind: number})
    require(caller, "account.invite", owned, missing=("account_binding_missing", "没有这个单位或驿站，请检查编号。"))
    return {kind: number}
