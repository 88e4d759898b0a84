"""What the API says of sources and their runs."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from service.feeds.models import ACTIONS, RUN_STATUSES
from service.fields import MAX_ID, In, Moment, Out, integer


class FeedPull(In):
    """How to pull."""

    full = fields.Boolean(load_default=False, metadata={"description": "取全部，而不是只取上次以后的变化"})


class FeedRunQuery(In):
    """Which runs."""

    before = integer(1, MAX_ID, metadata={"description": "从这一次往前接着列，第一页不填"})
    limit = integer(1, 200, load_default=50, metadata={"description": "一页多少条"})


class FeedReasonOut(Out):
    """How many records of a run ended with one reason."""

    outcome = fields.String(required=True)
    code = fields.String(required=True)
    count = fields.Integer(required=True)
    example = fields.String(required=True, metadata={"description": "一句话的例子"})


class FeedRunOut(Out):
    """One run: when, what came of it, why it stopped."""

    run_id = fields.Integer(required=True)
    action = fields.String(
        required=True, validate=validate.OneOf(ACTIONS), metadata={"description": "pull 取数据，replay 重新处理，rollback 撤回"}
    )
    status = fields.String(required=True, validate=validate.OneOf(RUN_STATUSES))
    status_name = fields.String(required=True)
    started_at = Moment(required=True)
    finished_at = Moment(required=True, allow_none=True)
    message = fields.String(required=True, metadata={"description": "为什么停止、失败，或哪里没有取全"})
    mode = fields.String(
        required=True, allow_none=True, metadata={"description": "full 全部，delta 只取变化，same 没有变化，replay 重新处理"}
    )
    read = fields.Integer(required=True)
    published = fields.Integer(required=True)
    created = fields.Integer(required=True, metadata={"description": "发布的里面新增的"})
    unchanged = fields.Integer(required=True)
    held = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    closed = fields.Integer(required=True, metadata={"description": "来源里不再有、已下架的"})
    duplicates = fields.Integer(required=True, metadata={"description": "与别的岗位是同一个、并到一起显示的"})
    reasons = fields.List(fields.Nested(FeedReasonOut), required=True)


class FeedRunPage(Out):
    """Newest first; ``next_before`` is null on the last page."""

    items = fields.List(fields.Nested(FeedRunOut), required=True)
    next_before = fields.Integer(required=True, allow_none=True)


class FeedOut(Out):
    """One source: who gives it, why we may show it, how far it is trusted, how it stands."""

    source = fields.String(required=True)
    name = fields.String(required=True)
    publisher = fields.String(required=True)
    source_class = fields.String(required=True)
    licence = fields.String(required=True)
    legal_basis = fields.String(required=True)
    rhythm = fields.String(required=True)
    trust = fields.Float(required=True, validate=validate.Range(0, 1))
    region_code = fields.String(required=True, allow_none=True)
    enabled = fields.Boolean(required=True)
    problem = fields.String(required=True, metadata={"description": "设置有误时的说明，没有就是空的"})
    shown = fields.Integer(required=True, metadata={"description": "正在展示的条数"})
    first_end = Moment(required=True, allow_none=True, metadata={"description": "最早到期的时间"})
    outcomes = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    last_run = fields.Nested(FeedRunOut, required=True, allow_none=True)


class FeedList(Out):
    """All sources there are."""

    items = fields.List(fields.Nested(FeedOut), required=True)


class FeedPullAnswer(Out):
    """The task that pulls. Its run is in the list of runs as soon as it has begun."""

    source = fields.String(required=True)
    task_id = fields.Integer(required=True, allow_none=True)


COUNTS: dict[str, Any] = dict.fromkeys(
    ("read", "published", "created", "unchanged", "held", "rejected", "closed", "duplicates"), 0
)
