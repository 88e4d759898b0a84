"""Accounts of clerks, recruiters and bureaus: invite, list, switch off and on, a new set-up code, end their sign-ins."""

from __future__ import annotations

from typing import Any

from service import clock
from service.accounts.access import allow, current_account
from service.blueprint import Blueprint
from service.sessions import read_session, settings, write_session
from service.signin import account_schemas as schemas
from service.signin import administer
from service.signin.schemas import EndedAnswer

blueprint = Blueprint("account_administration", __name__, description="账号管理：开通、停用、重设、退出登录")


@blueprint.route("/v1/accounts", methods=["POST"])
@allow("account.invite")
@blueprint.arguments(schemas.InviteBody)
@blueprint.response(201, schemas.SetUpAnswer)
@blueprint.alt_response(403, success=False, description="不能开通这种角色，或不在自己的范围")
@blueprint.alt_response(409, success=False, description="登录名已经有人用了（重发同一个请求也是这样，请重新开一个设置码）")
def invite_account(body: dict[str, Any]) -> dict[str, Any]:
    """开通一个账号，得到一次性设置码；本人用它设置密码。只能开通比自己小的角色、自己范围里的账号。"""
    with write_session() as session:
        return schemas.set_up_row(administer.invite(session, current_account(), body, clock.now()))


@blueprint.route("/v1/accounts", methods=["GET"])
@allow("account.list")
@blueprint.arguments(schemas.AccountsQuery, location="query")
@blueprint.response(200, schemas.AccountsAnswer)
def list_accounts(query: dict[str, Any]) -> dict[str, Any]:
    """我管的账号，按编号。"""
    with read_session() as session:
        rows = administer.list_accounts(session, current_account(), role=query["role"], after=query["after"])
    items = [
        schemas.account_row(row.account) | {"password_set": row.password_set, "second_factor": row.second_factor}
        for row in rows[: administer.PAGE]
    ]
    more = len(rows) > administer.PAGE
    return {"items": items, "next": rows[administer.PAGE - 1].account.account_id if more else None}


@blueprint.route("/v1/accounts/<int:account_id>/disable", methods=["POST"])
@allow("account.switch")
@blueprint.response(200, schemas.AccountAnswer)
@blueprint.alt_response(404, success=False, description="没有这个账号，或不归您管")
def disable_account(account_id: int) -> dict[str, Any]:
    """停用一个账号：所有登录立刻失效。人离开了就停用。"""
    with write_session() as session:
        return schemas.account_row(administer.disable(session, current_account(), account_id, clock.now()))


@blueprint.route("/v1/accounts/<int:account_id>/enable", methods=["POST"])
@allow("account.switch")
@blueprint.response(200, schemas.AccountAnswer)
@blueprint.alt_response(404, success=False, description="没有这个账号，或不归您管")
def enable_account(account_id: int) -> dict[str, Any]:
    """重新启用一个账号；本人要重新登录。"""
    with write_session() as session:
        return schemas.account_row(administer.enable(session, current_account(), account_id))


@blueprint.route("/v1/accounts/<int:account_id>/set-up-code", methods=["POST"])
@allow("account.reset")
@blueprint.arguments(schemas.ResetBody)
@blueprint.response(201, schemas.SetUpAnswer)
@blueprint.alt_response(404, success=False, description="没有这个账号，或不归您管")
def reset_account(body: dict[str, bool], account_id: int) -> dict[str, Any]:
    """给忘了密码的人开一个新的设置码；用掉之前，原来的密码和登录不变。"""
    with write_session() as session:
        made = administer.new_code(
            session, current_account(), account_id, clock.now(), drops_second_factor=body["drops_second_factor"]
        )
        return schemas.set_up_row(made)


@blueprint.route("/v1/accounts/<int:account_id>/sessions", methods=["DELETE"])
@allow("account.end_sessions")
@blueprint.response(200, EndedAnswer)
@blueprint.alt_response(404, success=False, description="没有这个账号，或不归您管")
def end_account_sessions(account_id: int) -> dict[str, int]:
    """让一个账号在所有设备上退出登录（手机丢了、电脑被人动过）。"""
    with write_session() as session:
        return {"ended": administer.end_sessions(session, current_account(), account_id, clock.now())}


@blueprint.route("/v1/accounts/<int:account_id>/identity", methods=["PUT"])
@allow("account.link")
@blueprint.arguments(schemas.IdentityBody)
@blueprint.response(200, schemas.AccountAnswer)
@blueprint.alt_response(404, success=False, description="没有这个账号，或不归您管")
def link_identity(body: dict[str, str | None], account_id: int) -> dict[str, Any]:
    """说明省身份认证平台上的哪个人可以登录这个账号；填 null 解除。"""
    issuer = settings().sign_in.oidc_issuer
    with write_session() as session:
        account = administer.link_identity(session, current_account(), account_id, issuer, body["subject"], clock.now())
        return schemas.account_row(account)
