"""The checking of papers: hand in, the queue of the staff, decide, suspend; and the lists of authorities."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import flask
from sqlalchemy.orm import Session

from service import clock
from service.accounts.access import allow, current_account
from service.accounts.permit import Owned, may_at_all, require
from service.answering import KEY, MATCH, once, respond, versioned
from service.blueprint import Blueprint
from service.employers import lists, queries, schemas, shown
from service.employers.claims import contested
from service.employers.credit_code import tidy
from service.employers.models import Verification
from service.employers.register import locked, locked_with_rivals, owned
from service.employers.routes import MISSING, answer, found
from service.employers.verify import Said, decide, reinstate, submit, suspend
from service.errors import Conflict, NotFound
from service.headers import require_match, unless_known
from service.idempotency import Answer
from service.sessions import read_session, write_session

blueprint = Blueprint("verifications", __name__, description="单位核验：提交、排队、决定、名单")
_MISSING = ("verification_not_found", "没有这份核验材料，请检查编号。")


def _answer(session: Session, row: Verification, now: datetime, *, status: int = 200, office: bool = False) -> Answer:
    location = f"/v1/verifications/{row.verification_id}" if status == 201 else ""
    return versioned(shown.verification(session, row, now, office=office), row.version, status=status, location=location)


def _office() -> bool:
    return may_at_all(current_account(), "verification.queue")


@blueprint.route("/v1/employers/<int:employer_id>/verification", methods=["POST"])
@blueprint.response(201, schemas.VerificationOut)
@blueprint.doc(parameters=[KEY])
@allow("verification.submit")
def hand_in(employer_id: int) -> flask.Response:
    """提交材料核验。缺什么会一次说全；`due_at` 是承诺给出结果的时间。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        employer = locked(session, employer_id)
        require(caller, "verification.submit", owned(employer), missing=MISSING)
        return _answer(session, submit(session, employer, caller, now), now, status=201)

    return once(caller, work)


@blueprint.route("/v1/employers/<int:employer_id>/verification", methods=["GET"])
@blueprint.response(200, schemas.VerificationOut)
@allow("verification.read")
def show_last(employer_id: int) -> flask.Response:
    """最近一次核验的进度和意见。"""
    now = clock.now()
    with read_session() as session:
        require(current_account(), "verification.read", owned(found(session, employer_id)), missing=MISSING)
        row = queries.last_round(session, employer_id)
        if row is None:
            raise NotFound("verification_none", "还没有提交过核验。")
        body, version = shown.verification(session, row, now, office=_office()), row.version
    return unless_known(flask.jsonify(body), version)


@blueprint.route("/v1/verifications", methods=["GET"])
@blueprint.arguments(schemas.QueueQuery, location="query")
@blueprint.response(200, schemas.QueuePage)
@allow("verification.queue")
def show_queue(query: dict[str, Any]) -> dict[str, Any]:
    """本地区的核验队列，最急的在前。"""
    now = clock.now()
    with read_session() as session:
        lines, following = queries.queue(session, current_account(), now=now, **query)
        doubly = contested(session, [line.employer for line in lines])
        items = [
            {
                "verification": line.verification,
                "employer": line.employer,
                "overdue": shown.overdue(line.verification, now),
                "contested": line.employer.employer_id in doubly,
            }
            for line in lines
        ]
        return {"items": items, "next": following}


@blueprint.route("/v1/verifications/<int:verification_id>", methods=["GET"])
@blueprint.response(200, schemas.VerificationOut)
@allow("verification.read")
def show_verification(verification_id: int) -> flask.Response:
    """一份核验材料；证照和单位信息在单位档案里。"""
    now = clock.now()
    with read_session() as session:
        row = queries.round_of(session, verification_id)
        require(current_account(), "verification.read", owned(found(session, row.employer_id)), missing=_MISSING)
        body, version = shown.verification(session, row, now, office=_office()), row.version
    return unless_known(flask.jsonify(body), version)


@blueprint.route("/v1/verifications/<int:verification_id>/decisions", methods=["POST"])
@blueprint.arguments(schemas.DecisionBody)
@blueprint.response(201, schemas.VerificationOut)
@blueprint.doc(parameters=[KEY, MATCH])
@allow("verification.decide")
def make_decision(said: dict[str, Any], verification_id: int) -> flask.Response:
    """通过、不通过或要求补充。自己提交的材料不能自己核验；别人先处理了会回 409，材料刚被改过会回 412。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        employer = locked_with_rivals(session, queries.round_of(session, verification_id).employer_id)
        row = queries.round_of(session, verification_id, lock=True)
        session.refresh(row)
        require(caller, "verification.decide", owned(employer), missing=_MISSING)
        if row.state == "pending":
            require_match(row.version)
        decision = Said(said["outcome"], tuple(said["reasons"]), said["sentence"], tuple(said["checked"]))
        decide(session, employer, row, decision, caller, now)
        return _answer(session, row, now, status=201, office=True)

    return once(caller, work)


@blueprint.route("/v1/employers/<int:employer_id>/suspension", methods=["POST"])
@blueprint.arguments(schemas.SuspendBody)
@blueprint.response(200, schemas.EmployerRecord)
@allow("employer.suspend")
def suspend_employer(said: dict[str, str], employer_id: int) -> flask.Response:
    """暂停一个单位的招聘：它的岗位立刻不再显示，恢复后自动显示。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        employer = locked(session, employer_id)
        require(caller, "employer.suspend", owned(employer), missing=MISSING)
        suspend(session, employer, said["reason"], said["note"], caller, now)
        made = answer(session, employer, now)
    return respond(made)


@blueprint.route("/v1/employers/<int:employer_id>/suspension", methods=["DELETE"])
@blueprint.response(200, schemas.EmployerRecord)
@allow("employer.suspend")
def reinstate_employer(employer_id: int) -> flask.Response:
    """恢复一个单位的招聘。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        employer = locked(session, employer_id)
        require(caller, "employer.suspend", owned(employer), missing=MISSING)
        reinstate(session, employer, caller, now)
        made = answer(session, employer, now)
    return respond(made)


@blueprint.route("/v1/employer-lists/imports", methods=["POST"])
@blueprint.arguments(schemas.ListImport)
@blueprint.response(201, schemas.ListTaken)
@blueprint.doc(parameters=[KEY])
@allow("employer.list")
def import_list(said: dict[str, Any]) -> flask.Response:
    """导入一份单位名单（欠薪、违规、已注销），没收的行逐行说明原因。同一份再导入一次不会重复。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        rows = said["rows"] if "rows" in said else lists.rows_of_csv(said["csv"])
        taken = lists.take_in(
            session, said["list"], rows, source=said["source"], source_url=said["source_url"], caller=caller, now=now
        )
        return Answer(201, schemas.ListTaken().dump(taken), {})

    return once(caller, work)


@blueprint.route("/v1/employer-lists/entries", methods=["GET"])
@blueprint.arguments(schemas.EntryQuery, location="query")
@blueprint.response(200, schemas.EntryPage)
@allow("employer.lists")
def show_entries(query: dict[str, Any]) -> dict[str, Any]:
    """名单上的单位，移出的也在，写明移出日期和原因。"""
    with read_session() as session:
        items, after = queries.entries(
            session, kind=query["list"], code=tidy(query["credit_code"]), after=query["after"], limit=query["limit"]
        )
        return {"items": items, "next_after": after}


@blueprint.route("/v1/employer-lists/entries/<int:entry_id>", methods=["PATCH"])
@blueprint.arguments(schemas.EntryRemoval)
@blueprint.response(200, schemas.EntryOut)
@blueprint.doc(parameters=[MATCH])
@allow("employer.list")
def remove_entry(said: dict[str, Any], entry_id: int) -> flask.Response:
    """把一个单位移出名单，记录保留。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        entry = queries.entry_of(session, entry_id)
        entry_owned = Owned(region_code=entry.region_code)
        require(caller, "employer.list", entry_owned, missing=("entry_not_found", "名单里没有这一条，请检查编号。"))
        if entry.removed_on is not None:
            raise Conflict("entry_removed", "这一条已经移出名单了。")
        require_match(entry.version)
        lists.take_out(session, entry, said["removed_on"], said["because"], caller, now)
        made = versioned(schemas.EntryOut().dump(entry), entry.version)
    return respond(made)
