"""The JSON of accounts."""

from __future__ import annotations

from marshmallow import fields, validate

from service.accounts.models import ROLES
from service.fields import Out


class Me(Out):
    """The account that is signed in."""

    account_id = fields.Integer(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    display_name = fields.String(required=True)
    region_code = fields.Function(
        lambda caller: caller.region_code or None, required=True, allow_none=True, metadata={"type": "string"}
    )
    employer_id = fields.Integer(required=True, allow_none=True)
    station_id = fields.Integer(required=True, allow_none=True)
    worker_id = fields.Integer(required=True, allow_none=True)
