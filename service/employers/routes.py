"""Employers: register, look, change, hand on, and their papers. The checking of papers is in ``verification_routes.py``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import flask
from sqlalchemy.orm import Session

from service import audit, clock
from service.accounts.access import allow, current_account, maybe_account
from service.accounts.permit import require
from service.answering import KEY, MATCH, once, respond, versioned
from service.blueprint import Blueprint
from service.employers import files, papers, schemas
from service.employers.models import Employer
from service.employers.register import (
    accounts_of,
    create_employer,
    edit_employer,
    locked,
    owned,
    remove_account,
    transfer_owner,
)
from service.employers.shown import card, record
from service.employers.tables import paper_names
from service.employers.upload import read_upload
from service.errors import Invalid, NotFound
from service.headers import require_match, unless_known
from service.idempotency import Answer
from service.rate_classes import limited
from service.sessions import read_session, settings, write_session
from service.uploads import form_body
from service.wechat.gate import require_fit
from service.wechat.safety import PROFILE

_SHOWN_TEXTS = ("name", "about")
blueprint = Blueprint("employers", __name__, description="单位：登记、证照、核验")
MISSING = ("employer_not_found", "没有这个单位，请检查编号。")
_UPLOAD = form_body("JPG 或 PNG，最多 10 MB", kind={"type": "string", "enum": list(paper_names())})


def found(session: Session, employer_id: int) -> Employer:
    """The row. Raises NotFound."""
    employer = session.get(Employer, employer_id)
    if employer is None:
        raise NotFound(*MISSING)
    return employer


def answer(session: Session, employer: Employer, now: datetime, *, status: int = 200) -> Answer:
    """The whole file, with its version."""
    location = f"/v1/employers/{employer.employer_id}/record" if status == 201 else ""
    return versioned(record(session, employer, now), employer.version, status=status, location=location)


@blueprint.route("/v1/employers", methods=["POST"])
@blueprint.arguments(schemas.EmployerDraft)
@blueprint.response(201, schemas.EmployerRecord)
@blueprint.doc(parameters=[KEY])
@allow("employer.create")
def register_employer(said: dict[str, Any]) -> flask.Response:
    """登记单位。登记的账号成为单位管理员；工作人员可以在窗口代为登记。"""
    caller = current_account()
    require_fit(caller, {name: said.get(name) for name in _SHOWN_TEXTS}, PROFILE)

    def work(session: Session, now: datetime) -> Answer:
        return answer(session, create_employer(session, said, caller, now), now, status=201)

    return once(caller, work)


@blueprint.route("/v1/employers/<int:employer_id>", methods=["GET"])
@blueprint.response(200, schemas.EmployerCard)
@allow.anyone("employer.read")
def show_employer(employer_id: int) -> flask.Response:
    """单位名片：核验过的单位谁都可以看，不含证照、经办人和联系方式。"""
    with read_session() as session:
        employer = found(session, employer_id)
        # What nobody has checked is not passed on under our name.
        shown = replace(owned(employer), public=employer.verified_at is not None)
        require(maybe_account(), "employer.read", shown, missing=MISSING)
        body, version = card(session, employer, clock.now()), employer.version
    return unless_known(flask.jsonify(body), version)


@blueprint.route("/v1/employers/<int:employer_id>/record", methods=["GET"])
@blueprint.response(200, schemas.EmployerRecord)
@allow("employer.record")
def show_record(employer_id: int) -> flask.Response:
    """单位档案：本单位和当地工作人员可以看，经办人姓名和号码只显示一部分。"""
    with read_session() as session:
        employer = found(session, employer_id)
        require(current_account(), "employer.record", owned(employer), missing=MISSING)
        body, version = record(session, employer, clock.now()), employer.version
    return unless_known(flask.jsonify(body), version)


@blueprint.route("/v1/employers/<int:employer_id>/handler", methods=["GET"])
@blueprint.response(200, schemas.Handler)
@allow("employer.handler")
@limited("contact")
def show_handler(employer_id: int) -> flask.Response:
    """经办人的完整姓名和身份证号码，核验时核对用。每次查看都会留痕。"""
    caller = current_account()
    with read_session() as session:
        employer = found(session, employer_id)
        require(caller, "employer.handler", owned(employer), missing=MISSING)
        region_code = employer.region_code
    audit.read_personal(
        caller, "employer", employer_id, fields=("handler_name", "handler_id"), action="employer.handler", region_code=region_code
    )
    with read_session() as session:
        response = flask.jsonify(schemas.Handler().dump(found(session, employer_id)))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/v1/employers/<int:employer_id>", methods=["PATCH"])
@blueprint.arguments(schemas.EmployerPatch)
@blueprint.response(200, schemas.EmployerRecord)
@blueprint.doc(parameters=[MATCH])
@allow("employer.edit")
def change_employer(said: dict[str, Any], employer_id: int) -> flask.Response:
    """修改单位信息，只发要改的项。改了名称、代码、类型、地区、经办人或许可证的，要重新核验。"""
    caller, now = current_account(), clock.now()
    require_fit(caller, {name: said.get(name) for name in _SHOWN_TEXTS}, PROFILE)
    with write_session() as session:
        employer = locked(session, employer_id)
        require(caller, "employer.edit", owned(employer), missing=MISSING)
        require_match(employer.version)
        edit_employer(session, employer, said, caller, now)
        made = answer(session, employer, now)
    return respond(made)


@blueprint.route("/v1/employers/<int:employer_id>/owner", methods=["POST"])
@blueprint.arguments(schemas.OwnerBody)
@blueprint.response(200, schemas.StaffList)
@allow("employer.transfer")
def hand_on(said: dict[str, int], employer_id: int) -> dict[str, Any]:
    """把单位管理员移交给本单位的另一个账号，自己变成招工员。"""
    caller = current_account()
    with write_session() as session:
        employer = locked(session, employer_id)
        require(caller, "employer.transfer", owned(employer), missing=MISSING)
        transfer_owner(session, employer, said["account_id"], caller)
        return {"items": accounts_of(session, employer_id)}


@blueprint.route("/v1/employers/<int:employer_id>/staff", methods=["GET"])
@blueprint.response(200, schemas.StaffList)
@allow("employer.staff")
def list_staff(employer_id: int) -> dict[str, Any]:
    """本单位的账号。"""
    with read_session() as session:
        require(current_account(), "employer.staff", owned(found(session, employer_id)), missing=MISSING)
        return {"items": accounts_of(session, employer_id)}


@blueprint.route("/v1/employers/<int:employer_id>/staff/<int:account_id>", methods=["DELETE"])
@blueprint.response(204)
@allow("employer.staff")
def remove_staff(employer_id: int, account_id: int) -> None:
    """移除离职人员的账号，立刻不能再登录。"""
    caller = current_account()
    with write_session() as session:
        employer = locked(session, employer_id)
        require(caller, "employer.staff", owned(employer), missing=MISSING)
        remove_account(session, employer, account_id, caller, clock.now())


@blueprint.route("/v1/employers/<int:employer_id>/papers", methods=["POST"])
@blueprint.response(201, schemas.PaperOut)
@blueprint.doc(parameters=[KEY], requestBody=_UPLOAD)
@allow("paper.edit")
@limited("upload")
def upload_paper(employer_id: int) -> flask.Response:
    """上传一张证照照片（JPG、PNG，最多 10 MB）。拍摄地点等附带信息会去掉，加密保存，只有核验人员能看。"""
    caller = current_account()
    with read_session() as session:
        require(caller, "paper.edit", owned(found(session, employer_id)), missing=MISSING)
    kind, content = read_upload(flask.request)
    if kind not in paper_names():
        choices = "、".join(f"{code}（{name}）" for code, name in paper_names().items())
        raise Invalid("paper_kind", "请说明是什么证照。", errors={"kind": [f"只能填这些之一：{choices}。"]})
    picture, scan_state = papers.look_at(settings(), content)
    paper = papers.put_away(settings(), picture)
    kept = False
    try:

        def work(session: Session, now: datetime) -> Answer:
            employer = locked(session, employer_id)
            require(caller, "paper.edit", owned(employer), missing=MISSING)
            made = papers.add_paper(session, employer, paper, kind=kind, scan_state=scan_state, caller=caller, now=now)
            location = f"/v1/employers/{employer_id}/papers/{made.paper_id}"
            return Answer(201, schemas.PaperOut().dump(made), {"Location": location})

        response = once(caller, work, content=kind.encode() + content)
        kept = "Idempotency-Replayed" not in response.headers
    finally:
        if not kept:
            files.remove(settings().files_dir, paper.file_name)
    return response


@blueprint.route("/v1/employers/<int:employer_id>/papers/<int:paper_id>", methods=["GET"])
@blueprint.response(200, content_type="image/jpeg", description="照片本身")
@allow("paper.read")
@limited("paper")
def show_paper(employer_id: int, paper_id: int) -> flask.Response:
    """看一张证照照片：单位管理员和当地核验人员可以看，每次查看都会留痕。"""
    caller = current_account()
    with read_session() as session:
        employer = found(session, employer_id)
        require(caller, "paper.read", owned(employer), missing=MISSING)
        papers.paper_of(session, employer_id, paper_id)
        region_code = employer.region_code
    audit.read_personal(caller, "paper", paper_id, fields=("picture",), action="paper.read", region_code=region_code)
    with read_session() as session:
        content = papers.content_of(settings(), papers.paper_of(session, employer_id, paper_id))
    response = flask.Response(content, mimetype="image/jpeg")
    response.headers["Content-Disposition"] = f'attachment; filename="paper-{paper_id}.jpg"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/v1/employers/<int:employer_id>/papers/<int:paper_id>", methods=["DELETE"])
@blueprint.response(204)
@allow("paper.edit")
def remove_paper(employer_id: int, paper_id: int) -> None:
    """撤下一张照片，之后谁也打不开。"""
    caller = current_account()
    with write_session() as session:
        employer = locked(session, employer_id)
        require(caller, "paper.edit", owned(employer), missing=MISSING)
        papers.remove_paper(session, employer, papers.paper_of(session, employer_id, paper_id), caller, clock.now())
