"""Adverts that staff look at, what workers report, and employers that offend repeatedly."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import flask
from sqlalchemy.orm import Session

from service import clock
from service.accounts.access import allow, current_account
from service.accounts.permit import Owned, require
from service.answering import KEY, MATCH, once, respond, versioned
from service.blueprint import Blueprint
from service.employers.models import Employer
from service.employers.register import locked
from service.errors import NotFound
from service.headers import require_match, unless_known
from service.idempotency import Answer
from service.jobs import review_schemas as schemas
from service.jobs.models import Job
from service.jobs.permit import owned
from service.jobs.queries import any_state
from service.jobs.reviews import queue
from service.jobs.reviews.models import JobReview, RepeatObjection
from service.jobs.reviews.objections import MISSING as MISSING_OBJECTION
from service.jobs.reviews.objections import answer, answered_by_lift, last_of, object_to, objection_of, objections
from service.jobs.reviews.repeat import Record, lift, record_of
from service.jobs.reviews.reports import mine, report
from service.sessions import read_session, write_session

blueprint = Blueprint("reviews", __name__, description="岗位审看：待看队列、决定、举报、多次违规的单位")
_NO_JOB = ("job_not_found", "没有这个岗位，请检查编号。")
_NO_EMPLOYER = ("employer_not_found", "没有这个单位，请检查编号。")


@blueprint.route("/v1/reviews", methods=["GET"])
@blueprint.arguments(schemas.ReviewQuery, location="query")
@blueprint.response(200, schemas.ReviewPage)
@allow("review.read")
def show_reviews(query: dict[str, Any]) -> dict[str, Any]:
    """本地区要看的岗位，最急的在前：内容要人看的，和有人举报的。"""
    now = clock.now()
    with read_session() as session:
        lines, following = queue.queue(session, current_account(), now=now, **query)
        items = [{"review": review, "job": job, "overdue": _overdue(review, now)} for review, job in lines]
        return {"items": items, "next": following}


@blueprint.route("/v1/reviews/<int:review_id>", methods=["GET"])
@blueprint.response(200, schemas.ReviewOut)
@allow("review.read")
def show_review(review_id: int) -> flask.Response:
    """一个要看的岗位：原文、规则发现了什么、别人举报了什么。"""
    now = clock.now()
    with read_session() as session:
        review = queue.review_of(session, review_id)
        require(current_account(), "review.read", Owned(region_code=review.region_code), missing=queue.MISSING)
        body, version = _body(session, review, now), review.version
    return unless_known(flask.jsonify(body), version)


@blueprint.route("/v1/reviews/<int:review_id>/take", methods=["POST"])
@blueprint.response(200, schemas.ReviewOut)
@allow("review.decide")
def take_review(review_id: int) -> flask.Response:
    """领一个岗位来看，两小时内别人看不了；过时没决定自动放回。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        review = queue.review_of(session, review_id, lock=True)
        require(caller, "review.decide", Owned(region_code=review.region_code), missing=queue.MISSING)
        queue.take(review, caller, now)
        made = _answer(session, review, now)
    return respond(made)


@blueprint.route("/v1/reviews/<int:review_id>/decisions", methods=["POST"])
@blueprint.arguments(schemas.ReviewDecision)
@blueprint.response(201, schemas.ReviewOut)
@blueprint.doc(parameters=[KEY, MATCH])
@allow("review.decide")
def decide_review(said: dict[str, str], review_id: int) -> flask.Response:
    """可以显示、要修改、或下架。单位在岗位里看得到理由，举报人在“我的举报”里看得到结果。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        job = any_state(session, queue.review_of(session, review_id).job_id, lock=True)
        review = queue.review_of(session, review_id, lock=True)
        session.refresh(review)
        require(caller, "review.decide", Owned(region_code=review.region_code), missing=queue.MISSING)
        if job is None:
            raise NotFound(*_NO_JOB)
        if review.state in queue.OPEN:
            require_match(review.version)
        queue.decide(session, review, job, said["outcome"], said["reason"], said["sentence"], caller, now)
        return _answer(session, review, now, status=201)

    return once(caller, work)


@blueprint.route("/v1/jobs/<int:job_id>/reports", methods=["POST"])
@blueprint.arguments(schemas.ReportBody)
@blueprint.response(201, schemas.ReportOut)
@blueprint.doc(parameters=[KEY])
@allow("report.make")
def report_job(said: dict[str, str], job_id: int) -> flask.Response:
    """举报一个岗位，每人每个岗位一次。用人单位看不到是谁举报的；结果在“我的举报”里看。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        job = any_state(session, job_id, lock=True)
        if job is None:
            raise NotFound(*_NO_JOB)
        # One that is over can still be reported: whoever went there finds out afterwards.
        require(caller, "report.make", owned(job, public=job.status != "held"), missing=_NO_JOB)
        if caller.worker_id is None:
            raise NotFound("profile_missing", "请先登录工友账号再举报。")
        row = report(session, job, caller.worker_id, said["reason"], said["words"], now)
        return Answer(201, schemas.ReportOut().dump({"report": row, "title": job.title}), {"Location": "/v1/me/reports"})

    return once(caller, work)


@blueprint.route("/v1/me/reports", methods=["GET"])
@blueprint.arguments(schemas.ReportQuery, location="query")
@blueprint.response(200, schemas.ReportPage)
@allow("report.read")
def show_my_reports(query: dict[str, int]) -> dict[str, Any]:
    """我举报过的岗位，和处理的结果。"""
    caller = current_account()
    if caller.worker_id is None:
        return {"items": [], "next_after": None}
    with read_session() as session:
        rows, after = mine(session, caller.worker_id, after=query["after"], limit=query["limit"])
        return {"items": [{"report": row, "title": title} for row, title in rows], "next_after": after}


@blueprint.route("/v1/employers/<int:employer_id>/repeat-hold", methods=["GET"])
@blueprint.response(200, schemas.RepeatOut)
@allow("repeat.read")
def show_repeat(employer_id: int) -> Record:
    """一个单位的岗位因违规下架了几次，新岗位是不是先看后发。"""
    with read_session() as session:
        row = session.get(Employer, employer_id)
        if row is None:
            raise NotFound(*_NO_EMPLOYER)
        require(current_account(), "repeat.read", _of(row), missing=_NO_EMPLOYER)
        return _record(session, employer_id, clock.now())


@blueprint.route("/v1/employers/<int:employer_id>/repeat-hold/lifts", methods=["POST"])
@blueprint.arguments(schemas.RepeatLiftBody)
@blueprint.response(201, schemas.RepeatOut)
@blueprint.doc(parameters=[KEY])
@allow("repeat.lift")
def lift_repeat(said: dict[str, str], employer_id: int) -> flask.Response:
    """让一个整改好的单位重新开始：以前的下架不再算，新岗位不用先看后发。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        row = locked(session, employer_id)
        require(caller, "repeat.lift", _of(row), missing=_NO_EMPLOYER)
        lift(session, row, said["reason"], caller, now)
        answered_by_lift(session, row, said["reason"], caller, now)
        return Answer(201, schemas.RepeatOut().dump(_record(session, employer_id, now)), {})

    return once(caller, work)


@blueprint.route("/v1/employers/<int:employer_id>/repeat-hold/objections", methods=["POST"])
@blueprint.arguments(schemas.ObjectionBody)
@blueprint.response(201, schemas.ObjectionOut)
@blueprint.doc(parameters=[KEY])
@allow("objection.make")
def object_to_repeat(said: dict[str, str], employer_id: int) -> flask.Response:
    """对“新岗位先看后发”申诉，一次只能有一条在处理；答复在单位的违规记录里看。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        row = locked(session, employer_id)
        require(caller, "objection.make", _of(row), missing=_NO_EMPLOYER)
        made = object_to(session, row, said["words"], caller, now)
        return Answer(201, schemas.ObjectionOut().dump(made), {"Location": f"/v1/employers/{employer_id}/repeat-hold"})

    return once(caller, work)


@blueprint.route("/v1/objections", methods=["GET"])
@blueprint.arguments(schemas.ObjectionQuery, location="query")
@blueprint.response(200, schemas.ObjectionPage)
@allow("objection.read")
def show_objections(query: dict[str, Any]) -> dict[str, Any]:
    """本地区单位的申诉，最早的在前。"""
    now = clock.now()
    with read_session() as session:
        found, after = objections(session, current_account(), **query)
        return {"items": [_line(row, name, now) for row, name in found], "next_after": after}


@blueprint.route("/v1/objections/<int:objection_id>/answers", methods=["POST"])
@blueprint.arguments(schemas.ObjectionAnswer)
@blueprint.response(201, schemas.ObjectionOut)
@blueprint.doc(parameters=[KEY])
@allow("objection.answer")
def answer_objection(said: dict[str, Any], objection_id: int) -> flask.Response:
    """答复一条申诉：成立就马上恢复，以前的下架不再算；不成立要说明为什么。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        employer = locked(session, objection_of(session, objection_id).employer_id)
        require(caller, "objection.answer", _of(employer), missing=MISSING_OBJECTION)
        row = objection_of(session, objection_id, lock=True)
        session.refresh(row)
        answer(session, row, employer, right=said["upheld"], sentence=said["sentence"], caller=caller, now=now)
        return Answer(201, schemas.ObjectionOut().dump(row), {})

    return once(caller, work)


def _record(session: Session, employer_id: int, now: datetime) -> Record:
    return replace(record_of(session, employer_id, now), objection=last_of(session, employer_id))


def _line(row: RepeatObjection, name: str, now: datetime) -> dict[str, Any]:
    told = {field: getattr(row, field) for field in schemas.ObjectionOut().fields}
    return told | {"employer_name": name, "overdue": row.state == "waiting" and row.due_at < now}


def _of(row: Employer) -> Owned:
    return Owned(employer_id=row.employer_id, region_code=row.region_code)


def _overdue(review: JobReview, now: datetime) -> bool:
    return review.state in queue.OPEN and review.due_at < now


def _body(session: Session, review: JobReview, now: datetime) -> dict[str, Any]:
    job = session.get_one(Job, review.job_id)
    reports = queue.reports_of(session, review.review_id)
    found: dict[str, Any] = schemas.ReviewOut().dump(
        {"review": review, "job": job, "reports": reports, "overdue": _overdue(review, now)}
    )
    return found


def _answer(session: Session, review: JobReview, now: datetime, *, status: int = 200) -> Answer:
    return versioned(_body(session, review, now), review.version, status=status)
