"""Who am I. Signing in and out is in ``signin``."""

from __future__ import annotations

from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.accounts.schemas import Me
from service.blueprint import Blueprint

blueprint = Blueprint("accounts", __name__, description="账号")


@blueprint.route("/v1/me", methods=["GET"])
@blueprint.response(200, Me)
@allow("me.read")
def show_me() -> Caller:
    """我的账号。"""
    return current_account()
