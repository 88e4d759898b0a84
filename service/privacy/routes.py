"""Take everything along, leave, and what may not be erased yet."""

from __future__ import annotations

from typing import Any

import flask
from sqlalchemy.orm import Session

from service import audit, clock
from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.accounts.permit import Owned, require
from service.blueprint import Blueprint
from service.consents.reading import refuse_unnoted
from service.consents.record import Said
from service.errors import Invalid, NotFound
from service.privacy import export, holds, schemas
from service.privacy.leave import leave
from service.privacy.limits import promised_minutes
from service.privacy.models import Erasure, LegalHold
from service.privacy.registry import Person, person_of
from service.rate_classes import limited
from service.sessions import read_session, write_session
from service.stations.models import Station
from service.workers.grant_routes import channel_of
from service.workers.models import Worker
from service.workers.profile import worker_of

blueprint = Blueprint("privacy", __name__, description="带走我的资料、注销、依法保留")


@blueprint.route("/v1/me/export", methods=["GET"])
@blueprint.response(200, description="全部资料：JSON，或者（Accept: text/html）一页能读能打印的网页")
@allow("me.export")
@limited("export")
def export_me() -> flask.Response:
    """平台里关于我的全部记录。`Accept: text/html` 给出一页网页。每次导出都留记录。"""
    caller, now = current_account(), clock.now()
    with read_session() as session:
        person = _person(session, caller)
        handled = [(row.employer_id, row.region_code) for row in export.handled_employers(session, person)]
    with refuse_unnoted(), write_session() as session:
        audit.record(session, caller, "me.export", "account", caller.account_id, for_worker=caller.worker_id)
        for employer_id, region_code in handled:  # he may be somebody else: noted like any look at him
            seen = {"fields": sorted(export.HANDLER_FIELDS)}
            audit.record(session, caller, "employer.handler", "employer", employer_id, region_code=region_code, details=seen)
    with read_session() as session:
        collected = export.collect(session, person, now)
    if flask.request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        response = flask.Response(export.page(collected), mimetype="text/html")
    else:
        response = flask.jsonify(collected)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/v1/me", methods=["DELETE"])
@blueprint.arguments(schemas.LeaveArgs, location="query")
@blueprint.response(202, schemas.LeavingOut)
@allow("me.erase")
def leave_me(args: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001  checked by the schema
    """注销。立刻退出登录、不再被搜索和匹配，几分钟内清空资料，不能反悔。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        person = _person(session, caller)
        made = leave(session, person, Said(channel_of(flask.request), caller.account_id), now, cause="own", caller=caller)
        return _leaving(session, made)


@blueprint.route("/v1/stations/<int:station_id>/workers/<int:worker_id>/leave", methods=["POST"])
@blueprint.arguments(schemas.ProofIn)
@blueprint.response(202, schemas.LeavingOut)
@allow("worker.leave")
def leave_at_his_word(said: dict[str, str], station_id: int, worker_id: int) -> dict[str, Any]:
    """在本站建档、没有手机的人要注销：凭本人签字或电话录音。有手机的请本人自己注销。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        station = session.get(Station, station_id)
        row = session.get(Worker, worker_id)
        if station is None or row is None or row.station_id != station_id:
            raise NotFound("not_found", "没有找到，请检查编号。")
        require(caller, "worker.leave", Owned(station_id=station_id, region_code=station.region_code))
        person = person_of(session, account_id=None, worker_id=worker_id)
        if person.account_ids:
            raise Invalid("has_account", "他有自己的账号，请本人登录后自己注销。")
        word = Said(said["channel"], caller.account_id, station_id=station_id, evidence=said["evidence"])
        made = leave(session, person, word, now, cause="station", caller=caller)
        return _leaving(session, made)


@blueprint.route("/v1/workers/<int:worker_id>/holds", methods=["GET"])
@blueprint.response(200, schemas.HoldsOut)
@allow("hold.read")
def show_holds(worker_id: int) -> dict[str, Any]:
    """一个人的资料依法暂不删除的记录。"""
    caller = current_account()
    with read_session() as session:
        _case(session, caller, "hold.read", worker_id)
        return {"items": holds.of_worker(session, worker_id)}


@blueprint.route("/v1/workers/<int:worker_id>/holds", methods=["POST"])
@blueprint.arguments(schemas.HoldIn)
@blueprint.response(201, schemas.HoldOut)
@allow("hold.set")
def set_hold(said: dict[str, str], worker_id: int) -> LegalHold:
    """依法暂不删除一个人的资料（有未了结的案子）：写明理由和案号。本人能在导出里看到。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = _case(session, caller, "hold.set", worker_id)
        return holds.set_hold(
            session,
            worker_id,
            caller,
            now,
            reason=said["reason"],
            reference=said["reference"],
            region_code=row.region_code,
        )


@blueprint.route("/v1/holds/<int:hold_id>/lift", methods=["POST"])
@blueprint.response(200, schemas.HoldOut)
@allow("hold.set")
def lift_hold(hold_id: int) -> LegalHold:
    """解除。等着注销的人随即清空。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        found = holds.by_id(session, hold_id)
        row = _case(session, caller, "hold.set", found.worker_id)
        return holds.lift(session, hold_id, caller, now, region_code=row.region_code)


def _case(session: Session, caller: Caller, permission: str, worker_id: int) -> Worker:
    row = session.get(Worker, worker_id)
    if row is None:
        raise NotFound("not_found", "没有找到，请检查编号。")
    require(caller, permission, Owned(region_code=row.region_code))
    return row


def _person(session: Session, caller: Caller) -> Person:
    """The caller as a whole person. A worker who has left is not found any more."""
    if caller.worker_id is not None:
        worker_of(session, caller.worker_id)
    return person_of(session, account_id=caller.account_id, worker_id=caller.worker_id)


def _leaving(session: Session, made: Erasure) -> dict[str, Any]:
    held = made.worker_id is not None and holds.in_force(session, made.worker_id)
    said = "已注销：现在起不能登录，也不再被搜索和匹配。"
    told = "您有一件未了结的事，资料依法保留到办结，办结后清空。" if held else f"资料会在 {promised_minutes()} 分钟内清空。"
    return {"erasure_id": made.erasure_id, "asked_at": made.asked_at, "message": said + told}
