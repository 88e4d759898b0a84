"""Who may call what. Every route declares it; what declares nothing is refused.

``@allow("employer", "staff")`` or ``@allow.anyone`` only marks the view. The check runs in :func:`check_access`, before anything
of the request is read, so that the order of decorators cannot open a door.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import flask

from service import clock
from service.accounts.caller import Caller
from service.accounts.models import ROLES, Account
from service.accounts.tokens import account_of
from service.errors import Forbidden, Unauthorized
from service.sessions import read_session

View = TypeVar("View", bound=Callable[..., Any])
ANYONE: frozenset[str] = frozenset({"anyone"})
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="chengnuan"'}


class _Allow:
    """``allow(*roles)`` and ``allow.anyone``."""

    def __call__(self, *roles: str) -> Callable[[View], View]:
        """Only these roles. Raises ValueError for a role that does not exist."""
        unknown = set(roles) - set(ROLES)
        if unknown or not roles:
            raise ValueError(f"unknown roles: {sorted(unknown)}")
        return lambda view: _marked(view, frozenset(roles))

    def anyone(self, view: View) -> View:
        """Anyone, signed in or not."""
        return _marked(view, ANYONE)

    def signed_in(self, view: View) -> View:
        """Every role."""
        return _marked(view, frozenset(ROLES))


allow = _Allow()


def _marked(view: View, roles: frozenset[str]) -> View:
    view.__dict__["allowed_roles"] = roles
    return view


def allowed_roles(view: Any) -> frozenset[str] | None:
    """What a view declares; None when it declares nothing. Decorators above carry the mark upwards (functools.wraps)."""
    return cast("frozenset[str] | None", getattr(view, "allowed_roles", None))


def identify() -> None:
    """Before every request: find out who calls. A bad token is nobody; an open route answers it as a visitor."""
    flask.g.account = None
    token = bearer_token()
    if token and flask.request.endpoint is not None:
        with read_session() as session:
            found = account_of(session, token, now=clock.now())
            flask.g.account = None if found is None else _caller(found)


def check_access() -> None:
    """Before every request, after :func:`identify`: refuse who may not."""
    if flask.request.endpoint is None or flask.request.method == "OPTIONS":
        return
    roles = allowed_roles(flask.current_app.view_functions[flask.request.endpoint])
    if roles is None:
        raise Forbidden("route_closed", "这个地址没有开放。")
    if roles is ANYONE:
        return
    if flask.g.account is None:
        if bearer_token():
            raise Unauthorized("token_expired", "登录已经过期，请重新登录。", headers=_CHALLENGE)
        raise Unauthorized("not_signed_in", "请先登录再操作。", headers=_CHALLENGE)
    if flask.g.account.role not in roles:
        raise Forbidden("role_not_allowed", "您的账号不能做这个操作，如有需要请联系就业服务站。")


def bearer_token() -> str:
    """The token of this request, empty when there is none."""
    scheme, _, token = flask.request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def current_account() -> Caller:
    """Who is signed in. Raises Unauthorized when nobody is."""
    caller = maybe_account()
    if caller is None:
        raise Unauthorized("not_signed_in", "请先登录再操作。", headers=_CHALLENGE)
    return caller


def maybe_account() -> Caller | None:
    """Who is signed in on an open route; None for a visitor."""
    return cast("Caller | None", flask.g.get("account"))


def _caller(account: Account) -> Caller:
    return Caller(
        account_id=account.account_id,
        role=account.role,
        display_name=account.display_name,
        region_code=account.region_code,
        employer_id=account.employer_id,
        station_id=account.station_id,
        worker_id=account.worker_id,
    )
