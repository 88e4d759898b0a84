"""The JSON of upkeep."""

from __future__ import annotations

from marshmallow import fields, validate

from service.fields import In, Moment, Out, Text, integer
from service.jobs.schemas import MissingElement
from service.upkeep.remind import PAGE


class ReminderOut(Out):
    """A job of mine that needs a look."""

    job_id = fields.Integer(required=True)
    title = fields.String(required=True)
    what = fields.String(
        required=True,
        validate=validate.OneOf(("ends_soon", "stale")),
        metadata={"description": "ends_soon 快到期；stale 很久没有人说它还在招，已经排到后面"},
    )
    valid_until = Moment(required=True)
    days_left = fields.Integer(required=True)
    reminded_at = Moment(required=True, allow_none=True, metadata={"description": "什么时候提醒过这次到期"})
    advice = fields.String(required=True)


class RemindersQuery(In):
    """Which part of them."""

    cursor = Text(longest=64, load_default="", metadata={"description": "上一页给的 next"})
    limit = integer(1, PAGE, load_default=PAGE)


class RemindersAnswer(Out):
    """A page of them, the first to end first."""

    items = fields.List(fields.Nested(ReminderOut), required=True)
    next = fields.String(required=True, allow_none=True)


class GapOut(Out):
    """What is missing, and how often."""

    code = fields.String(attribute="element.code", required=True)
    name = fields.String(attribute="element.name", required=True)
    advice = fields.String(attribute="element.advice", required=True)
    jobs = fields.Integer(required=True, metadata={"description": "多少个岗位没写"})


class PoorJob(Out):
    """One job that lacks much."""

    job_id = fields.Integer(required=True)
    title = fields.String(required=True)
    score = fields.Integer(required=True)
    missing = fields.List(fields.Nested(MissingElement), required=True)


class EmployerQuality(Out):
    """How complete the open jobs of an employer are."""

    employer_id = fields.Integer(required=True)
    jobs = fields.Integer(required=True)
    score = fields.Integer(required=True, allow_none=True, metadata={"description": "平均完整度，0 到 100；没有岗位时是 null"})
    gaps = fields.List(fields.Nested(GapOut), required=True)
    items = fields.List(fields.Nested(PoorJob), required=True, metadata={"description": "最该补的岗位"})


class SourceQuality(Out):
    """How complete the open jobs of a source are."""

    source_key = fields.String(required=True)
    name = fields.String(required=True)
    jobs = fields.Integer(required=True)
    score = fields.Integer(required=True, metadata={"description": "平均完整度，0 到 100"})
    gaps = fields.List(fields.Nested(GapOut), required=True)


class SourcesAnswer(Out):
    """Every source."""

    items = fields.List(fields.Nested(SourceQuality), required=True)


class FreshAnswer(Out):
    """What is known now of how fresh a job is."""

    job_id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    confirmed_at = Moment(required=True, allow_none=True)
    verified_at = Moment(required=True, allow_none=True)
    valid_until = Moment(required=True)
