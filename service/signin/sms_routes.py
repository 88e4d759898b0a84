"""Sign in with a code by SMS. The gateway is asked between two transactions, never inside one."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service import clock
from service.accounts.access import allow
from service.blueprint import Blueprint
from service.errors import Unavailable
from service.fields import In, Moment, Out, Text
from service.rate_classes import limited
from service.sessions import settings, write_session
from service.signin import events, schemas, sms
from service.signin.login_sessions import Device, Tokens
from service.signin.policy import policy
from service.signin.routes import address, counted, said, settled
from service.signin.sms_gateway import send_code

blueprint = Blueprint("sign_in_sms", __name__, description="短信验证码登录")
_PHONE = {"description": "11 位手机号码；空格、横线和 +86 也看得懂", "pattern": r"^1[3-9][0-9]{9}$", "example": "13800000001"}


class PhoneBody(In):
    """A phone number."""

    phone = Text(longest=32, shortest=1, required=True, metadata=_PHONE)


class SmsBody(PhoneBody):
    """The code that came."""

    code = Text(longest=6, required=True, pattern=r"^[0-9]{6}$")
    device_name = Text(longest=64, load_default="", metadata={"description": "在“登录的设备”里显示的名字"})


class SentAnswer(Out):
    """A code is on its way; the same for every phone."""

    expires_at = Moment(required=True)
    again_after_seconds = fields.Integer(required=True, metadata={"description": "几秒以后可以再获取一次"})


@blueprint.route("/v1/auth/sms/code", methods=["POST"])
@allow.anyone("sign_in.try")
@limited("sms")
@blueprint.arguments(PhoneBody)
@blueprint.response(202, SentAnswer)
@blueprint.alt_response(429, success=False, description="获取得太频繁，请等一等")
@blueprint.alt_response(503, success=False, description="没有开通短信，或者短信暂时发不出去")
def send_sms_code(body: dict[str, str]) -> dict[str, Any]:
    """获取短信验证码。不管这个手机号有没有账号，回答都一样。"""
    number, where, now = sms.mobile(body["phone"]), address(), clock.now()
    with counted("sms_code"):
        with write_session() as session:
            issued = sms.issue(session, number, where, now)
        try:
            send_code(settings().sign_in, issued.phone, issued.code)
        except Unavailable:
            with write_session() as session:
                sms.not_sent(session, issued, where, now)
            raise
    events.count("sms_code", "ok")
    return {"expires_at": issued.expires_at, "again_after_seconds": int(policy().sms.again.total_seconds())}


@blueprint.route("/v1/auth/sms", methods=["POST"])
@allow.anyone("sign_in.try")
@limited("signin")
@blueprint.arguments(SmsBody)
@blueprint.response(200, schemas.TokensAnswer)
@blueprint.alt_response(401, success=False, description="验证码不对或者过期了")
@blueprint.alt_response(429, success=False, description="试的次数太多，请等一等")
def sign_in_with_sms(body: dict[str, str]) -> Tokens:
    """用短信验证码登录。第一次来的手机号会得到一个新的工友账号。"""
    with counted("sms"):
        with write_session() as session:
            device = Device(body["device_name"], address())
            outcome = sms.sign_in(session, body["phone"], body["code"], device, clock.now())
        tokens = settled(outcome)
    return said("sms", tokens)
