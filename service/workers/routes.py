"""A worker's own profile and hardship, and what an office may see and certify of them."""

from __future__ import annotations

from typing import Any

import flask
from sqlalchemy.orm import Session

from service import audit, clock
from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.accounts.models import Account
from service.accounts.permit import Owned, require
from service.answering import MATCH
from service.blueprint import Blueprint
from service.consents.reading import note_reading
from service.errors import NotFound
from service.headers import etag, require_match, unless_known
from service.sessions import read_session, write_session
from service.wechat.gate import require_fit
from service.wechat.safety import PROFILE
from service.workers import hardship, profile, schemas
from service.workers.models import Hardship, Worker

blueprint = Blueprint("workers", __name__, description="求职档案：三项就够，其余自愿")


@blueprint.route("/v1/me/profile", methods=["GET"])
@blueprint.response(200, schemas.ProfileOut)
@allow("profile.read")
def show_profile() -> flask.Response:
    """我的求职档案。年龄段每次现算，不存。"""
    caller = current_account()
    now = clock.now()
    with read_session() as session:
        row = profile.worker_of(session, caller.worker_id)
        require(caller, "profile.read", Owned(worker_id=row.worker_id))
        if caller.acting_for is None:
            return _shown(row)
    note_reading(caller, row.worker_id, ["profile"], "代办", now)
    return _shown(row)


@blueprint.route("/v1/me/profile", methods=["PUT"])
@blueprint.arguments(schemas.ProfileIn)
@blueprint.response(200, schemas.ProfileOut)
@allow("profile.edit")
def put_profile(said: dict[str, Any]) -> flask.Response:
    """写求职档案：工种或想干什么活，写一样就行。没填的项会清空；已有档案的要带 `If-Match`。"""
    return _save(said, whole=True)


@blueprint.route("/v1/me/profile", methods=["PATCH"])
@blueprint.arguments(schemas.ProfileIn)
@blueprint.response(200, schemas.ProfileOut)
@blueprint.doc(parameters=[MATCH])
@allow("profile.edit")
def patch_profile(said: dict[str, Any]) -> flask.Response:
    """改档案里的几项，只发要改的；发 null 就是删掉那一项。要带 `If-Match`。"""
    return _save(said, whole=False)


@blueprint.route("/v1/me/tags", methods=["DELETE"])
@blueprint.response(204)
@allow("profile.edit")
def delete_tags() -> None:
    """删掉按我的情况打的标签（工种、技能、偏好），并且不再按个人情况排序。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = profile.worker_of(session, caller.worker_id, lock=True)
        require(caller, "profile.edit", Owned(worker_id=row.worker_id))
        profile.delete_tags(session, row, now)
        audit.record(session, caller, "profile.delete_tags", "worker", row.worker_id, for_worker=row.worker_id)


@blueprint.route("/v1/me/hardships", methods=["GET"])
@blueprint.response(200, schemas.HardshipsOut)
@allow("hardship.claim")
def my_hardships() -> dict[str, Any]:
    """我登记的就业困难类别，核对了没有，到什么时候。"""
    caller = current_account()
    with read_session() as session:
        row = profile.worker_of(session, caller.worker_id)
        require(caller, "hardship.claim", Owned(worker_id=row.worker_id))
        items = hardship.of_worker(session, row.worker_id)
    if caller.acting_for is not None:
        note_reading(caller, row.worker_id, ["hardship"], "代办", clock.now())
    return {"items": items}


@blueprint.route("/v1/me/hardships", methods=["POST"])
@blueprint.arguments(schemas.ClaimIn)
@blueprint.response(201, schemas.HardshipOut)
@allow("hardship.claim")
def claim_hardship(said: dict[str, str]) -> Hardship:
    """登记一类就业困难情况，等驿站或人社部门核对。要先单独同意 hardship。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = profile.worker_of(session, caller.worker_id, lock=True)
        require(caller, "hardship.claim", Owned(worker_id=row.worker_id))
        made = hardship.claim(session, row.worker_id, said["category"], now)
        audit.record(session, caller, "hardship.claim", "hardship", made.hardship_id, for_worker=row.worker_id)
    return made


@blueprint.route("/v1/me/hardships/<int:hardship_id>", methods=["DELETE"])
@blueprint.response(204)
@allow("hardship.claim")
def drop_hardship(hardship_id: int) -> None:
    """删掉一条。"""
    caller = current_account()
    with write_session() as session:
        row = profile.worker_of(session, caller.worker_id, lock=True)
        require(caller, "hardship.claim", Owned(worker_id=row.worker_id))
        session.delete(hardship.by_id(session, row.worker_id, hardship_id))
        audit.record(session, caller, "hardship.drop", "hardship", hardship_id, for_worker=row.worker_id)


@blueprint.route("/v1/workers/<int:worker_id>/hardships", methods=["GET"])
@blueprint.response(200, schemas.HardshipsOut)
@allow("hardship.read")
def show_hardships(worker_id: int) -> dict[str, Any]:
    """经办人员查看一个人的就业困难类别。每次查看都留记录，本人能看到。"""
    caller = current_account()
    with read_session() as session:
        row = _case(session, caller, "hardship.read", worker_id)
    note_reading(caller, worker_id, ["hardship"], "核对就业困难类别", clock.now(), region_code=row.region_code)
    with read_session() as session:
        return {"items": hardship.of_worker(session, worker_id)}


@blueprint.route("/v1/workers/<int:worker_id>/hardships/<int:hardship_id>/decision", methods=["POST"])
@blueprint.arguments(schemas.DecisionIn)
@blueprint.response(200, schemas.HardshipOut)
@allow("hardship.certify")
def decide_hardship(said: dict[str, Any], worker_id: int, hardship_id: int) -> Hardship:
    """按台账核对一条：属实的写明台账和编号，到期要再核对。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = _case(session, caller, "hardship.certify", worker_id)
        found = hardship.by_id(session, worker_id, hardship_id)
        hardship.decide(
            session,
            found,
            caller,
            now,
            certified=said["certified"],
            register=said["register"],
            reference=said["reference"],
        )
        audit.record(
            session,
            caller,
            "hardship.certify",
            "hardship",
            hardship_id,
            region_code=row.region_code,
            details={"certified": said["certified"]},
            for_worker=worker_id,
        )
    return found


def _case(session: Session, caller: Caller, permission: str, worker_id: int) -> Worker:
    """A worker whom an office looks after; nobody else learns that there is such a person."""
    row = session.get(Worker, worker_id)
    if row is None or row.left_at is not None or row.erased_at is not None:
        raise NotFound("not_found", "没有找到，请检查编号。")
    require(caller, permission, Owned(worker_id=row.worker_id, station_id=row.station_id, region_code=row.region_code))
    return row


def _save(said: dict[str, Any], *, whole: bool) -> flask.Response:
    caller, now = current_account(), clock.now()
    require_fit(caller, {name: said.get(name) for name in ("display_name", "wish")}, PROFILE)
    with write_session() as session:
        row = profile.worker_of(session, caller.worker_id, lock=True)
        require(caller, "profile.edit", Owned(worker_id=row.worker_id))
        if row.updated_at is not None or not whole:
            require_match(row.version)
        profile.save(session, row, said, now, whole=whole)
        account = session.get_one(Account, caller.account_id)
        if caller.acting_for is None and "display_name" in said:
            account.display_name = row.display_name
        audit.record(
            session, caller, "profile.edit", "worker", row.worker_id, details={"fields": sorted(said)}, for_worker=row.worker_id
        )
        return _shown(row)


def _shown(row: Worker) -> flask.Response:
    response = flask.jsonify(schemas.ProfileOut().dump(row))
    return unless_known(response, row.version) if flask.request.method == "GET" else _tagged(response, row.version)


def _tagged(response: flask.Response, version: int) -> flask.Response:
    response.set_etag(etag(version, response.get_data()))
    return response
