"""The JSON of streams."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from service.fields import Division, Few, Flag, In, Moment, Out, Text, integer
from service.jobs.advert import LENGTHS
from service.jobs.bodies import JobPatch
from service.jobs.contacts import without_contacts
from service.jobs.models import LiveListing
from service.jobs.schemas import FindingOut, Public, region_name
from service.live.listings import Written
from service.live.running_order import Heading
from service.live.streams import PAGE
from service.live.tables import bounds, columns
from service.log_masks import mask_text

CODE = r"^[A-Za-z0-9][A-Za-z0-9-]{2,31}$"
MOST = bounds()["listings"]
_WHOLE = "true：这就是全部岗位，没有写到的号撤下"


class ListingDraft(JobPatch):
    """A numbered listing: an advert, its number, the slot."""

    class Meta(JobPatch.Meta):
        exclude = ("gig", "live")

    title = Text(shortest=2, longest=LENGTHS["title"], required=True)
    employer_name = Text(longest=LENGTHS["employer_name"], metadata={"description": "用人单位；单位账号自动填写"})
    listing_no = integer(1, 9_999, required=True, metadata={"description": "几号链接"})
    slot = Text(longest=64, load_default="", metadata={"description": "哪一场、哪个时段，例如“第一场 电子厂专场”"})
    slot_starts_at = Moment(allow_none=True, load_default=None)


class StreamDraft(In):
    """A new stream."""

    code = Text(longest=32, pattern=CODE, metadata={"description": "场次编号；不填自动生成"})
    title = Text(shortest=2, longest=128, required=True)
    host = Text(shortest=1, longest=64, required=True, metadata={"description": "主播或主持单位"})
    platform = Text(shortest=1, longest=32, required=True, metadata={"description": "例如 视频号、快手、抖音"})
    room = Text(shortest=1, longest=256, required=True, metadata={"description": "直播间名称或网址"})
    licence = Text(longest=64, metadata={"description": "人力资源服务许可证编号；公共就业服务机构主办的填机构名称"})
    region = Division(metadata={"description": "只有部门账号填；驿站和单位用自己的地区"})
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    listings = Few(fields.Nested(ListingDraft), most=MOST, load_default=list)


class ListingsBody(In):
    """Listings of a stream; the same number again changes what stands there."""

    listings = Few(fields.Nested(ListingDraft), most=MOST, required=True)
    whole = Flag(load_default=False, metadata={"description": _WHOLE})


class ImportQuery(In):
    """How a sheet is taken in."""

    preview = Flag(load_default=False, metadata={"description": "true：只看会怎样，什么都不写"})
    whole = Flag(load_default=False, metadata={"description": _WHOLE})


class StreamsQuery(In):
    """Which streams."""

    region = Division(metadata={"description": "只看这个地区的"})
    over = Flag(load_default=False, metadata={"description": "true：看已经结束的"})
    cursor = Text(longest=64, load_default="", metadata={"description": "上一页给的 next"})
    limit = integer(1, PAGE, load_default=PAGE)


class StreamOut(Out):
    """A stream."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    host = fields.String(required=True)
    platform = fields.String(required=True)
    room = fields.String(required=True)
    licence = fields.String(required=True)
    region_code = fields.String(required=True)
    region_name = fields.Function(lambda row: region_name(row.region_code), required=True, metadata={"type": "string"})
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)


class StreamLine(StreamOut):
    """A stream of the list."""

    listings = fields.Integer(required=True, metadata={"description": "正在展示的岗位"})


class StreamsAnswer(Out):
    """The streams."""

    items = fields.List(fields.Nested(StreamLine), required=True)
    next = fields.String(required=True, allow_none=True)


class ListingOut(Out):
    """One numbered listing."""

    listing_no = fields.Integer(required=True)
    slot = fields.String(required=True)
    slot_starts_at = Moment(required=True, allow_none=True)
    job_id = fields.Integer(required=True)
    title = Public(attribute="job.title", required=True)
    employer_name = Public(attribute="job.employer_name", required=True)
    wage_text = fields.String(attribute="job.wage_text", required=True)
    headcount = fields.Integer(attribute="job.headcount", required=True, allow_none=True)


class StreamDetail(StreamOut):
    """A stream with its running order."""

    items = fields.List(fields.Nested(ListingOut), required=True)


class RefusalPart(Out):
    """Why a listing was not taken."""

    error = fields.String(required=True)
    message = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class WrittenOut(Out):
    """What became of one listing."""

    listing_no = fields.Integer(required=True, allow_none=True)
    row = fields.Integer(required=True, metadata={"description": "表格里的第几行；不是表格来的是 0"})
    outcome = fields.String(required=True, validate=validate.OneOf(("created", "changed", "unchanged", "withdrawn", "refused")))
    job_id = fields.Integer(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"description": "open 展示，held 等人看过；没有收的是空的"})
    findings = fields.List(fields.Nested(FindingOut), required=True)
    notes = fields.List(fields.String(), required=True, metadata={"description": "哪些格没读懂"})
    refusal = fields.Nested(RefusalPart, required=True, allow_none=True)


class HeadingOut(Out):
    """A column of the sheet and what it was taken for."""

    column = fields.Integer(required=True)
    header = fields.String(required=True)
    meaning = fields.String(required=True, metadata={"description": "空的：没认出，不用"})
    meaning_name = fields.String(required=True)


class WrittenAnswer(Out):
    """What became of all of them."""

    preview = fields.Boolean(required=True)
    columns = fields.List(
        fields.Nested(HeadingOut), required=True, metadata={"description": "表格里每一栏认成了什么；不是表格来的是空的"}
    )
    items = fields.List(fields.Nested(WrittenOut), required=True)


class StreamMade(StreamOut):
    """A new stream, what is to be said of it, and what became of its listings."""

    findings = fields.List(fields.Nested(FindingOut), required=True)
    items = fields.List(fields.Nested(WrittenOut), required=True)


class WithdrawnAnswer(Out):
    """The job that was taken out."""

    job_id = fields.Integer(required=True)


def written_row(written: Written, *, preview: bool = False) -> dict[str, Any]:
    """One result as its schema reads it. A job that was only tried has no id."""
    names = ("listing_no", "row", "outcome", "status", "findings", "notes")
    refusal = written.refusal
    told = None
    if refusal is not None:
        errors = {name: [mask_text(sentence) for sentence in said] for name, said in refusal.errors.items()}
        told = {"error": refusal.error, "message": mask_text(refusal.message), "errors": errors}
    found = {name: getattr(written, name) for name in names}
    return found | {"job_id": None if preview else written.job_id, "refusal": told}


def heading_row(heading: Heading) -> dict[str, Any]:
    """A column as its schema reads it; a number that somebody wrote into the header is not repeated."""
    name = columns().titles.get(heading.field, "没认出，不用")
    return {
        "column": heading.column,
        "header": without_contacts(heading.header)[:64],
        "meaning": heading.field,
        "meaning_name": name,
    }


def listing_row(row: LiveListing) -> dict[str, Any]:
    """A listing as its schema reads it."""
    return {name: getattr(row, name) for name in ("listing_no", "slot", "slot_starts_at", "job_id", "job")}
