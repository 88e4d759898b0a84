"""Where WeChat pushes to. Open to anyone by its address, to nobody but WeChat by its signature."""

from __future__ import annotations

from typing import Any

import flask
import structlog
from marshmallow import EXCLUDE, fields

from service import clock
from service.accounts.access import allow
from service.blueprint import Blueprint
from service.errors import BadRequest, Forbidden, TooLarge
from service.fields import In
from service.rate_classes import limited
from service.sessions import settings, write_session
from service.wechat import push
from service.wechat.current import not_configured
from service.wechat.push_crypto import NotGenuine

blueprint = Blueprint("wechat", __name__, description="微信消息推送")
log = structlog.get_logger(__name__)
_LONGEST = 256


class PushQuery(In):
    """What WeChat writes behind the address. It may add more one day: then the push must still arrive."""

    class Meta:
        unknown = EXCLUDE

    signature = fields.String(load_default="")
    msg_signature = fields.String(load_default="")
    timestamp = fields.String(load_default="")
    nonce = fields.String(load_default="")
    encrypt_type = fields.String(load_default="")
    echostr = fields.String(load_default="")


@blueprint.route("/v1/wechat/push", methods=["GET"])
@allow.anyone("wechat.push")
@limited("push")
@blueprint.arguments(PushQuery, location="query", unknown=EXCLUDE)
@blueprint.response(200, content_type="text/plain", description="echostr 原样")
@blueprint.alt_response(403, success=False, description="签名不对，或者时间太久")
def verify_push_address(query: dict[str, str]) -> flask.Response:
    """微信公众平台验证推送地址。"""
    try:
        echo = push.verify_address(_configured(), _query(query), clock.now())
    except NotGenuine as why:
        raise _refused(why) from None
    return flask.Response(echo, content_type="text/plain; charset=utf-8")


@blueprint.route("/v1/wechat/push", methods=["POST"])
@allow.anyone("wechat.push")
@limited("push")
@blueprint.arguments(PushQuery, location="query", unknown=EXCLUDE)
@blueprint.response(200, content_type="text/plain", description="success")
@blueprint.alt_response(403, success=False, description="签名不对，或者时间太久")
def receive_push(query: dict[str, str]) -> flask.Response:
    """微信推送的事件：收下就回 success，之后在后台处理。重复的推送只算一次。"""
    chosen = _configured()
    now = clock.now()
    try:
        message = push.open_push(chosen, _query(query), _content(), now)
    except NotGenuine as why:
        raise _refused(why) from None
    with write_session() as session:
        new = push.keep(session, message, now)
    push.PUSHES.labels(push.known_kind(message), "new" if new else "again").inc()
    return flask.Response("success", content_type="text/plain; charset=utf-8")


def _configured() -> Any:
    chosen = settings().wechat
    if not chosen.appid or not chosen.push_token:
        raise not_configured()
    return chosen


def _query(said: dict[str, str]) -> push.Query:
    if any(len(value) > _LONGEST for value in said.values()):
        raise _refused(NotGenuine("query"))
    return push.Query(**said)


def _content() -> bytes:
    length = flask.request.content_length
    if length is not None and length > push.LARGEST_PUSH:
        raise TooLarge("push_too_large", "推送的内容太大。")
    try:
        content = flask.request.stream.read(push.LARGEST_PUSH + 1)
    except OSError:
        raise BadRequest("body_cut", "内容没有传完整，请再试一次。") from None
    if len(content) > push.LARGEST_PUSH:
        raise TooLarge("push_too_large", "推送的内容太大。")
    return content


def _refused(why: NotGenuine) -> Forbidden:
    """The log says which check failed; who sent it learns only that it did."""
    log.warning("wechat_push_refused", why=str(why))
    push.PUSHES.labels("refused", str(why).replace(" ", "_")).inc()
    return Forbidden("push_not_genuine", "这个推送不是微信发给我们的，或者已经太久，没有收下。")
