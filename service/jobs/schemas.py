"""The JSON of jobs: the card of a list and the whole job; what a publisher sends is in ``bodies.py``."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from matching.model import KINDS, SETTLEMENTS
from matching.rules import region, trade
from service import clock
from service.crypto import masking
from service.employers.models import PUBLISHER_CLASSES
from service.employers.standing import Checked, checked
from service.fields import AsWritten, In, Moment, Money, Out, Part
from service.jobs.contacts import without_contacts
from service.jobs.models import HOLDS, STATUSES, Job

ELDER_ORDER = ("wage", "place", "distance_km", "gig", "live", "contact", "title", "kind", "job_id")
"""``view=elder``: what a person with little patience for small print needs first (rules D-19); the rest follows."""
VIEWS = ("standard", "elder")
PHONE_HINT = "登录后点“查看电话”，就能看到完整号码。"
WAGE_UNITS = ("month", "week", "day", "hour", "piece", "year")


def elder(card: dict[str, Any]) -> dict[str, Any]:
    """The same card, the important things first: wage, place, distance, start, phone."""
    first = {name: card[name] for name in ELDER_ORDER if name in card}
    return first | {name: value for name, value in card.items() if name not in first}


class Public(fields.String):
    """A text that everybody reads: rows written before a way of hiding a number was known are shown without it, too."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        shown = super()._serialize(value, attr, obj, **kwargs)
        return without_contacts(shown) if isinstance(shown, str) else shown


class Wage(Out):
    """Pay as written and as read. The yuan a month are for comparing only and are never promised."""

    text = Public(attribute="wage_text", required=True, metadata={"description": "招聘信息里的原话"})
    min = Money(attribute="wage_min", required=True, allow_none=True, metadata={"description": "按 unit 计，元"})
    max = Money(attribute="wage_max", required=True, allow_none=True)
    unit = fields.String(attribute="wage_unit", required=True, allow_none=True, validate=validate.OneOf(WAGE_UNITS))
    min_yuan_month = fields.Integer(
        attribute="wage_min_yuan_month", required=True, allow_none=True, metadata={"description": "折合每月，仅供比较，不是承诺"}
    )
    max_yuan_month = fields.Integer(attribute="wage_max_yuan_month", required=True, allow_none=True)
    negotiable = fields.Boolean(attribute="wage_negotiable", required=True)


class Place(Out):
    """Where the work is. ``point_source`` says how well: given by the poster, or the middle of the county."""

    region_code = fields.Function(
        lambda job: job.region_code or None, required=True, allow_none=True, metadata={"type": "string"}
    )
    region_name = fields.Function(lambda job: region_name(job.region_code), required=True, metadata={"type": "string"})
    address = Public(required=True)
    lat = fields.Float(required=True, allow_none=True, metadata={"description": "GCJ-02"})
    lng = fields.Float(required=True, allow_none=True, metadata={"description": "GCJ-02"})
    point_source = fields.String(required=True, allow_none=True)


def _checked(job: Any) -> Checked:
    """Of a card it is known already; of a whole row it is worked out here."""
    return job.employer if type(job.employer) is Checked else checked(job.employer, clock.now())


class EmployerLine(Out):
    """Who offers the work."""

    name = Public(attribute="employer_name", required=True)
    verified = fields.Function(
        lambda job: _checked(job).verified,
        required=True,
        metadata={"type": "boolean", "description": "证照核验过，而且还没有到重新核验的日期"},
    )
    verified_on = fields.Function(
        lambda job: None if (at := _checked(job).verified_at) is None else clock.show(at)[:10],
        required=True,
        allow_none=True,
        metadata={"type": "string", "format": "date", "description": "最近一次核验通过的日期"},
    )
    verified_note = fields.Function(
        lambda job: _checked(job).note,
        required=True,
        metadata={"type": "string", "description": "核验过但已到期的，写明哪天核验过、哪天起该重新核验；否则是空的"},
    )
    publisher_class = fields.String(required=True)


class Age(Out):
    """The age limits as written and as read, in whole years; null is open."""

    text = Public(attribute="age_text", required=True)
    min = fields.Integer(attribute="age_min", required=True, allow_none=True)
    max = fields.Integer(attribute="age_max", required=True, allow_none=True)


class SourceLine(Out):
    """Where the advert comes from (D-07 c: a re-post names its source)."""

    key = fields.String(attribute="source_key", required=True)
    name = fields.String(attribute="source_name", required=True)
    class_ = fields.String(attribute="source_class", data_key="class", required=True)
    label = fields.String(required=True)
    url = fields.String(attribute="source_url", required=True)
    original_id = fields.String(required=True, allow_none=True)
    legal_basis = fields.String(required=True)


class StationLine(Out):
    """The station behind a gig."""

    station_id = fields.Integer(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)


class Gig(Out):
    """What only a gig has."""

    starts_at = Moment(attribute="gig.starts_at", required=True)
    ends_at = Moment(attribute="gig.ends_at", required=True)
    seats = fields.Integer(attribute="gig.seats", required=True)
    seats_left = fields.Function(lambda job: job.gig.seats - job.gig.seats_taken, required=True, metadata={"type": "integer"})
    settlement = fields.String(required=True, allow_none=True, validate=validate.OneOf(SETTLEMENTS))
    insurance = Public(attribute="gig.insurance", required=True)
    station = fields.Nested(StationLine, attribute="gig.station", required=True, allow_none=True)


class Live(Out):
    """What only a listing of a stream has: 「3号链接」."""

    session = fields.String(attribute="listing.session.code", required=True)
    title = fields.String(attribute="listing.session.title", required=True)
    host = fields.String(attribute="listing.session.host", required=True)
    platform = fields.String(attribute="listing.session.platform", required=True)
    room = fields.String(attribute="listing.session.room", required=True)
    starts_at = Moment(attribute="listing.session.starts_at", required=True)
    ends_at = Moment(attribute="listing.session.ends_at", required=True)
    listing_no = fields.Integer(attribute="listing.listing_no", required=True)


class AlsoFrom(Out):
    """Another source of the same job."""

    job_id = fields.Integer(required=True)
    key = fields.String(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True)


class JobCard(Out):
    """One job in a list. Dumped from a ``Job`` row loaded by ``queries.cards``, with all it shows joined."""

    job_id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    title = Public(required=True)
    wage = Part(Wage, required=True)
    place = Part(Place, required=True)
    employer = Part(EmployerLine, required=True)
    headcount = fields.Integer(required=True, allow_none=True)
    age = Part(Age, required=True)
    tags = fields.List(fields.String(), required=True)
    source = Part(SourceLine, required=True)
    published_at = Moment(required=True)
    verified_at = Moment(required=True, allow_none=True)
    valid_until = Moment(required=True)
    gig = Part(Gig, when=lambda job: job.gig is not None)
    live = Part(Live, when=lambda job: job.listing is not None)
    also_from = AsWritten(
        fields.Nested(AlsoFrom), metadata={"description": "同一个岗位还有这些来源；本条是其中最可靠、最完整的，人数只算一次"}
    )


def region_name(code: str) -> str:
    """The full name of a division; empty when there is no code, or it is no longer in the table."""
    try:
        return region.get(code).full_name if code else ""
    except region.UnknownRegion:
        return ""


class Contact(Out):
    """Whom to call, the number masked. On the page of one job only, never in lists or open data."""

    name = fields.String(attribute="contact_name", required=True)
    phone = fields.Function(
        lambda job: masking.phone(job.contact_phone),
        required=True,
        metadata={"type": "string", "description": "只有头尾几位，如 138****0001"},
    )
    hint = fields.Function(
        lambda job: PHONE_HINT if job.contact_phone else "",
        required=True,
        metadata={"type": "string", "description": "怎样看到完整号码"},
    )


class ContactAnswer(Out):
    """Whom to call, the whole number."""

    job_id = fields.Integer(required=True)
    name = fields.String(attribute="contact_name", required=True)
    phone = fields.String(attribute="contact_phone", required=True)


class Trade(Out):
    """An occupation of the classification of 2022."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class PublisherLine(Out):
    """Who publishes, as the notice of five ministries (人社厅发〔2025〕60号) asks: the label, the class, an agency's licence."""

    label = fields.String(required=True, metadata={"description": "招聘服务"})
    publisher_class = fields.String(required=True, validate=validate.OneOf(PUBLISHER_CLASSES))
    class_name = fields.String(required=True)
    licence_no = fields.String(required=True, allow_none=True, metadata={"description": "人力资源服务许可证号"})
    flags = fields.List(fields.String(), required=True, metadata={"description": "主管部门公开名单上的提醒"})


class ReviewNote(Out):
    """What staff decided about the advert, for whoever published it."""

    outcome = fields.String(required=True, validate=validate.OneOf(("publish", "mend", "refuse")))
    answer = fields.String(required=True, metadata={"description": "为什么、怎么改"})
    decided_at = Moment(required=True)


class MissingElement(Out):
    """One thing that a whole advert says and this one does not."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    weight = fields.Integer(required=True, metadata={"description": "补上它能加几分（满分按这类岗位能写的内容算）"})
    advice = fields.String(required=True)


class QualityOut(Out):
    """How complete an advert is, and whether anybody has said lately that it still stands. For its owner and for staff."""

    score = fields.Integer(required=True, validate=validate.Range(0, 100), metadata={"description": "完整度，0 到 100"})
    missing = fields.List(fields.Nested(MissingElement), required=True)
    confirmed_at = Moment(required=True, allow_none=True, metadata={"description": "最近一次说“还在招”、续期或修改的时间"})
    stale_at = Moment(required=True, allow_none=True, metadata={"description": "从这时起排到后面：很久没有人说它还在招"})


DUPLICATE_REASONS = {
    "employer_code": "同一家单位",
    "employer_name": "单位名称相同",
    "title": "岗位相同",
    "title_near": "岗位名称相近",
    "address": "地址相同",
    "district": "同一个区县",
    "wage": "工资相同",
    "wage_near": "工资相近",
    "text": "介绍的文字相同",
}


class DuplicateOf(Out):
    """The advert that stands for this one, and what agrees."""

    job_id = fields.Integer(required=True)
    reasons = fields.List(fields.String(), required=True, metadata={"description": f"{'、'.join(DUPLICATE_REASONS.values())}"})


class JobDetail(JobCard):
    """The whole job."""

    publisher = fields.Nested(PublisherLine, required=True)
    quality = fields.Nested(QualityOut, metadata={"description": "只给发布人和管理部门"})

    description = Public(required=True)
    skills = fields.List(Public(), required=True)
    trades = fields.Function(
        lambda job: trades_of(job.trade_codes),
        required=True,
        metadata={
            "type": "array",
            "items": {"type": "object", "properties": {"code": {"type": "string"}, "name": {"type": "string"}}},
        },
    )
    education = Public(required=True)
    experience = Public(required=True)
    age_reason = Public(required=True)
    contract_kind = fields.String(required=True, allow_none=True)
    hours_per_day = Money(required=True, allow_none=True)
    shift = fields.String(required=True, allow_none=True)
    settlement = fields.String(required=True, allow_none=True)
    contact = Part(Contact, required=True)
    missing = fields.List(fields.String(), required=True, metadata={"description": "来源没有给出的法定内容"})
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    closed_reason = fields.String(required=True)
    waits_for = fields.List(
        fields.String(),
        required=True,
        metadata={"description": f"还没显示的原因：{'、'.join(HOLDS)}（内容待核、单位待核、驿站待确认）等"},
    )
    version = fields.Integer(required=True)
    review = fields.Nested(ReviewNote, metadata={"description": "工作人员看过的结果，只有发布者看得到"})
    duplicate_of = fields.Nested(
        DuplicateOf,
        required=True,
        allow_none=True,
        metadata={"description": "和另一条是同一个岗位：列表里只显示那一条"},
    )


class FindingOut(Out):
    """One remark about an advert."""

    rule = fields.String(required=True)
    field = fields.String(required=True)
    words = fields.String(required=True, metadata={"description": "涉及的原话"})
    advice = fields.String(required=True)
    severity = fields.String(required=True, validate=validate.OneOf(("block", "hold", "warn", "note")))
    article = fields.String(required=True)
    source = fields.String(required=True)
    verified = fields.String(required=True, metadata={"description": "primary 读过条文，secondary 间接读到，unverified 未核实"})


class Published(JobDetail):
    """A job just written, with what is worth improving."""

    findings = fields.List(fields.Nested(FindingOut), required=True)


class CheckAnswer(Out):
    """What is wrong with a draft, and how it was read."""

    verdict = fields.String(required=True, validate=validate.OneOf(("publish", "hold", "refuse")))
    message = fields.String(required=True)
    findings = fields.List(fields.Nested(FindingOut), required=True)
    understood = fields.Dict(
        keys=fields.String(), required=True, metadata={"description": "工资、年龄、地点、工种、福利读成了什么"}
    )


class ViewQuery(In):
    """How much of a job, and in which order."""

    view = fields.String(
        load_default="standard", validate=validate.OneOf(VIEWS), metadata={"description": "elder 先给工资、地点、时间、电话"}
    )


def duplicate_line(job: Job) -> dict[str, Any] | None:
    """What :class:`DuplicateOf` shows of a job; None when it stands for itself."""
    if job.duplicate_of_id is None:
        return None
    said = [DUPLICATE_REASONS[code] for code in job.duplicate_reason.split(",") if code in DUPLICATE_REASONS]
    return {"job_id": job.duplicate_of_id, "reasons": said}


def trades_of(codes: list[str]) -> list[dict[str, str]]:
    """Codes with their names; a code that is no longer in the classification keeps an empty name."""
    return [{"code": code, "name": found.name if (found := trade.occupation(code)) else ""} for code in codes]
