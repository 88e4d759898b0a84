"""What the API says to those who look after the sources."""

from __future__ import annotations

from marshmallow import fields, validate

from service.feeds.habits import KINDS, TOLD
from service.feeds.models import OUTCOMES, STEPS
from service.feeds.schemas import FeedRunOut
from service.feeds.undo import ENDINGS
from service.fields import MAX_ID, Flag, In, Moment, Out, Text, integer

_REPLAYED = tuple(step for step in STEPS if step != "fetched")


class FeedOddityOut(Out):
    """One thing out of habit."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(KINDS),
        metadata={"description": "broken 没有导入成，silent 很久没有导入，count 条数和平常不一样，reason 某个原因突然变多"},
    )
    what = fields.String(required=True, metadata={"description": "哪一个数、哪一个原因（代码）"})
    sentence = fields.String(required=True)
    value = fields.Float(required=True, allow_none=True)
    usual = fields.Float(required=True, allow_none=True, metadata={"description": "平常多少"})
    low = fields.Float(required=True, allow_none=True, metadata={"description": "平常最少"})
    high = fields.Float(required=True, allow_none=True, metadata={"description": "平常最多"})


class FeedUsualOut(Out):
    """What a count is as a rule."""

    median = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class FeedStandingOut(Out):
    """One source beside its habit."""

    source = fields.String(required=True)
    name = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    shown = fields.Integer(required=True, metadata={"description": "正在展示的条数"})
    last_run_id = fields.Integer(required=True, allow_none=True)
    last_run_status = fields.String(required=True, allow_none=True)
    last_run_at = Moment(required=True, allow_none=True)
    counts = fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(TOLD))),
        values=fields.Integer(),
        required=True,
        metadata={"description": "最近一次成功导入的条数"},
    )
    usual = fields.Dict(
        keys=fields.String(), values=fields.Nested(FeedUsualOut), required=True, metadata={"description": "平常的条数"}
    )
    oddities = fields.List(fields.Nested(FeedOddityOut), required=True)


class FeedStandingList(Out):
    """All sources, those out of habit first."""

    items = fields.List(fields.Nested(FeedStandingOut), required=True)


class FeedDigestQuery(In):
    """Which morning."""

    day = fields.Date(metadata={"description": "哪一天早上的，不填就是最近一次"})


class FeedDigestLine(Out):
    """One source in a digest. Counts of the last run, but for new and closed ones, which add up over the night."""

    source = fields.String(required=True, attribute="source_key")
    run_id = fields.Integer(required=True, allow_none=True)
    shown = fields.Integer(required=True)
    runs = fields.Integer(required=True, metadata={"description": "夜间导入了几次"})
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    oddities = fields.List(fields.Nested(FeedOddityOut), required=True)


class FeedDigestOut(Out):
    """The digest of a night: first what is out of habit."""

    day = fields.Date(required=True)
    made_at = Moment(required=True)
    out_of_habit = fields.List(fields.Nested(FeedDigestLine), required=True)
    in_habit = fields.List(fields.Nested(FeedDigestLine), required=True)
    reviews_overdue = fields.Integer(
        required=True,
        metadata={"description": "现在本地区（含下级）有几个岗位过了承诺的时间还没人看，见 GET /v1/reviews?overdue=true"},
    )


class FeedRunDetail(FeedRunOut):
    """One run: also what was out of habit in it, and whether it was taken back."""

    source = fields.String(required=True)
    remarks = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "只提醒、没有拦下的规则各提醒了多少条"},
    )
    oddities = fields.List(fields.Nested(FeedOddityOut), required=True)
    rolled_back_at = Moment(required=True, allow_none=True, metadata={"description": "什么时候整个撤回的"})
    rolls_back_id = fields.Integer(required=True, allow_none=True, metadata={"description": "这一次是在撤回第几次"})
    undone = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        allow_none=True,
        metadata={"description": "撤回的结果：各有多少个岗位（不是撤回的就没有）"},
    )
    blocked_by = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "后来又改了同一批岗位的导入：要撤回这一次，先从第一个开始撤回它们"},
    )


class FeedRecordQuery(In):
    """Which records of a run."""

    outcome = fields.String(validate=validate.OneOf(OUTCOMES), metadata={"description": "只看这一种结果"})
    reason = Text(longest=32, pattern=r"^[A-Za-z0-9_.:-]*$", metadata={"description": "只看这一种原因（代码）"})
    after = integer(0, MAX_ID, load_default=0, metadata={"description": "从这个编号后面接着列，第一页不填"})
    limit = integer(1, 200, load_default=50, metadata={"description": "一页多少条"})


class FeedRecordOut(Out):
    """One record as the run left it. ``raw`` is what the source said, telephone and identity numbers and names masked."""

    record_id = fields.Integer(required=True)
    row_no = fields.Integer(required=True)
    place = fields.String(required=True, metadata={"description": "在哪个文件、哪张工作表、第几行；不是从表格来的就是空的"})
    original_id = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    reason_code = fields.String(required=True)
    reason = fields.String(required=True)
    stopped_at = fields.String(required=True, metadata={"description": "停在哪一步"})
    job_id = fields.Integer(required=True, allow_none=True)
    raw = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class FeedRecordPage(Out):
    """In the order of their numbers; ``next_after`` is null on the last page.

    A record is kept as it was last seen: those that a later run has seen again are found there. ``seen_later`` says how many.
    """

    items = fields.List(fields.Nested(FeedRecordOut), required=True)
    next_after = fields.Integer(required=True, allow_none=True)
    seen_later = fields.Integer(required=True, metadata={"description": "这一次读到、后来的导入又读到的条数，要到后来那一次里看"})


class FeedRollback(In):
    """Whether only to say what would happen."""

    dry_run = Flag(load_default=True, metadata={"description": "true 只看会怎么样（不写 dry_run 也是），false 真的撤回"})


class FeedRollbackAnswer(Out):
    """What taking back would do; with ``dry_run`` false it is on its way, and stands in the list of runs when it has begun."""

    run_id = fields.Integer(required=True)
    source = fields.String(required=True)
    started = fields.Boolean(required=True)
    jobs = fields.Integer(required=True, metadata={"description": "这一次导入改动过的岗位"})
    endings = fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(ENDINGS))),
        values=fields.Integer(),
        required=True,
        metadata={"description": "；".join(f"{name} {words}" for name, words in ENDINGS.items())},
    )
    contacts = fields.Integer(required=True, metadata={"description": "其中要先拿掉电话的（历史里没有原来的电话）"})
    edited = fields.Integer(required=True, metadata={"description": "其中后来有人改过的，改过的内容保留"})


class FeedReplay(In):
    """From which step on."""

    step = fields.String(required=True, validate=validate.OneOf(_REPLAYED), metadata={"description": "从哪一步开始重新处理"})


class FeedReplayAnswer(Out):
    """The task that runs the steps again."""

    source = fields.String(required=True)
    task_id = fields.Integer(required=True, allow_none=True)
