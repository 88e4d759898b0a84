"""Sign out, and who am I. Signing in comes with the account work; demo tokens are printed at the start."""

from __future__ import annotations

from service import clock
from service.accounts import tokens
from service.accounts.access import allow, bearer_token, current_account
from service.accounts.caller import Caller
from service.accounts.schemas import Me
from service.blueprint import Blueprint
from service.sessions import write_session

blueprint = Blueprint("accounts", __name__, description="账号")


@blueprint.route("/v1/me", methods=["GET"])
@blueprint.response(200, Me)
@allow("me.read")
def show_me() -> Caller:
    """我的账号。"""
    return current_account()


@blueprint.route("/v1/auth/logout", methods=["POST"])
@blueprint.response(204)
@allow("session.end")
def logout() -> None:
    """退出登录：这个令牌立刻失效。"""
    with write_session() as session:
        tokens.revoke_token(session, bearer_token(), now=clock.now())
