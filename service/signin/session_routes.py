"""The sign-ins of a person: look at them, end one, end all others, leave."""

from __future__ import annotations

from typing import Any

from service import clock
from service.accounts import tokens
from service.accounts.access import allow, bearer_token, current_account
from service.accounts.permit import Owned, require
from service.blueprint import Blueprint
from service.errors import NotFound
from service.sessions import read_session, write_session
from service.signin import login_sessions, schemas
from service.signin.models import SignInSession

blueprint = Blueprint("sign_in_sessions", __name__, description="登录的设备：查看、退出")

_MISSING = ("session_not_found", "没有这次登录，可能已经退出了。")


@blueprint.route("/v1/auth/logout", methods=["POST"])
@blueprint.response(204)
@allow("session.leave")
def logout() -> None:
    """退出登录：这次登录的令牌立刻全部失效。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        tokens.revoke_token(session, bearer_token(), now=now)
        row = session.get(SignInSession, caller.session_id) if caller.session_id is not None else None
        if row is not None:
            login_sessions.end(session, row, "logout", now, by=caller)


@blueprint.route("/v1/me/sessions", methods=["GET"])
@allow("session.read")
@blueprint.response(200, schemas.SessionsAnswer)
def show_sessions() -> dict[str, Any]:
    """我在哪些设备上登录着。"""
    caller = current_account()
    with read_session() as session:
        rows = login_sessions.sessions_of(session, caller.account_id, clock.now())
    return {"items": [schemas.session_row(row, caller.session_id) for row in rows]}


@blueprint.route("/v1/me/sessions", methods=["DELETE"])
@allow("session.end")
@blueprint.response(200, schemas.EndedAnswer)
def end_other_sessions() -> dict[str, int]:
    """除了这一台，其他设备全部退出。"""
    caller = current_account()
    with write_session() as session:
        ended = login_sessions.end_all(
            session, caller.account_id, "others", clock.now(), by=caller, but_session=caller.session_id, but_token=bearer_token()
        )
    return {"ended": ended}


@blueprint.route("/v1/me/sessions/<int:session_id>", methods=["DELETE"])
@allow("session.end")
@blueprint.response(204)
@blueprint.alt_response(404, success=False, description="没有这次登录")
def end_session(session_id: int) -> None:
    """让一台设备退出，立刻生效。"""
    caller = current_account()
    with write_session() as session:
        row = session.get(SignInSession, session_id, with_for_update=True)
        if row is None:
            raise NotFound(*_MISSING)
        require(caller, "session.end", Owned(account_id=row.account_id), missing=_MISSING)
        login_sessions.end(session, row, "by_hand", clock.now(), by=caller)
