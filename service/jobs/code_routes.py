"""The code on a job's poster."""

from __future__ import annotations

import flask

from service import clock
from service.accounts.access import allow, maybe_account
from service.accounts.permit import require
from service.blueprint import Blueprint
from service.errors import NotFound
from service.headers import unless_known
from service.jobs.permit import owned
from service.jobs.queries import any_state
from service.rate_classes import limited
from service.sessions import read_session, settings
from service.wechat.codes import job_code
from service.wechat.errcodes import WechatError

blueprint = Blueprint("job_codes", __name__, description="岗位的小程序码或二维码")
_OVER = ("job_over", "没有这个岗位，或者它已经结束了，请看看别的。")


@blueprint.route("/v1/jobs/<int:job_id>/qr", methods=["GET"])
@allow.anyone("job.read")
@limited("job")
@blueprint.response(200, content_type="image/png", description="小程序码或二维码（PNG 或 JPEG）")
@blueprint.alt_response(404, success=False, description="没有这个岗位，或者它已经结束")
@blueprint.alt_response(503, success=False, description="微信没有回应")
def show_job_code(job_id: int) -> flask.Response:
    """岗位的小程序码，可以印在海报上；没有开通小程序时是普通二维码。"""
    with read_session() as session:
        job = any_state(session, job_id)
        if job is None:
            raise NotFound(*_OVER)
        shown = job.status == "open" and job.valid_until > clock.now()
        require(maybe_account(), "job.read", owned(job, public=shown), missing=_OVER)
    try:
        picture = job_code(settings(), job_id)
    except WechatError as trouble:
        raise trouble.refusal() from None
    response = flask.Response(picture.content, content_type=picture.content_type)
    response.headers["Content-Disposition"] = f'inline; filename="job-{job_id}"'
    return unless_known(response, picture.kind)
