"""代办: letting somebody act for me, acting for somebody, and a station that makes a record for who has no phone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import audit, clock, idempotency
from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.accounts.models import ActingGrant
from service.accounts.permit import Owned, require
from service.answering import KEY, once
from service.audit.models import AuditEvent
from service.blueprint import Blueprint
from service.consents import texts
from service.consents.record import Said, give
from service.errors import NotFound
from service.rate_classes import limited
from service.sessions import read_session, write_session
from service.stations.models import Station
from service.workers import grants, profile, schemas
from service.workers.choices import act_title
from service.workers.models import Worker

blueprint = Blueprint("grants", __name__, description="代办：家人或驿站替本人办，本人随时能结束")

_PAGE = 50


@blueprint.route("/v1/me/grants", methods=["GET"])
@blueprint.response(200, schemas.GrantsOut)
@allow("grant.read")
def my_grants() -> dict[str, Any]:
    """谁能（或曾经能）替我办事。"""
    caller = current_account()
    with read_session() as session:
        row = profile.worker_of(session, caller.worker_id)
        require(caller, "grant.read", Owned(worker_id=row.worker_id))
        return {"items": grants.grants_of(session, row.worker_id)}


@blueprint.route("/v1/me/grants", methods=["POST"])
@blueprint.arguments(schemas.GrantIn)
@blueprint.response(201, schemas.InvitationOut)
@allow("grant.give")
def invite(said: dict[str, Any]) -> dict[str, Any]:
    """请家人代办：得到一个代办码，发给他，他登录后填上就行。代办码只显示这一次，以前没用的作废。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = profile.worker_of(session, caller.worker_id, lock=True)
        require(caller, "grant.give", Owned(worker_id=row.worker_id))
        word = Said(channel_of(flask.request), caller.account_id)
        code, made = grants.invite(session, row.worker_id, word, now, version=said["version"], scopes=said["scopes"])
        audit.record(session, caller, "grant.give", "worker", row.worker_id, for_worker=row.worker_id)
        return {"code": code, "expires_at": made.expires_at, "scopes": made.scopes}


@blueprint.route("/v1/me/grants/<int:grant_id>", methods=["DELETE"])
@blueprint.response(204)
@allow("grant.end")
def end_grant(grant_id: int) -> None:
    """结束一个代办，立刻生效。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = grants.grant_by_id(session, grant_id)
        # Only the person's own: who ends it at somebody's word names the paper, at the other address.
        require(caller, "grant.end", Owned(worker_id=row.worker_id), missing=grants.MISSING)
        grants.end(session, row, now, ended_by=caller.account_id)
        audit.record(session, caller, "grant.end", "grant", grant_id, for_worker=row.worker_id)


@blueprint.route("/v1/me/acting", methods=["GET"])
@blueprint.response(200, schemas.GrantsOut)
@allow("grant.held")
def acting_for() -> dict[str, Any]:
    """我现在能替谁办事。办事时在请求头 `X-Acting-For` 里带上代办授权的编号。"""
    with read_session() as session:
        return {"items": grants.held_by(session, current_account(), clock.now())}


@blueprint.route("/v1/me/acting", methods=["POST"])
@blueprint.arguments(schemas.AcceptIn)
@blueprint.response(201, schemas.GrantOut)
@allow("grant.accept")
@limited("signin")
def accept(said: dict[str, str]) -> ActingGrant:
    """填家人给的代办码，从此可以替他办事，直到到期或他结束。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = grants.accept(session, said["code"], caller, now)
        audit.record(session, caller, "grant.accept", "grant", row.grant_id, for_worker=row.worker_id)
    return row


@blueprint.route("/v1/me/acts", methods=["GET"])
@blueprint.arguments(schemas.BeforeArgs, location="query")
@blueprint.response(200, schemas.ActsOut)
@allow("act.read")
def acts(args: dict[str, int]) -> dict[str, Any]:
    """别人替我办了什么、看了什么：谁、什么时候、哪一件。"""
    caller = current_account()
    with read_session() as session:
        row = profile.worker_of(session, caller.worker_id)
        require(caller, "act.read", Owned(worker_id=row.worker_id))
        query = select(AuditEvent).where(
            AuditEvent.worker_id == row.worker_id,
            (AuditEvent.account_id != caller.account_id) | AuditEvent.account_id.is_(None),
        )
        if "before" in args:
            query = query.where(AuditEvent.seq < args["before"])
        rows = list(session.scalars(query.order_by(AuditEvent.seq.desc()).limit(_PAGE + 1)))
    items = [_act(event) for event in rows[:_PAGE]]
    return {"items": items, "next": rows[_PAGE - 1].seq if len(rows) > _PAGE else None}


@blueprint.route("/v1/grants/<int:grant_id>/end", methods=["POST"])
@blueprint.arguments(schemas.EndIn)
@blueprint.response(200, schemas.GrantOut)
@allow("grant.end")
def end_at_his_word(said: dict[str, str], grant_id: int) -> ActingGrant:
    """本人到驿站或部门说不要代办了：经办人员替他结束，写明材料编号。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = grants.grant_by_id(session, grant_id)
        region = session.scalar(select(Worker.region_code).where(Worker.worker_id == row.worker_id)) or ""
        home = session.scalar(select(Worker.station_id).where(Worker.worker_id == row.worker_id))
        owned = Owned(worker_id=row.worker_id, station_id=row.station_id or home, region_code=region)
        require(caller, "grant.end", owned, missing=grants.MISSING)
        grants.end(session, row, now, ended_by=caller.account_id)
        audit.record(
            session,
            caller,
            "grant.end",
            "grant",
            grant_id,
            region_code=region,
            details={"evidence": said["evidence"]},
            for_worker=row.worker_id,
        )
    return row


@blueprint.route("/v1/stations/<int:station_id>/workers", methods=["POST"])
@blueprint.arguments(schemas.StationWorkerIn)
@blueprint.response(201, schemas.StationWorkerOut)
@blueprint.doc(parameters=[KEY])
@allow("worker.register")
def register_worker(said: dict[str, Any], station_id: int) -> flask.Response:
    """给没有手机的人建档并代办：要有本人的纸质签字或电话录音编号。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> idempotency.Answer:
        station = _station(session, caller, "worker.register", station_id)
        row = profile.new_worker(session, now, station_id=station_id)
        word = _word(said["proof"], caller, station_id)
        for purpose in dict.fromkeys((texts.BASIC, *said["purposes"])):
            give(session, row.worker_id, purpose, word, now)
        grant = grants.grant_to_station(session, row.worker_id, station_id, caller, word, now)
        profile.save(session, row, {"region": station.region_code} | said["profile"], now, whole=True)
        audit.record(
            session,
            caller,
            "worker.register",
            "worker",
            row.worker_id,
            region_code=station.region_code,
            details={"station": station_id, "grant": grant.grant_id},
            for_worker=row.worker_id,
        )
        body: dict[str, Any] = schemas.StationWorkerOut().dump({"worker_id": row.worker_id, "grant": grant})
        return idempotency.Answer(201, body, {})

    return once(caller, work)


@blueprint.route("/v1/stations/<int:station_id>/workers/<int:worker_id>/grants", methods=["POST"])
@blueprint.arguments(schemas.GrantProofIn)
@blueprint.response(201, schemas.GrantOut)
@blueprint.doc(parameters=[KEY])
@allow("grant.take")
def take_grant(said: dict[str, Any], station_id: int, worker_id: int) -> flask.Response:
    """为本站建过档的人重新代办（到期了，或换了经办人），要有本人新的签字或录音编号。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> idempotency.Answer:
        station = _station(session, caller, "grant.take", station_id)
        row = profile.worker_of(session, worker_id, lock=True)
        require(caller, "grant.take", Owned(worker_id=worker_id, station_id=row.station_id))
        word = _word(said["proof"], caller, station_id)
        grant = grants.grant_to_station(session, worker_id, station_id, caller, word, now, said["scopes"])
        audit.record(
            session,
            caller,
            "grant.take",
            "grant",
            grant.grant_id,
            region_code=station.region_code,
            for_worker=worker_id,
        )
        body: dict[str, Any] = schemas.GrantOut().dump(grant)
        return idempotency.Answer(201, body, {})

    return once(caller, work)


def channel_of(request: flask.Request) -> str:
    """How a word came that was said with a button: WeChat's mini-programs name themselves in the referrer and the agent."""
    agent = request.headers.get("User-Agent", "")
    return "wechat" if "MicroMessenger" in agent or "servicewechat.com" in request.headers.get("Referer", "") else "web"


def _word(proof: dict[str, str], caller: Caller, station_id: int) -> Said:
    return Said(proof["channel"], caller.account_id, station_id=station_id, evidence=proof["evidence"])


def _station(session: Session, caller: Caller, permission: str, station_id: int) -> Station:
    row = session.get(Station, station_id)
    if row is None:
        raise NotFound("not_found", "没有找到，请检查编号。")
    require(caller, permission, Owned(station_id=row.station_id, region_code=row.region_code))
    return row


def _act(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": event.at,
        "action": event.action,
        "title": act_title(event.action),
        "role": event.role,
        "account_id": event.account_id,
        "acting_for": event.acting_for,
        "object_kind": event.object_kind,
        "object_id": event.object_id,
    }
