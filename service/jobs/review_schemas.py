"""The JSON of adverts to be looked at, of reports, and of employers that offend repeatedly."""

from __future__ import annotations

from marshmallow import fields, validate

from service.fields import MAX_ID, Flag, In, Moment, Out, Text, integer, one_of
from service.jobs.reviews.models import CAUSES, OBJECTION_STATES, REPORT_STATES, REVIEW_STATES
from service.jobs.reviews.objections import WORDS_LENGTH as WORDS_OF_OBJECTION
from service.jobs.reviews.reports import WORDS_LENGTH
from service.jobs.reviews.tables import OUTCOMES, report_reasons
from service.jobs.schemas import FindingOut

_REASONS = {reason.code: reason.title for reason in report_reasons().values()}


class ReviewQuery(In):
    """Which adverts."""

    state = fields.String(
        load_default="open",
        validate=validate.OneOf(("open", *REVIEW_STATES)),
        metadata={"description": "open 还没处理的（waiting 没人看，taken 有人在看）；decided 已决定；mended 单位已自己改好"},
    )
    overdue = Flag(load_default=False, metadata={"description": "只看超过承诺时间的"})
    mine = Flag(load_default=False, metadata={"description": "只看我领的"})
    cursor = Text(longest=64, load_default="")
    limit = integer(1, 100, load_default=20)


class ReviewLine(Out):
    """An advert in the queue."""

    review_id = fields.Integer(attribute="review.review_id", required=True)
    job_id = fields.Integer(attribute="job.job_id", required=True)
    kind = fields.String(attribute="job.kind", required=True)
    title = fields.String(attribute="job.title", required=True)
    employer_name = fields.String(attribute="job.employer_name", required=True)
    region_code = fields.String(attribute="review.region_code", required=True)
    causes = fields.List(
        fields.String(validate=validate.OneOf(CAUSES)),
        attribute="review.causes",
        required=True,
        metadata={"description": "advert 内容要人看，report 有人举报"},
    )
    state = fields.String(attribute="review.state", required=True, validate=validate.OneOf(REVIEW_STATES))
    opened_at = Moment(attribute="review.opened_at", required=True)
    due_at = Moment(attribute="review.due_at", required=True)
    overdue = fields.Boolean(required=True)
    taken_by = fields.Integer(attribute="review.taken_by", required=True, allow_none=True, metadata={"description": "账号编号"})


class ReviewPage(Out):
    """A page of the queue, the most urgent first."""

    items = fields.List(fields.Nested(ReviewLine), required=True)
    next = fields.String(required=True, allow_none=True)


class ReportLine(Out):
    """What somebody reported; who it was is not shown."""

    report_id = fields.Integer(required=True)
    reason = fields.String(required=True, validate=validate.OneOf(list(_REASONS)))
    reason_title = fields.Function(lambda row: _REASONS.get(row.reason, ""), required=True, metadata={"type": "string"})
    words = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(REPORT_STATES))
    reported_at = Moment(required=True)


class ReviewOut(ReviewLine):
    """An advert to be looked at, whole."""

    description = fields.String(attribute="job.description", required=True)
    wage = fields.String(attribute="job.wage_text", required=True)
    age = fields.String(attribute="job.age_text", required=True)
    status = fields.String(attribute="job.status", required=True)
    findings = fields.List(fields.Nested(FindingOut), attribute="review.findings", required=True)
    reports = fields.List(fields.Nested(ReportLine), required=True)
    outcome = fields.String(
        attribute="review.outcome",
        required=True,
        validate=validate.OneOf(("", *OUTCOMES)),
        metadata={"description": "还没决定为空"},
    )
    reason = fields.String(attribute="review.reason", required=True)
    sentence = fields.String(attribute="review.sentence", required=True)
    decided_at = Moment(attribute="review.decided_at", required=True, allow_none=True)
    version = fields.Integer(attribute="review.version", required=True)


class ReviewDecision(In):
    """What is decided, and why."""

    outcome = fields.String(required=True, validate=one_of(OUTCOMES))
    reason = Text(longest=32, shortest=1, required=True, metadata={"description": "理由代码，填错时会列出可选的"})
    sentence = Text(longest=300, load_default="", metadata={"description": "给单位和举报人看的一句说明；理由选 other 时必填"})


class ReportBody(In):
    """Why an advert is reported."""

    reason = fields.String(required=True, validate=one_of(_REASONS))
    words = Text(longest=WORDS_LENGTH, load_default="", metadata={"description": "想补充的话，可以不写；电话和证件号不会保留"})


class ReportOut(Out):
    """A report of one's own, and what came of it."""

    report_id = fields.Integer(attribute="report.report_id", required=True)
    job_id = fields.Integer(attribute="report.job_id", required=True)
    title = fields.String(required=True)
    reason = fields.String(attribute="report.reason", required=True, validate=validate.OneOf(list(_REASONS)))
    reason_title = fields.Function(lambda row: _REASONS.get(row["report"].reason, ""), required=True, metadata={"type": "string"})
    words = fields.String(attribute="report.words", required=True)
    state = fields.String(
        attribute="report.state",
        required=True,
        validate=validate.OneOf(REPORT_STATES),
        metadata={"description": "open 处理中，upheld 属实、已处理，dismissed 没有查到"},
    )
    answer = fields.String(attribute="report.answer", required=True, metadata={"description": "处理结果，处理中为空"})
    reported_at = Moment(attribute="report.reported_at", required=True)
    answered_at = Moment(attribute="report.answered_at", required=True, allow_none=True)


class ReportQuery(In):
    """Which page of one's reports."""

    after = integer(0, MAX_ID, load_default=0, metadata={"description": "上一页给的 next_after"})
    limit = integer(1, 100, load_default=20)


class ReportPage(Out):
    """One's reports, the newest first."""

    items = fields.List(fields.Nested(ReportOut), required=True)
    next_after = fields.Integer(required=True, allow_none=True)


class ObjectionOut(Out):
    """What an employer objects, and the answer."""

    objection_id = fields.Integer(required=True)
    employer_id = fields.Integer(required=True)
    words = fields.String(required=True)
    state = fields.String(
        required=True,
        validate=validate.OneOf(OBJECTION_STATES),
        metadata={"description": "waiting 处理中，upheld 申诉成立、已恢复，dismissed 不成立"},
    )
    answer = fields.String(required=True, metadata={"description": "答复，处理中为空"})
    made_at = Moment(required=True)
    due_at = Moment(required=True, metadata={"description": "答应最晚什么时候答复"})
    answered_at = Moment(required=True, allow_none=True)


class ObjectionLine(ObjectionOut):
    """An objection in the list of an office."""

    employer_name = fields.String(required=True)
    overdue = fields.Boolean(required=True)


class ObjectionQuery(In):
    """Which objections."""

    state = fields.String(load_default="waiting", validate=validate.OneOf(OBJECTION_STATES))
    after = integer(0, MAX_ID, load_default=0, metadata={"description": "上一页给的 next_after"})
    limit = integer(1, 100, load_default=20)


class ObjectionPage(Out):
    """Objections of a territory, the oldest first."""

    items = fields.List(fields.Nested(ObjectionLine), required=True)
    next_after = fields.Integer(required=True, allow_none=True)


class ObjectionBody(In):
    """Why an employer objects."""

    words = Text(
        shortest=4, longest=WORDS_OF_OBJECTION, required=True, metadata={"description": "哪里不对，或者怎么整改的；电话不会保留"}
    )


class ObjectionAnswer(In):
    """Whether an employer is right, and why."""

    upheld = Flag(required=True, metadata={"description": "true 申诉成立，马上恢复；false 不成立"})
    sentence = Text(shortest=4, longest=300, required=True, metadata={"description": "给单位看的一句说明"})


class RepeatOut(Out):
    """How often an employer's adverts were taken down, and whether its new ones are looked at first."""

    held = fields.Boolean(required=True, metadata={"description": "新岗位是否先看后发"})
    upheld = fields.Integer(required=True, metadata={"description": "期间因违规下架的岗位数"})
    limit = fields.Integer(attribute="rule.upheld", required=True)
    days = fields.Integer(attribute="rule.days", required=True)
    since = Moment(required=True)
    article = fields.String(attribute="rule.article", required=True)
    lifted_at = Moment(attribute="lifted.lifted_at", required=True, allow_none=True, dump_default=None)
    lifted_reason = fields.String(attribute="lifted.reason", required=True, dump_default="")
    objection = fields.Nested(
        ObjectionOut, required=True, allow_none=True, metadata={"description": "单位最近一次申诉，没有就是 null"}
    )


class RepeatLiftBody(In):
    """Why an employer may start anew."""

    reason = Text(shortest=4, longest=300, required=True, metadata={"description": "为什么恢复，例如整改情况"})
