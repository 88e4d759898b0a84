"""Sign in: password, second factor, set-up code, refresh. The API takes bearer tokens only and sets no cookie, so that no page of
somebody else can act in a person's name (no CSRF)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import flask

from service import clock
from service.accounts.access import allow, bearer_token, current_account
from service.blueprint import Blueprint
from service.errors import Refusal, TooMany, Unauthorized, Unavailable
from service.rate_classes import limited
from service.sessions import read_session, write_session
from service.signin import events, login_sessions, password, schemas, second_factor, set_up
from service.signin.login_sessions import Tokens
from service.signin.passwords import hasher
from service.signin.weak_passwords import require_good

T = TypeVar("T")
blueprint = Blueprint("sign_in", __name__, description="登录：密码、动态验证码、设置码、刷新")


@blueprint.route("/v1/auth/password", methods=["POST"])
@allow.anyone("sign_in.try")
@limited("signin")
@blueprint.arguments(schemas.PasswordBody)
@blueprint.response(200, schemas.TokensAnswer)
@blueprint.alt_response(401, success=False, description="登录名或密码不对")
@blueprint.alt_response(429, success=False, description="试的次数太多，请等一等")
def sign_in_with_password(body: dict[str, str]) -> Tokens:
    """用登录名和密码登录。需要动态验证码的账号，得到的令牌只能用来验证或绑定。"""
    with counted("password"):
        # A place first: whoever gets none has cost nothing and is not counted as having failed.
        with hasher().place(known=_from_known_device(body)) as place:
            with write_session() as session:
                attempt = password.begin(session, body["login"], address(), body["device_token"], clock.now())
            checked = attempt.check(body["password"], place)  # no transaction is open while the hash is computed
        with write_session() as session:
            outcome = password.finish(session, checked, body["device_name"], clock.now())
        tokens = settled(outcome)
    return said("password", tokens)


@blueprint.route("/v1/auth/set-up", methods=["POST"])
@allow.anyone("sign_in.try")
@limited("signin")
@blueprint.arguments(schemas.SetUpBody)
@blueprint.response(200, schemas.TokensAnswer)
@blueprint.alt_response(401, success=False, description="设置码不对、用过了或者过期了")
def set_up_password(body: dict[str, str]) -> Tokens:
    """用管理员给的一次性设置码设置密码并登录；以前的登录全部退出。"""
    with counted("set_up"):
        with read_session() as session:
            account = set_up.look(session, body["code"], clock.now())
        require_good(body["password"], login=account.login, name=account.display_name)
        with hasher().place() as place:
            hashed = place.hash(body["password"])
        with write_session() as session:
            device = login_sessions.Device(body["device_name"], address())
            tokens = set_up.use(session, body["code"], hashed, device, clock.now())
    return said("set_up", tokens)


@blueprint.route("/v1/auth/second-factor", methods=["POST"])
@allow("second_factor.verify")
@limited("signin")
@blueprint.arguments(schemas.CodeBody)
@blueprint.response(200, schemas.TokensAnswer)
@blueprint.alt_response(401, success=False, description="动态验证码不对")
def give_second_factor(body: dict[str, str]) -> Tokens:
    """密码之后的第二步：动态验证码，或者一个恢复码。"""
    with counted("second_factor"):
        with write_session() as session:
            outcome = second_factor.verify(session, holder(), body["code"], clock.now())
        tokens = settled(outcome)
    return said("second_factor", tokens)


@blueprint.route("/v1/auth/refresh", methods=["POST"])
@allow.anyone("sign_in.try")
@limited("signin")
@blueprint.arguments(schemas.RefreshBody)
@blueprint.response(200, schemas.TokensAnswer)
@blueprint.alt_response(401, success=False, description="要重新登录")
def refresh_tokens(body: dict[str, str]) -> Tokens:
    """用刷新令牌换一对新的。每个刷新令牌只能用一次；没收到回答可以在几秒内原样重发。"""
    with counted("refresh"):
        with write_session() as session:
            outcome = login_sessions.refresh(session, body["refresh_token"], address(), clock.now())
        tokens = settled(outcome)
    return said("refresh", tokens)


@blueprint.route("/v1/me/password", methods=["POST"])
@allow("password.change")
@blueprint.arguments(schemas.ChangePasswordBody)
@blueprint.response(204)
@blueprint.alt_response(403, success=False, description="原来的密码不对")
def change_password(body: dict[str, str]) -> None:
    """修改密码。要先输原来的密码；其他设备上的登录全部退出。"""
    caller = current_account()
    with hasher().place(known=True) as place:  # he is signed in
        with write_session() as session:
            attempt = password.begin_change(session, caller.account_id, address(), clock.now())
        password.require_new(body["new_password"], body["old_password"], login=attempt.login, name=caller.display_name)
        checked = attempt.check(body["old_password"], place)
        hashed = place.hash(body["new_password"]) if checked.right else ""
    with write_session() as session:
        refused = password.finish_change(
            session, checked, hashed, clock.now(), session_id=caller.session_id, token=bearer_token()
        )
    settled(refused)


@blueprint.route("/v1/me/second-factor", methods=["POST"])
@allow("second_factor.enrol")
@blueprint.response(200, schemas.EnrolmentAnswer)
def enrol_second_factor() -> second_factor.Enrolment:
    """开始绑定动态验证码：用手机上的验证器扫二维码，再确认一次才生效。"""
    with write_session() as session:
        return second_factor.enrol(session, current_account().account_id, clock.now())


@blueprint.route("/v1/me/second-factor/confirm", methods=["POST"])
@allow("second_factor.enrol")
@blueprint.arguments(schemas.CodeBody)
@blueprint.response(200, schemas.ConfirmedAnswer)
def confirm_second_factor(body: dict[str, str]) -> second_factor.Confirmed:
    """输入验证器上的第一个码，绑定生效，得到十个恢复码（只显示这一次）。"""
    with counted("second_factor"):
        with write_session() as session:
            outcome = second_factor.confirm(session, holder(), body["code"], clock.now())
        confirmed = settled(outcome)
    events.count("second_factor", "ok")
    return confirmed


@blueprint.route("/v1/me/second-factor/remove", methods=["POST"])
@allow("second_factor.remove")
@blueprint.arguments(schemas.CodeBody)
@blueprint.response(204)
def remove_second_factor(body: dict[str, str]) -> None:
    """解除绑定（换手机时）：要输一个动态码或恢复码，所有登录都会退出。"""
    with counted("second_factor"):
        with write_session() as session:
            refused = second_factor.remove(session, holder(), body["code"], clock.now())
        settled(refused)


def _from_known_device(body: dict[str, str]) -> bool:
    if not body["device_token"]:
        return False
    with read_session() as session:
        return password.is_known(session, body["login"], body["device_token"], clock.now())


def address() -> str:
    """Where the request comes from, as far as the trusted proxies say."""
    return flask.request.remote_addr or ""


def holder() -> second_factor.Holder:
    """Whoever gives a code."""
    caller = current_account()
    return second_factor.Holder(caller.account_id, caller.session_id, address())


def settled(outcome: T | Refusal) -> T:
    """Raise a refusal whose count or ending has been committed; hand anything else on."""
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def said(method: str, tokens: Tokens) -> Tokens:
    """Count a sign-in that went well."""
    events.count(method, "pending" if tokens.refresh_token is None else "ok")
    return tokens


@contextmanager
def counted(method: str) -> Iterator[None]:
    """Count what was refused, by its kind."""
    try:
        yield
    except Refusal as refused:
        kinds: dict[type[Any], str] = {TooMany: "waiting", Unauthorized: "wrong", Unavailable: "busy"}
        events.count(method, next((name for kind, name in kinds.items() if isinstance(refused, kind)), "refused"))
        raise
