"""One job: look at it, publish, change, close, prolong, and check before publishing. Lists are in ``search``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import flask
from sqlalchemy.orm import Session

from service import audit, clock, idempotency
from service.accounts.access import allow, current_account, maybe_account
from service.accounts.caller import Caller
from service.accounts.permit import Owned, may, require
from service.answering import KEY, MATCH, once, respond, versioned
from service.blueprint import Blueprint
from service.errors import NotFound
from service.headers import require_match, unless_known
from service.jobs import bodies, schemas
from service.jobs.advert import Reading, read_advert
from service.jobs.checks import of_wechat, verdict
from service.jobs.close import close_own
from service.jobs.close import renew as renew_job
from service.jobs.draft import advert_of_draft
from service.jobs.edit import change_job
from service.jobs.findings import Finding
from service.jobs.hold import reasons_to_hold, standing_findings, standing_of
from service.jobs.models import Job
from service.jobs.permit import owned, require_change
from service.jobs.posting import job_posting
from service.jobs.publish import publish
from service.jobs.publisher import publisher_of
from service.jobs.quality import quality_row
from service.jobs.queries import any_state
from service.jobs.reviews.around import judge
from service.jobs.reviews.queue import answer_of, last_word
from service.jobs.settle import answer_for_station
from service.rate_classes import limited
from service.sessions import read_session, settings, write_session
from service.wechat.gate import wechat_fitness
from service.wechat.safety import FORUM
from service.workers.ages import refuse_minors
from service.workers.profile import birth_month_of

blueprint = Blueprint("jobs", __name__, description="岗位：查看、发布、修改、关闭、续期、发布前检查")

LD_JSON = "application/ld+json"
_OVER = ("job_over", "这个岗位已经下架，请看看别的。")
_SAY = {"publish": "可以发布。", "hold": "可以提交，但要等人看过才会显示。", "refuse": "还不能发布，请先改这几处。"}


@blueprint.route("/v1/jobs/<int:job_id>", methods=["GET"])
@allow.anyone("job.read")
@limited("job")
@blueprint.arguments(schemas.ViewQuery, location="query")
@blueprint.response(200, schemas.JobDetail)
@blueprint.alt_response(404, success=False, description="没有这个岗位，或者它已经结束")
def show_job(query: dict[str, str], job_id: int) -> flask.Response:
    """一个岗位的全部内容。`Accept: application/ld+json` 给出 schema.org JobPosting。

    和另一条是同一个岗位的，`duplicate_of` 和 `Link` 头指向列表里显示的那一条。
    """
    with read_session() as session:
        job = any_state(session, job_id)
        if job is None:
            raise NotFound("job_not_found", "没有这个岗位，请返回列表看看别的。")
        caller, whose = maybe_account(), owned(job, public=_is_shown(job))
        require(caller, "job.read", whose, missing=_OVER)
        body = _detail(session, job, clock.now())
        last = last_word(session, job_id) if may(caller, "job.edit", whose) else None
        if last is not None:
            # Whoever published it learns what staff decided and what to change; nobody else.
            body["review"] = schemas.ReviewNote().dump(
                {"outcome": last.outcome, "answer": answer_of(last), "decided_at": last.decided_at}
            )
        if may(caller, "job.quality", owned(job, public=False)):
            body["quality"] = schemas.QualityOut().dump(quality_row(job))
    if flask.request.accept_mimetypes.best_match(["application/json", LD_JSON]) == LD_JSON:
        response = flask.jsonify(job_posting(job, settings().open_data))
        response.mimetype = LD_JSON
    else:
        response = flask.jsonify(schemas.elder(body) if query["view"] == "elder" else body)
    if job.duplicate_of_id is not None:
        response.headers["Link"] = f'</v1/jobs/{job.duplicate_of_id}>; rel="canonical"'
    return unless_known(response, job.version)


@blueprint.route("/v1/jobs/<int:job_id>/contact", methods=["GET"])
@allow("job.contact")
@limited("contact")
@blueprint.response(200, schemas.ContactAnswer)
@blueprint.alt_response(404, success=False, description="没有这个岗位，或者它没有留电话")
def show_contact(job_id: int) -> flask.Response:
    """招聘联系人的完整电话，登录后才能看；每次查看都有记录。"""
    caller = current_account()
    with read_session() as session:
        job = any_state(session, job_id)
        if job is None:
            raise NotFound("job_not_found", "没有这个岗位，请返回列表看看别的。")
        whose = owned(job, public=_is_shown(job))
        require(
            caller, "job.contact", whose, missing=_OVER, refused=("contact_not_yours", "单位和平台账号只能看自己岗位的电话。")
        )
        if job.minors_barred and caller.worker_id is not None:
            refuse_minors(birth_month_of(session, caller.worker_id), clock.now())
        if not job.contact_phone:
            raise NotFound("no_contact", "这个岗位没有留电话，请看来源网址，或者到就业服务站问问。")
    if not may(caller, "job.edit", whose):
        # The poster's own number is no news to him; everybody else's look is noted first, or it does not happen.
        audit.read_personal(
            caller, "job", job_id, fields=["contact_phone"], action="job.contact", region_code=job.region_code,
            for_worker=caller.worker_id if caller.acting_for is not None else None,
        )  # fmt: skip
    response = flask.jsonify(schemas.ContactAnswer().dump(job))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/v1/jobs", methods=["POST"])
@allow("job.publish")
@blueprint.arguments(bodies.JobDraft)
@blueprint.response(201, schemas.Published)
@blueprint.doc(parameters=[KEY])
def publish_job(draft: dict[str, Any]) -> flask.Response:
    """发布一个岗位：公共招聘、零工、直播带岗都走这里。违反法律规定的会说明条款并拒绝。"""
    caller = current_account()
    seen = _seen_by_wechat(caller, draft)

    def work(session: Session, now: datetime) -> idempotency.Answer:
        job, findings = publish(session, draft, caller, now, seen)
        return _answer(session, job, 201, findings)

    return once(caller, work)


@blueprint.route("/v1/jobs/<int:job_id>", methods=["PATCH"])
@allow("job.edit")
@blueprint.arguments(bodies.JobPatch)
@blueprint.response(200, schemas.Published)
@blueprint.doc(parameters=[MATCH])
def edit_job(patch: dict[str, Any], job_id: int) -> flask.Response:
    """修改一个岗位，只发要改的项。要带 `If-Match`；别人先改过会回 412。"""
    caller = current_account()
    seen = _seen_by_wechat(caller, patch)
    with write_session() as session:
        job = _locked(session, job_id, caller, "job.edit")
        require_match(job.version)
        findings = change_job(session, job, patch, caller, clock.now(), seen)
        answer = _answer(session, job, 200, findings)
    return respond(answer)


@blueprint.route("/v1/jobs/<int:job_id>/close", methods=["POST"])
@allow("job.close")
@blueprint.arguments(bodies.CloseBody)
@blueprint.response(200, schemas.JobDetail)
def close_job(body: dict[str, str], job_id: int) -> flask.Response:
    """关闭一个岗位，立刻不再显示。已经关闭的再关一次也没关系。"""
    caller = current_account()
    with write_session() as session:
        job = _locked(session, job_id, caller, "job.close")
        close_own(session, job, body["reason"], caller, clock.now())
        answer = _answer(session, job, 200)
    return respond(answer)


@blueprint.route("/v1/jobs/<int:job_id>/renew", methods=["POST"])
@allow("job.renew")
@blueprint.arguments(bodies.RenewBody)
@blueprint.response(200, schemas.JobDetail)
@blueprint.doc(parameters=[KEY])
def prolong_job(body: dict[str, Any], job_id: int) -> flask.Response:
    """续期，最长半年。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> idempotency.Answer:
        job = _locked(session, job_id, caller, "job.renew")
        renew_job(session, job, body.get("valid_until"), caller, now)
        return _answer(session, job, 200)

    return once(caller, work)


@blueprint.route("/v1/jobs/<int:job_id>/acceptance", methods=["POST"])
@allow("gig.accept")
@blueprint.arguments(bodies.AcceptanceBody)
@blueprint.response(200, schemas.JobDetail)
def accept_gig(body: dict[str, bool], job_id: int) -> flask.Response:
    """驿站确认用人单位挂在本站的零工：同意后本站可以一起管理，不同意就和本站无关。"""
    caller = current_account()
    with write_session() as session:
        job = any_state(session, job_id, lock=True)
        station = None if job is None or job.gig is None else job.gig.station
        if job is None or station is None:
            raise NotFound("job_not_found", "没有这个岗位，请检查编号。")
        asked = Owned(station_id=station.station_id, region_code=station.region_code)
        require(caller, "gig.accept", asked, missing=("job_not_found", "没有这个岗位，请检查编号。"))
        answer_for_station(session, job, accepted=body["accepted"], caller=caller, now=clock.now())
        answer = _answer(session, job, 200)
    return respond(answer)


@blueprint.route("/v1/jobs/check", methods=["POST"])
@allow("job.check")
@blueprint.arguments(bodies.JobDraft)
@blueprint.response(200, schemas.CheckAnswer)
def check_job(draft: dict[str, Any]) -> flask.Response:
    """发布前检查：缺什么、哪句话不合法、哪里没读懂、单位材料是否齐全。不写入任何东西。"""
    now, caller = clock.now(), current_account()
    with read_session() as session:
        advert, poster = advert_of_draft(session, draft, caller)
        standing = standing_of(session, poster.employer, now)
        reading = read_advert(advert, now)
        findings = (*standing_findings(standing), *judge(session, advert, reading, now))
    outcome = verdict(findings)
    station_id = advert.gig.station_id if advert.gig else None
    if outcome == "publish" and reasons_to_hold(None, findings, standing, station_id, caller):
        outcome = "hold"
    return flask.jsonify(
        schemas.CheckAnswer().dump(
            {"verdict": outcome, "message": _SAY[outcome], "findings": findings, "understood": _understood(reading)}
        )
    )


def _understood(reading: Reading) -> dict[str, Any]:
    row = Job(**reading.fields)
    return {
        "wage": schemas.Wage().dump(row),
        "age": schemas.Age().dump(row),
        "place": schemas.Place().dump(row),
        "trades": schemas.trades_of(row.trade_codes),
        "tags": row.tags,
        "settlement": row.settlement,
        "shift": row.shift,
    }


def _is_shown(job: Job) -> bool:
    return job.status == "open" and job.valid_until > clock.now()


def _seen_by_wechat(caller: Caller, said: dict[str, Any]) -> tuple[Finding, ...]:
    """What WeChat thinks of the words, where it can be asked; before the transaction, since that may take seconds."""
    text = "\n".join(said[name] for name in ("title", "description") if isinstance(said.get(name), str))
    return of_wechat(wechat_fitness(caller, text, FORUM))


def _locked(session: Session, job_id: int, caller: Caller, name: str) -> Job:
    """The row, held until the transaction ends. Whoever may not change it does not get as far as its version."""
    job = any_state(session, job_id, lock=True)
    if job is None:
        raise NotFound("job_not_found", "没有这个岗位，请检查编号。")
    require_change(caller, name, job)
    return job


def _detail(session: Session, job: Job, now: datetime) -> dict[str, Any]:
    body: dict[str, Any] = schemas.JobDetail().dump(job)
    return body | {
        "publisher": schemas.PublisherLine().dump(publisher_of(session, job, now)),
        "duplicate_of": schemas.duplicate_line(job),
    }


def _answer(session: Session, job: Job, status: int, findings: tuple[Finding, ...] | None = None) -> idempotency.Answer:
    session.expire(job)
    fresh = any_state(session, job.job_id)
    assert fresh is not None  # noqa: S101  written in this very transaction
    body = _detail(session, fresh, clock.now())
    answer = versioned(body, fresh.version, status=status, location=f"/v1/jobs/{fresh.job_id}" if status == 201 else "")
    if findings is not None:
        body["findings"] = schemas.FindingOut(many=True).dump(findings)
    return answer
