"""Group messages: a pasted one to drafts, and a job to a text for a group."""

from __future__ import annotations

import unicodedata
from typing import Any

import flask
from marshmallow import ValidationError, fields, validate

from matching.pasted import MOST_CHARS
from matching.rules import trade
from service import clock
from service.accounts.access import allow, current_account, maybe_account
from service.accounts.permit import may, require
from service.blueprint import Blueprint
from service.errors import NotFound
from service.fields import In, Money, Out
from service.jobs.checks import verdict
from service.jobs.group_text import text_of
from service.jobs.pasted import Pasted, drafts_of
from service.jobs.permit import owned
from service.jobs.queries import any_state
from service.jobs.schemas import WAGE_UNITS, FindingOut, region_name
from service.rate_classes import limited
from service.sessions import read_session, settings
from service.wechat.codes import look_for

blueprint = Blueprint("pasted_jobs", __name__, description="群消息：粘贴的招工消息读成草稿，岗位写成群消息")
_OVER = ("job_over", "没有这个岗位，或者它已经结束了，请看看别的。")
_NOTHING = "没有读出招工信息，请粘贴群里的招工消息原文。"


class PastedMessage(fields.String):
    """A message exactly as it was pasted: places are counted in it, so nothing may be taken out of it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **options))
        if any(unicodedata.category(char) == "Cs" for char in text):
            raise ValidationError("文字里有不完整的符号，请重新复制再粘贴。")
        return text


class ParseBody(In):
    """What was pasted."""

    text = PastedMessage(
        required=True,
        validate=validate.Length(1, MOST_CHARS, error=f"一次最多 {MOST_CHARS} 个字，请分几次粘贴。"),
        metadata={"description": "群里的招工消息原文，可以有几个岗位"},
    )


class PastedWage(Out):
    """Pay as read, in the unit."""

    text = fields.String(required=True)
    min = Money(required=True, allow_none=True)
    max = Money(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True, validate=validate.OneOf(WAGE_UNITS))
    min_yuan_month = fields.Integer(required=True, allow_none=True)
    max_yuan_month = fields.Integer(required=True, allow_none=True)
    negotiable = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)


class MissingOut(Out):
    """A field that the message leaves open."""

    field = fields.String(required=True, metadata={"description": "POST /v1/jobs 里的名字，例如 employer_name、gig.starts_at"})
    advice = fields.String(required=True)


class PastedJob(Out):
    """One job of the message."""

    title = fields.String(required=True)
    trade = fields.String(required=True, allow_none=True, metadata={"description": "职业代码"})
    trade_name = fields.String(required=True)
    headcount = fields.Integer(required=True, allow_none=True)
    age_min = fields.Integer(required=True, allow_none=True)
    age_max = fields.Integer(required=True, allow_none=True)
    wage = fields.Nested(PastedWage, required=True, allow_none=True)
    region = fields.String(required=True, allow_none=True, metadata={"description": "12 位行政区划代码"})
    region_name = fields.String(required=True)
    region_open = fields.List(fields.String(), required=True, metadata={"description": "地名有几处时的候选代码，请选一个"})
    address = fields.String(required=True, allow_none=True)
    benefits = fields.List(fields.String(), required=True)
    shift = fields.String(required=True, allow_none=True)
    settlement = fields.String(required=True, allow_none=True)
    start = fields.String(required=True, allow_none=True, metadata={"description": "日期，或原话（随时、马上）"})
    contact_phone = fields.String(required=True, allow_none=True)
    contact_name = fields.String(required=True, allow_none=True, metadata={"description": "写在电话旁边的称呼；没有就是空"})
    employer_name = fields.String(
        required=True, allow_none=True, metadata={"description": "原文里写的招人单位；读不准的不填，请补上"}
    )
    spans = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "每一项从原文哪里读到：若干 [起, 止)，按字（Unicode 码点）数，从 0 开始"},
    )
    missing = fields.List(
        fields.Nested(MissingOut), required=True, metadata={"description": "原文没写、发布前要补的内容，一项一句话"}
    )
    draft = fields.Dict(keys=fields.String(), required=True, metadata={"description": "核对后可直接用于 POST /v1/jobs"})
    elsewhere = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "您不能用 POST /v1/jobs 发布这一类岗位时，一句话说明在哪里发布；能发布就是空"},
    )
    verdict = fields.String(required=True, validate=validate.OneOf(("publish", "hold", "refuse")))
    findings = fields.List(fields.Nested(FindingOut), required=True)


class ParseAnswer(Out):
    """What was read out of a message."""

    message = fields.String(required=True)
    jobs = fields.List(fields.Nested(PastedJob), required=True)


class GroupTextAnswer(Out):
    """A short text to paste into a group."""

    job_id = fields.Integer(required=True)
    text = fields.String(required=True)
    with_phone = fields.Boolean(required=True, metadata={"description": "只有发布这个岗位的人拿到的文字里有电话"})


@blueprint.route("/v1/jobs/parse", methods=["POST"])
@allow("job.parse")
@blueprint.arguments(ParseBody)
@blueprint.response(200, ParseAnswer)
def parse_jobs(body: dict[str, str]) -> flask.Response:
    """把群里的招工消息读成岗位草稿，每一项都说明从原文哪里读到；几个岗位会分开。不写入任何东西，核对后再发布。"""
    caller, now = current_account(), clock.now()
    with read_session() as session:
        found, unread = drafts_of(session, body["text"], caller, now)
    told = f"读出 {len(found)} 个岗位，请逐项核对后再发布。{unread}" if found else _NOTHING
    if elsewhere := sum(bool(one.elsewhere) for one in found):
        told += f"其中 {elsewhere} 个是长期岗位，驿站不能在这里发布，请看每个岗位的说明。"
    response = flask.jsonify(ParseAnswer().dump({"message": told, "jobs": [_shown(one) for one in found]}))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/v1/jobs/<int:job_id>/group-text", methods=["GET"])
@allow.anyone("job.read")
@limited("job")
@blueprint.response(200, GroupTextAnswer)
@blueprint.alt_response(404, success=False, description="没有这个岗位，或者它已经结束")
def show_group_text(job_id: int) -> flask.Response:
    """把岗位写成一小段文字，可以直接粘贴到群里。只有发布者自己拿到的文字带电话，其他人看到去哪里查看。"""
    caller = maybe_account()
    with read_session() as session:
        job = any_state(session, job_id)
        if job is None:
            raise NotFound(*_OVER)
        whose = owned(job, public=job.status == "open" and job.valid_until > clock.now())
        require(caller, "job.read", whose, missing=_OVER)
        with_phone = bool(job.contact_phone) and may(caller, "job.edit", whose)
        text = text_of(job, look_for(settings(), job_id), with_phone=with_phone)
    response = flask.jsonify(GroupTextAnswer().dump({"job_id": job_id, "text": text, "with_phone": with_phone}))
    response.headers["Cache-Control"] = "no-store"
    return response


def _shown(one: Pasted) -> dict[str, Any]:
    known = trade.occupation(one.read.trade) if one.read.trade else None
    return {
        **one.read.shown(),
        "trade_name": known.name if known else "",
        "region_name": region_name(one.read.region or ""),
        "region_open": list(one.read.region_open),
        "draft": one.draft,
        "verdict": verdict(one.findings),
        "findings": one.findings,
        "elsewhere": one.elsewhere or None,
        "missing": [{"field": name, "advice": advice} for name, advice in one.missing],
    }
