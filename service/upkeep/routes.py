"""What owners and staff see of freshness and completeness, and how somebody says that a job still stands."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service import audit, clock
from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.accounts.permit import Owned, require
from service.blueprint import Blueprint
from service.employers.models import Employer
from service.errors import NotFound
from service.jobs.models import Job
from service.jobs.origins import follows_its_source
from service.jobs.quality import quality
from service.jobs.queries import any_state
from service.sessions import read_session, write_session
from service.upkeep import schemas
from service.upkeep.remind import Due, due_for
from service.upkeep.scores import least_complete, of_employer, of_sources
from service.upkeep.stale import confirm, verify

blueprint = Blueprint("upkeep", __name__, description="岗位保鲜和完整度：提醒、确认、核实、打分")
_MISSING = ("employer_not_found", "没有这个单位，请检查编号。")


@blueprint.route("/v1/me/reminders", methods=["GET"])
@allow("job.remind")
@blueprint.arguments(schemas.RemindersQuery, location="query")
@blueprint.response(200, schemas.RemindersAnswer)
def my_reminders(query: dict[str, Any]) -> dict[str, Any]:
    """我的岗位里快到期的，和很久没有确认、已经排到后面的。"""
    now = clock.now()
    with read_session() as session:
        found, following = due_for(session, current_account(), now, cursor=query["cursor"], limit=query["limit"])
        return {"items": [_reminder(due, now) for due in found], "next": following}


def _reminder(due: Due, now: datetime) -> dict[str, Any]:
    job = due.job
    advice = "还在招就续期（renew），不招了请关闭。"
    if follows_its_source(job.source_key, job.original_id):
        advice = "还在招请重新提交一次，不招了请撤下。"
    if due.what == "stale":
        advice = "还在招就确认一下（confirm），会排回原来的位置；不招了请关闭。"
    return {
        "job_id": job.job_id,
        "title": job.title,
        "what": due.what,
        "valid_until": job.valid_until,
        "days_left": math.floor((job.valid_until - now).total_seconds() / 86_400),
        "reminded_at": due.reminded_at,
        "advice": advice,
    }


@blueprint.route("/v1/jobs/<int:job_id>/confirm", methods=["POST"])
@allow("job.confirm")
@blueprint.response(200, schemas.FreshAnswer)
def confirm_job(job_id: int) -> dict[str, Any]:
    """说明一个岗位还在招：有效期不变，排到后面的排回来。"""
    return _say(job_id, confirm)


@blueprint.route("/v1/jobs/<int:job_id>/verify", methods=["POST"])
@allow("job.verify")
@blueprint.response(200, schemas.FreshAnswer)
def verify_job(job_id: int) -> dict[str, Any]:
    """工作人员核实过一个岗位是真的、还在招（打过电话或到过现场）；自己发布的不能自己核实。"""
    return _say(job_id, verify)


def _say(job_id: int, act: Callable[[Session, Job, Caller, datetime], None]) -> dict[str, Any]:
    caller = current_account()
    with write_session() as session:
        job = any_state(session, job_id, lock=True)
        if job is None:
            raise NotFound("job_not_found", "没有这个岗位，请检查编号。")
        act(session, job, caller, clock.now())
        audit.record(session, caller, f"job.{act.__name__}", "job", job_id, region_code=job.region_code)
        names = ("job_id", "version", "confirmed_at", "verified_at", "valid_until")
        return {name: getattr(job, name) for name in names}


@blueprint.route("/v1/employers/<int:employer_id>/quality", methods=["GET"])
@allow("job.quality")
@blueprint.response(200, schemas.EmployerQuality)
def employer_quality(employer_id: int) -> dict[str, Any]:
    """一个单位正在招的岗位有多完整，缺什么，先补哪几个。"""
    now = clock.now()
    with read_session() as session:
        employer = session.get(Employer, employer_id)
        if employer is None:
            raise NotFound(*_MISSING)
        asked = Owned(employer_id=employer_id, region_code=employer.region_code)
        require(current_account(), "job.quality", asked, missing=_MISSING)
        score = of_employer(session, employer_id, now)
        poor = []
        for job in least_complete(session, employer_id, now):
            found = quality(job)
            if found.missing:
                poor.append({"job_id": job.job_id, "title": job.title, "score": found.score, "missing": found.missing})
    return {
        "employer_id": employer_id,
        "jobs": score.jobs if score else 0,
        "score": score.score if score else None,
        "gaps": score.gaps if score else (),
        "items": poor,
    }


@blueprint.route("/v1/sources/quality", methods=["GET"])
@allow("source.quality")
@blueprint.response(200, schemas.SourcesAnswer)
def source_quality() -> dict[str, Any]:
    """各个来源正在展示的岗位有多完整、缺什么；只算自己辖区里的。"""
    with read_session() as session:
        return {"items": of_sources(session, current_account(), clock.now())}
