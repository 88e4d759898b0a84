"""The JSON of accounts that somebody looks after."""

from __future__ import annotations

from marshmallow import fields, validate

from service.accounts.models import Account
from service.accounts.permissions import ROLE_TITLES, ROLES
from service.fields import MAX_ID, Flag, In, Moment, Out, Text, integer, one_of
from service.signin.administer import LOOKS_AFTER, SetUp

LOGIN = r"^[a-z][a-z0-9._-]{2,31}$"
"""Begins with a letter: a phone or ID number is no login, it would stand in lists."""
_MADE = {role: ROLE_TITLES[role] for role in ROLES if any(role in roles for roles in LOOKS_AFTER.values())}


class InviteBody(In):
    """A new account. What it belongs to is the inviter's own unless it is said."""

    role = fields.String(required=True, validate=one_of(_MADE))
    login = Text(longest=32, required=True, pattern=LOGIN)
    display_name = Text(longest=64, shortest=1, required=True)
    employer_id = integer(1, MAX_ID, load_default=None)
    station_id = integer(1, MAX_ID, load_default=None)
    region_code = Text(longest=12, load_default="", pattern=r"^([0-9]{12})?$", metadata={"description": "12 位区划代码"})


class ResetBody(In):
    """A new set-up code."""

    drops_second_factor = Flag(load_default=False, metadata={"description": "验证器也丢了：用这个码以后要重新绑定"})


class IdentityBody(In):
    """The person at the identity service; null takes the link away."""

    subject = Text(longest=255, shortest=1, required=True, allow_none=True)


class AccountsQuery(In):
    """Which accounts."""

    role = fields.String(load_default=None, validate=one_of(_MADE))
    after = integer(0, MAX_ID, load_default=0)


class AccountAnswer(Out):
    """An account as those see it who look after it."""

    account_id = fields.Integer(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    login = fields.String(required=True)
    display_name = fields.String(required=True)
    employer_id = fields.Integer(required=True, allow_none=True)
    station_id = fields.Integer(required=True, allow_none=True)
    region_code = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    disabled_at = Moment(required=True, allow_none=True)


class ListedAccount(AccountAnswer):
    """With what says whether it is in use."""

    password_set = fields.Boolean(required=True)
    second_factor = fields.Boolean(required=True)


class AccountsAnswer(Out):
    """One page; ``next`` goes into ``after``."""

    items = fields.List(fields.Nested(ListedAccount), required=True)
    next = fields.Integer(required=True, allow_none=True)


class SetUpAnswer(Out):
    """An account and the code that is shown this once."""

    account = fields.Nested(AccountAnswer, required=True)
    set_up_code = fields.String(required=True, metadata={"description": "一次性设置码，只显示这一次，请当面或打电话告诉本人"})
    expires_at = Moment(required=True)


def account_row(account: Account) -> dict[str, object]:
    """An account as its schema reads it."""
    return {
        "account_id": account.account_id,
        "role": account.role,
        "login": account.login,
        "display_name": account.display_name,
        "employer_id": account.employer_id,
        "station_id": account.station_id,
        "region_code": account.region_code or None,
        "created_at": account.created_at,
        "disabled_at": account.disabled_at,
    }


def set_up_row(made: SetUp) -> dict[str, object]:
    """A code as its schema reads it."""
    return {"account": account_row(made.account), "set_up_code": made.code, "expires_at": made.expires_at}
