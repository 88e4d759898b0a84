"""Who may call what. Every route declares the permission it needs; what declares nothing is refused.

``@allow("job.edit")`` or ``@allow.anyone("job.read")`` only marks the view. The check runs in :func:`check_access`, before
anything of the request is read, so that the order of decorators cannot open a door. It asks whether the role has the permission
at all; for which objects, the action asks (``permit.require``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

import flask

from service import clock
from service.accounts.caller import Caller
from service.accounts.permissions import STATION_ROLES, Permission, permission
from service.accounts.permit import may_at_all, role_refused
from service.accounts.tokens import caller_of
from service.errors import BadRequest, Forbidden, Unauthorized
from service.fields import MAX_ID
from service.sessions import read_session

View = TypeVar("View", bound=Callable[..., Any])
ANYONE: frozenset[str] = frozenset({"anyone"})
ACTING_FOR = "X-Acting-For"
"""The header in which a proxy names the grant under which it acts for a worker."""
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="chengnuan"'}
_GRANT_ID = re.compile(r"[1-9][0-9]{0,15}")


class _Allow:
    """``allow("noun.verb")`` and ``allow.anyone("noun.verb")``."""

    def __call__(self, name: str) -> Callable[[View], View]:
        """Only roles that have this permission. Raises ValueError when it is unknown or open to anyone."""
        return _marking(name, is_open=False)

    def anyone(self, name: str) -> Callable[[View], View]:
        """Anyone, signed in or not. Raises ValueError when the permission is unknown or not open to anyone."""
        return _marking(name, is_open=True)


allow = _Allow()


def _marking(name: str, *, is_open: bool) -> Callable[[View], View]:
    row = permission(name)
    if row.open != is_open:
        raise ValueError(f"{name} is {'open to anyone' if row.open else 'not open to anyone'}: say so at the route")

    def mark(view: View) -> View:
        view.__dict__["permission"] = row
        return view

    return mark


def declared(view: Any) -> Permission | None:
    """The permission a view declares; None when it declares nothing. Decorators above carry the mark (functools.wraps)."""
    return cast("Permission | None", getattr(view, "permission", None))


def allowed_roles(view: Any) -> frozenset[str] | None:
    """The roles that may call a view, ``ANYONE`` for an open one; None when it declares nothing."""
    row = declared(view)
    if row is None:
        return None
    return ANYONE if row.open else row.roles()


def identify() -> None:
    """Before every request: find out who calls. A bad token is nobody; an open route answers it as a visitor."""
    flask.g.account = None
    token = bearer_token()
    if token and flask.request.endpoint is not None:
        with read_session() as session:
            flask.g.account = caller_of(session, token, now=clock.now(), acting_for=_grant_id())


def check_access() -> None:
    """Before every request, after :func:`identify`: refuse who may not."""
    if flask.request.endpoint is None or flask.request.method == "OPTIONS":
        return
    row = declared(flask.current_app.view_functions[flask.request.endpoint])
    if row is None:
        raise Forbidden("route_closed", "这个地址没有开放。")
    caller = maybe_account()
    if caller is not None and caller.acting_for is None and ACTING_FOR in flask.request.headers:
        # Never quietly as oneself what was meant for another.
        raise Forbidden("grant_ended", "代办授权不存在、已经结束或不是给您的，请让本人重新授权。")
    if row.open:
        return
    if caller is None:
        if bearer_token():
            raise Unauthorized("token_expired", "登录已经过期，请重新登录。", headers=_CHALLENGE)
        raise Unauthorized("not_signed_in", "请先登录再操作。", headers=_CHALLENGE)
    if not may_at_all(caller, row.name):
        # Who acts for family is limited by the grant; at a station everybody gives a second factor first.
        by_grant = caller.acting_for is not None and caller.account_role not in STATION_ROLES
        if caller.session_id is not None and caller.limits is not None and not caller.second_factor and not by_grant:
            raise Forbidden("second_factor_required", "请先输入动态验证码；第一次登录请先绑定验证器。")
        if caller.acting_for is not None:
            raise Forbidden("not_granted", "代办授权不包括这一项，请让本人自己办，或者请他加上这一项授权。")
        if row.scope(caller.role):
            raise Forbidden("token_limited", "这次登录还不能做这个操作：请先完成动态验证；合作平台请换一个开通了这项权限的令牌。")
        raise Forbidden("role_not_allowed", role_refused(caller.role, row))


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


def _grant_id() -> int | None:
    given = flask.request.headers.get(ACTING_FOR)
    if given is None:
        return None
    if not _GRANT_ID.fullmatch(given) or int(given) > MAX_ID:
        raise BadRequest("acting_for_invalid", "请求头 X-Acting-For 要填代办授权的编号。")
    return int(given)
