"""What staff may say about duplicates. Everything else happens by itself, in ``tasks.py``."""

from __future__ import annotations

import flask
from marshmallow import fields

from service import clock
from service.accounts.access import allow, current_account
from service.blueprint import Blueprint
from service.duplicates.separate import separate
from service.errors import NotFound
from service.fields import Out
from service.jobs.queries import any_state
from service.sessions import write_session

blueprint = Blueprint("duplicates", __name__, description="重复岗位：同一个岗位只显示一次，认错了可以分开")


class Separated(Out):
    """The job stands for itself again; ``apart_from``: the jobs it is never joined with any more."""

    job_id = fields.Integer(required=True)
    apart_from = fields.List(fields.Integer(), required=True)


@blueprint.route("/v1/jobs/<int:job_id>/not-duplicate", methods=["POST"])
@allow("job.separate")
@blueprint.response(200, Separated)
@blueprint.alt_response(409, success=False, description="这个岗位现在没有并到别的岗位")
def separate_job(job_id: int) -> flask.Response:
    """认定这个岗位和并在一起的那些不是同一个：马上单独显示，以后也不会再并。"""
    caller = current_account()
    with write_session() as session:
        job = any_state(session, job_id, lock=True)
        if job is None:
            raise NotFound("job_not_found", "没有这个岗位，请检查编号。")
        others = separate(session, job, caller, clock.now())
    return flask.jsonify(Separated().dump({"job_id": job_id, "apart_from": others}))
