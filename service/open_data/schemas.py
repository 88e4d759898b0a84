"""What may be asked of the open data, and the form of its lines."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from matching.model import KINDS
from service.fields import MAX_ID, Commas, Division, Flag, In, Moment, Out, Text, one_of
from service.open_data.position import LONGEST
from service.open_data.record import REASONS
from service.open_data.selection import Selection

MOST = 1_000
USUAL = 500
WAIT_MOST_SECONDS = 20
_KIND_NAMES = {"public": "公共招聘", "gig": "零工", "live": "直播带岗"}
_TRADE = r"^\d(-\d{2}){0,3}$"


class Filtered(In):
    """Which jobs."""

    kind = Commas(
        fields.String(validate=one_of(_KIND_NAMES)),
        load_default=list,
        validate=validate.Length(max=3),
        metadata={"description": "public 公共招聘、gig 零工、live 直播带岗，可用逗号连写"},
    )
    trade = Commas(
        fields.String(validate=validate.Regexp(_TRADE, error="请填职业分类代码或它的开头，例如 6-25 或 6-25-04-07。")),
        load_default=list,
        validate=validate.Length(max=50, error="最多 50 个。"),
        metadata={"description": "职业分类大典（2022）代码或它的开头，可用逗号连写，例如 6-25"},
    )
    region = Division(load_default="", metadata={"description": "行政区划代码或地名，含下级"})


def selection(query: dict[str, Any]) -> Selection:
    """What a query asks for."""
    return Selection(frozenset(query["kind"]), tuple(query["trade"]), query["region"])


class SnapshotQuery(Filtered):
    """A whole copy, or the rest of one."""

    after = fields.Integer(
        strict=False,
        validate=validate.Range(1, MAX_ID),
        metadata={"description": "接着下载：已经收到的最后一个岗位编号，要和 position 一起填"},
    )
    position = Text(shortest=1, longest=LONGEST, metadata={"description": "接着下载：第一行给出的 position"})

    @validates_schema
    def both_or_none(self, data: dict[str, Any], **_: Any) -> None:
        """A rest needs the position of its beginning, or what changed in between would be lost."""
        if ("after" in data) != ("position" in data):
            raise ValidationError("after 和 position 要一起填。", "position" if "after" in data else "after")


class StreamQuery(Filtered):
    """From where, how many, how long to wait."""

    since = Text(
        shortest=1, longest=LONGEST, required=True, metadata={"description": "快照第一行或上次回答给出的 position，原样填"}
    )
    limit = fields.Integer(load_default=USUAL, validate=validate.Range(1, MOST), metadata={"description": "最多几条变动"})
    wait = fields.Integer(
        load_default=0,
        validate=validate.Range(0, WAIT_MOST_SECONDS),
        metadata={"description": "没有变动时最多等几秒再回答；等的人太多时不等，回答带 Retry-After"},
    )


class ExportQuery(Filtered):
    """Which jobs of the own territory."""

    phones = Flag(load_default=False, metadata={"description": "带联系人和电话；要有这项权限，并且留痕"})


class LicenceOut(Out):
    """Under what the data are given."""

    decided = fields.Boolean(required=True, metadata={"description": "发布方是否已经确定许可；没有确定时 name 是「尚未确定」"})
    name = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)
    attribution = fields.String(required=True)
    terms = fields.List(fields.String(), required=True)


class ChangeOut(Out):
    """A line: the present state of a job (``job``), or that it is to be deleted (``tombstone``); docs/open-data.md has all."""

    type = fields.String(required=True, validate=validate.OneOf(["job", "tombstone"]))
    job_id = fields.Integer(required=True)
    kind = fields.String(required=True, allow_none=True, validate=validate.OneOf([*KINDS, None]))
    trade_codes = fields.List(fields.String(), required=True)
    region_code = fields.String(allow_none=True, metadata={"description": "只在 tombstone 里；岗位的在 place.region_code"})
    reason = fields.String(
        validate=validate.OneOf(REASONS),
        metadata={"description": "只在 tombstone 里：为什么删除；moved 是改出了所筛选的范围"},
    )
    duplicate_of = fields.Integer(
        metadata={"description": "只在 reason 是 duplicate 的 tombstone 里：同一份工作以哪个岗位为准；它可能不在所筛选的范围里"}
    )
    version = fields.Integer()
    title = fields.String()
    valid_until = Moment()
    place = fields.Dict(keys=fields.String())
    wage = fields.Dict(keys=fields.String())
    source = fields.Dict(keys=fields.String())


class StreamAnswer(Out):
    """Changes, and the position from which the next request goes on."""

    changes = fields.List(fields.Nested(ChangeOut), required=True)
    position = fields.String(required=True, metadata={"description": "下次的 since"})
    more = fields.Boolean(required=True, metadata={"description": "还有，请马上接着要"})
    at = Moment(required=True)
    licence = fields.Nested(LicenceOut, required=True)
