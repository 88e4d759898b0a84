"""Sign in through the province's identity service. Off unless OIDC_ISSUER is set."""

from __future__ import annotations

from typing import cast

import flask
from marshmallow import fields

from service import clock
from service.accounts.access import allow
from service.accounts.models import Account
from service.blueprint import Blueprint
from service.errors import Forbidden
from service.fields import In, Moment, Out, Text
from service.rate_classes import limited
from service.sessions import settings, write_session
from service.signin import schemas
from service.signin.login_sessions import Device, Tokens
from service.signin.models import OidcLink
from service.signin.oidc import Begun, Issuer
from service.signin.password import signed_in
from service.signin.routes import address, counted, said

blueprint = Blueprint("sign_in_oidc", __name__, description="统一身份认证登录")


class BegunAnswer(Out):
    """Where to go."""

    authorization_url = fields.String(required=True, metadata={"description": "让浏览器打开这个网址"})
    browser_key = fields.String(required=True, metadata={"description": "保存在这个浏览器里，回来时一起交上来"})
    expires_at = Moment(required=True)


class CallbackBody(In):
    """What the browser brings back."""

    code = Text(longest=2048, shortest=1, required=True)
    state = Text(longest=512, shortest=1, required=True)
    browser_key = Text(longest=128, required=True, pattern=schemas.TOKEN)
    device_name = Text(longest=64, load_default="", metadata={"description": "在“登录的设备”里显示的名字"})


@blueprint.route("/v1/auth/oidc/start", methods=["GET"])
@allow.anyone("sign_in.try")
@limited("signin")
@blueprint.response(200, BegunAnswer)
@blueprint.alt_response(404, success=False, description="这里没有接入统一身份认证")
@blueprint.alt_response(503, success=False, description="平台连不上")
def begin_oidc() -> Begun:
    """开始用省统一身份认证登录：得到要打开的网址，和要保存在浏览器里的一个密钥。"""
    return _issuer().begin(clock.now())


@blueprint.route("/v1/auth/oidc/callback", methods=["POST"])
@allow.anyone("sign_in.try")
@limited("signin")
@blueprint.arguments(CallbackBody)
@blueprint.response(200, schemas.TokensAnswer)
@blueprint.alt_response(401, success=False, description="认证没有通过")
@blueprint.alt_response(403, success=False, description="这个身份还没有绑定账号")
@blueprint.alt_response(404, success=False, description="这里没有接入统一身份认证")
@blueprint.alt_response(503, success=False, description="平台连不上")
def finish_oidc(body: dict[str, str]) -> Tokens:
    """从统一身份认证回来：交上 code、state 和保存的密钥，登录到管理员绑定的账号。"""
    with counted("oidc"):
        issuer, now = _issuer(), clock.now()
        subject = issuer.finish(body["code"], body["state"], body["browser_key"], now)
        with write_session() as session:
            link = session.get(OidcLink, (issuer.settings.oidc_issuer, subject))
            account = session.get(Account, link.account_id) if link is not None else None
            if account is None or account.disabled_at is not None:
                raise Forbidden("identity_not_linked", "这个身份还没有绑定账号，或者账号已停用，请找管理员绑定。")
            tokens = signed_in(session, account, method="oidc", device=Device(body["device_name"], address()), now=now)
    return said("oidc", tokens)


def _issuer() -> Issuer:
    """The identity service that the settings name, with its keys held for this process."""
    chosen = settings().sign_in
    held = cast("Issuer | None", flask.current_app.extensions.get("oidc_issuer"))
    if held is None or held.settings != chosen:
        held = Issuer(chosen)
        flask.current_app.extensions["oidc_issuer"] = held
    return held
