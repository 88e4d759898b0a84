"""The jobs for a person by the profile, and the people for a job without who they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import flask
from marshmallow import fields

from service import clock
from service.accounts.access import allow, current_account
from service.accounts.permit import Owned, require
from service.blueprint import Blueprint
from service.consents import texts
from service.consents.reading import refuse_unnoted
from service.consents.record import has_consent
from service.errors import NotFound
from service.fields import Out
from service.jobs.hold import require_act
from service.jobs.queries import any_state
from service.matches import candidates as pool
from service.matches.wishes import wish_of
from service.rate_classes import limited
from service.search.fair import day_of
from service.search.routes import answer
from service.search.schemas import Page, SearchAnswer
from service.sessions import read_session, write_session
from service.workers.profile import worker_of

blueprint = Blueprint("matches", __name__, description="按档案找岗位；为岗位找人（不含姓名电话）")


class CandidateOut(Out):
    """Somebody who may fit: nothing that says who it is."""

    candidate = fields.String(required=True, metadata={"description": "只在这个岗位里有意义的代号"})
    score = fields.Integer(required=True)
    age_bracket = fields.String(required=True, allow_none=True)
    skills = fields.List(fields.String(), required=True)
    certificates = fields.List(fields.String(), required=True)
    distance_km = fields.Integer(required=True, allow_none=True, metadata={"description": "大约几公里"})


class CandidatesOut(Out):
    """The list."""

    items = fields.List(fields.Nested(CandidateOut), required=True)


@blueprint.route("/v1/me/matches", methods=["GET"])
@blueprint.arguments(Page, location="query")
@blueprint.response(200, SearchAnswer)
@allow("match.read")
@limited("search")
def my_matches(args: dict[str, Any]) -> flask.Response:
    """按我的档案现找的岗位，每条说明为什么合适。关掉了个人排序的，同样的岗位，次序不看个人情况。"""
    caller, now = current_account(), clock.now()
    with read_session() as session:
        row = worker_of(session, caller.worker_id)
        require(caller, "match.read", Owned(worker_id=row.worker_id))
        personal = row.personal_ranking and has_consent(session, row.worker_id, texts.RANKING, now)
    moment = clock.seconds(now)
    asked = wish_of(row, day_of(moment), moment)
    asked = asked._replace(query=replace(asked.query, personal=personal, limit=args["limit"]))
    # Another version of the profile, or the switch, is another question: its cursor is not good for this one.
    question = {"profile": row.worker_id, "version": row.version, "personal": personal, "fair": True}
    return answer(args | question, asked)


@blueprint.route("/v1/jobs/<int:job_id>/candidates", methods=["GET"])
@blueprint.response(200, CandidatesOut)
@allow("candidate.read")
def show_candidates(job_id: int) -> dict[str, Any]:
    """自己岗位的合适人选：年龄段、技能、大概距离，没有姓名和电话。每个人都能看到您看过。"""
    caller, now = current_account(), clock.now()
    with read_session() as session:
        job = any_state(session, job_id)
        if job is None:
            raise NotFound("job_not_found", "没有这个岗位，请返回列表看看别的。")
        require(caller, "candidate.read", Owned(employer_id=job.employer_id, public=job.status == "open"))
        require_act(session, job.employer, "candidates", now)
        found = pool.candidates(session, job, now)
    with refuse_unnoted(), write_session() as session:
        pool.note(session, job, caller, found.worker_ids, now, name=job.employer_name)
    return {"items": found.people}
