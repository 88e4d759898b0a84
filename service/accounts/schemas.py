"""The JSON of accounts."""

from __future__ import annotations

from marshmallow import fields, validate

from service.accounts.permissions import ALL_ROLES, PERMISSIONS
from service.accounts.permit import may_at_all
from service.fields import Out


class Me(Out):
    """The account that is signed in."""

    account_id = fields.Integer(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ALL_ROLES))
    display_name = fields.String(required=True)
    region_code = fields.Function(
        lambda caller: caller.region_code or None, required=True, allow_none=True, metadata={"type": "string"}
    )
    employer_id = fields.Integer(required=True, allow_none=True)
    station_id = fields.Integer(required=True, allow_none=True)
    worker_id = fields.Integer(required=True, allow_none=True)
    acting_for = fields.Integer(
        required=True, allow_none=True, metadata={"description": "正在按哪一份代办授权办事（请求头 X-Acting-For）"}
    )
    permissions = fields.Function(
        lambda caller: [name for name in PERMISSIONS if may_at_all(caller, name)],
        required=True,
        metadata={"type": "array", "items": {"type": "string"}, "description": "能做哪些事；能对谁做，看具体对象"},
    )
