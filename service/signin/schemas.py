"""The JSON of signing in."""

from __future__ import annotations

from marshmallow import fields, validate

from service.fields import In, Moment, Out, Text
from service.signin.models import SignInSession

TOKEN = r"^[A-Za-z0-9_-]{20,128}$"  # noqa: S105  the shape of a token, not one
LONGEST_GIVEN = 256
"""Characters of a password that somebody signs in with; longer than any we accept, so that it is refused as wrong, not as
strange."""


def password_field() -> fields.String:
    """A password as it was typed: nothing is taken out of it, spaces at its ends included."""
    return fields.String(required=True, validate=validate.Length(1, LONGEST_GIVEN), metadata={"format": "password"})


class Device(In):
    """What a client may say about itself."""

    device_name = Text(longest=64, load_default="", metadata={"description": "在“登录的设备”里显示的名字，例如 服务站前台电脑"})
    device_token = Text(
        longest=128, load_default="", metadata={"description": "上次登录成功后得到的设备令牌；有它就不怕别人乱试密码把您锁住"}
    )


class PasswordBody(Device):
    """Name and password."""

    login = Text(longest=64, shortest=1, required=True)
    password = password_field()


class SetUpBody(In):
    """A set-up code and the password that is to be."""

    code = Text(
        longest=64, shortest=1, required=True, metadata={"description": "管理员给的 28 位设置码，横线、空格和大小写都可以"}
    )
    password = password_field()
    device_name = Text(longest=64, load_default="")


class ChangePasswordBody(In):
    """The password that is, and the one that is to be."""

    old_password = password_field()
    new_password = password_field()


class RefreshBody(In):
    """A refresh token."""

    refresh_token = Text(longest=128, required=True, pattern=TOKEN)


class CodeBody(In):
    """Six digits of the app, or a recovery code."""

    code = Text(longest=32, shortest=1, required=True)


class TokensAnswer(Out):
    """A sign-in. While ``second_factor`` is ``required`` or ``enrol`` the token is good for nothing but that."""

    session_id = fields.Integer(required=True)
    access_token = fields.String(required=True)
    access_expires_at = Moment(required=True)
    refresh_token = fields.String(required=True, allow_none=True)
    refresh_expires_at = Moment(required=True, allow_none=True)
    second_factor = fields.String(required=True, validate=validate.OneOf(["done", "not_needed", "required", "enrol"]))
    device_token = fields.String(required=True, allow_none=True, metadata={"description": "新设备才有，请保存，下次登录带上"})


class EnrolmentAnswer(Out):
    """What an authenticator app needs."""

    secret = fields.String(required=True)
    address = fields.String(required=True, metadata={"description": "otpauth:// 地址"})
    qr_svg = fields.String(required=True, metadata={"description": "二维码，SVG"})


class ConfirmedAnswer(Out):
    """The recovery codes, this once."""

    recovery_codes = fields.List(fields.String(), required=True)
    tokens = fields.Nested(TokensAnswer, required=True, allow_none=True)


class SessionAnswer(Out):
    """One sign-in of mine. ``last_seen_at`` is when it was last refreshed; it may have been used a little later."""

    session_id = fields.Integer(required=True)
    device_name = fields.String(required=True)
    method = fields.String(required=True)
    address = fields.String(required=True, metadata={"description": "大致的网络地址"})
    created_at = Moment(required=True)
    last_seen_at = Moment(required=True, metadata={"description": "最近一次，精确到十分钟"})
    current = fields.Boolean(required=True)


class SessionsAnswer(Out):
    """My sign-ins."""

    items = fields.List(fields.Nested(SessionAnswer), required=True)


class EndedAnswer(Out):
    """How many sign-ins were ended."""

    ended = fields.Integer(required=True)


def session_row(row: SignInSession, current_id: int | None) -> dict[str, object]:
    """A sign-in as its schema reads it; when it was last used only to ten minutes."""
    seen = row.last_seen_at
    return {
        "session_id": row.session_id,
        "device_name": row.device_name,
        "method": row.method,
        "address": row.address,
        "created_at": row.created_at,
        "last_seen_at": seen.replace(minute=seen.minute // 10 * 10, second=0, microsecond=0),
        "current": row.session_id == current_id,
    }
