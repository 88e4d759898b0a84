"""Sign in with WeChat; the phone number, late; which messages may come. WeChat is asked before a transaction opens, not in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import flask
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from service import clock
from service.accounts.access import allow, current_account
from service.accounts.models import AccountPhone
from service.answering import KEY, once
from service.blueprint import Blueprint
from service.crypto import masking
from service.errors import NotFound
from service.fields import Few, In, Moment, Out, Text
from service.idempotency import Answer
from service.rate_classes import limited
from service.sessions import read_session, settings, write_session
from service.signin import schemas, wechat
from service.signin.login_sessions import Device, Tokens
from service.signin.routes import address, counted, said, settled
from service.wechat import subscriptions, usage
from service.wechat.current import templates_of, wechat_of
from service.wechat.errcodes import WechatError

blueprint = Blueprint("sign_in_wechat", __name__, description="微信登录、绑定手机号、订阅消息")
_CODE = r"^[A-Za-z0-9_\-]{1,256}$"


class WechatBody(In):
    """What ``wx.login`` gave."""

    code = Text(longest=256, shortest=1, required=True, pattern=_CODE, metadata={"description": "wx.login 得到的 code"})
    device_name = Text(longest=64, load_default="", metadata={"description": "在“登录的设备”里显示的名字"})


class WechatCodeBody(In):
    """What ``wx.login`` or the phone button gave."""

    code = Text(longest=256, shortest=1, required=True, pattern=_CODE, metadata={"description": "微信给的 code，只能用一次"})


class PhoneAnswer(Out):
    """The number of my account, never whole."""

    phone = fields.String(required=True, metadata={"description": "中间四位不显示"})
    proved_by = fields.String(required=True, validate=validate.OneOf(["wechat", "sms", "station"]))
    bound_at = Moment(required=True)


class AcceptedBody(In):
    """What the person answered to ``wx.requestSubscribeMessage``."""

    accepted = Few(Text(longest=64, shortest=1), most=3, required=True, metadata={"description": "同意了的模板编号"})


class CreditAnswer(Out):
    """One kind of message."""

    message = fields.String(required=True, metadata={"description": "哪一种消息"})
    title = fields.String(required=True)
    template_id = fields.String(required=True, metadata={"description": "交给 wx.requestSubscribeMessage 的模板编号"})
    long_term = fields.Boolean(required=True, metadata={"description": "长期订阅：同意一次一直有效"})
    remaining = fields.Integer(required=True, metadata={"description": "还能收到几条；长期订阅是 1 或 0"})


class CreditsAnswer(Out):
    """All kinds of messages."""

    items = fields.List(fields.Nested(CreditAnswer), required=True)


@blueprint.route("/v1/auth/wechat", methods=["POST"])
@allow.anyone("sign_in.try")
@limited("signin")
@blueprint.arguments(WechatBody)
@blueprint.response(200, schemas.TokensAnswer)
@blueprint.alt_response(401, success=False, description="code 用过了或者过期了")
@blueprint.alt_response(503, success=False, description="没有开通微信，或者微信没有回应")
def sign_in_with_wechat(body: dict[str, str]) -> Tokens:
    """用微信登录。第一次来的人会得到一个新的工友账号；不需要手机号。"""
    with counted("wechat"):
        client = wechat_of(settings())
        try:
            who = client.identity_of(body["code"])
        except WechatError as trouble:
            raise wechat.login_refused(trouble) from None
        with write_session() as session:
            tokens = wechat.sign_in(session, who, Device(body["device_name"], address()), clock.now())
    return said("wechat", tokens)


@blueprint.route("/v1/me/wechat", methods=["POST"])
@allow("wechat.link")
@limited("signin")
@blueprint.arguments(WechatCodeBody)
@blueprint.response(204)
@blueprint.alt_response(409, success=False, description="这个账号或者这个微信已经另有绑定")
def link_wechat(body: dict[str, str]) -> None:
    """给登录着的账号绑定微信，以后可以用微信登录它。之前用微信单独建的空账号会并进来。"""
    client = wechat_of(settings())
    try:
        who = client.identity_of(body["code"])
    except WechatError as trouble:
        raise wechat.login_refused(trouble) from None
    with write_session() as session:
        wechat.link(session, current_account(), who, clock.now())


@blueprint.route("/v1/me/phone", methods=["GET"])
@allow("phone.read")
@blueprint.response(200, PhoneAnswer)
@blueprint.alt_response(404, success=False, description="还没有绑定手机号")
def show_phone() -> dict[str, Any]:
    """我的账号绑定的手机号（中间四位不显示）。"""
    with read_session() as session:
        row = session.get(AccountPhone, current_account().account_id)
        if row is None:
            raise NotFound("phone_not_bound", "还没有绑定手机号，报名时再绑定就可以。")
        return _phone(row)


@blueprint.route("/v1/me/phone", methods=["POST"])
@allow("phone.bind")
@limited("signin")
@blueprint.arguments(WechatCodeBody)
@blueprint.response(200, PhoneAnswer)
@blueprint.alt_response(409, success=False, description="这个手机号已经绑定在另一个账号上")
@blueprint.alt_response(503, success=False, description="没有开通微信、微信没有回应，或者今天的次数用完了")
def bind_phone(body: dict[str, str]) -> dict[str, Any]:
    """绑定微信里的手机号。只在第一次报名或预约时需要；也可以用短信或到驿站绑定。"""
    caller, chosen = current_account(), settings()
    client = wechat_of(chosen)
    with read_session() as session:
        usage.require_budget(session, chosen.wechat.phone_budget_day, clock.now())
    try:
        phone = client.phone_of(body["code"])
    except WechatError as trouble:
        raise wechat.phone_refused(trouble) from None
    now = clock.now()
    with write_session() as session:
        usage.count_paid(session, now)
        outcome = wechat.bind_wechat_phone(session, caller, phone, now)
    return _phone(settled(outcome))


@blueprint.route("/v1/me/subscriptions", methods=["GET"])
@allow("subscription.read")
@blueprint.response(200, CreditsAnswer)
def show_subscriptions() -> dict[str, Any]:
    """有哪些微信消息、各还能收到几条，以及请求订阅时要用的模板编号。"""
    with read_session() as session:
        return _ledger(session, current_account().account_id)


@blueprint.route("/v1/me/subscriptions", methods=["POST"])
@allow("subscription.report")
@blueprint.arguments(AcceptedBody)
@blueprint.response(200, CreditsAnswer)
@blueprint.doc(parameters=[KEY])
def report_subscriptions(body: dict[str, list[str]]) -> flask.Response:
    """小程序报告用户刚刚同意了哪些消息。配置了消息推送时以微信的推送为准，这里只返回现在的次数。"""
    caller, chosen = current_account(), settings()

    def work(session: Session, moment: datetime) -> Answer:
        if not chosen.wechat.push_token:  # else the same acceptance comes by push, and would count twice
            for template in subscriptions.by_id(templates_of(chosen), body["accepted"]):
                subscriptions.accept(session, caller.account_id, template, moment)
        return Answer(200, CreditsAnswer().dump(_ledger(session, caller.account_id)), {})

    return once(caller, work)


def _phone(row: AccountPhone) -> dict[str, Any]:
    return {"phone": masking.phone(row.phone), "proved_by": row.proved_by, "bound_at": row.bound_at}


def _ledger(session: Session, account_id: int) -> dict[str, Any]:
    return {"items": subscriptions.ledger(session, account_id, templates_of(settings()))}
