"""The JSON that a publisher sends: a new job, a change, an end."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from matching.model import KINDS, SETTLEMENTS
from service.fields import MAX_ID, Few, Flag, In, Moment, Text, integer, latitude, longitude
from service.jobs.advert import LENGTHS
from service.jobs.close import REASONS
from service.jobs.models import CONTRACT_KINDS, SHIFTS

PHONE = r"^(1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}-?\d{7,8}(-\d{1,6})?|400-?\d{3}-?\d{4}|1\d{4})?$"
"""A mobile, a landline with its area code, a 400 number or a hotline such as 12333; empty is allowed."""


class GigDraft(In):
    """When a gig starts and ends, and how many people it needs."""

    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    seats = integer(1, 10_000, required=True)
    insurance = Text(longest=128, metadata={"description": "什么保险、谁来买；没有写“无”"})
    station_id = integer(1, MAX_ID, allow_none=True)


class GigPatch(In):
    """Terms of a gig that change."""

    starts_at = Moment()
    ends_at = Moment()
    seats = integer(1, 10_000)
    insurance = Text(longest=128)
    station_id = integer(1, MAX_ID, allow_none=True)


class LiveDraft(In):
    """Which stream, which number."""

    session = Text(shortest=1, longest=32, required=True)
    listing_no = integer(1, 9_999, required=True)


class JobPatch(In):
    """What may be changed later: everything but the kind and who offers it."""

    title = Text(shortest=2, longest=LENGTHS["title"])
    description = Text(longest=LENGTHS["description"])
    trade = Text(longest=64, allow_none=True, metadata={"description": "工种名称，或 2022 年版职业分类大典代码"})
    skills = Few(Text(shortest=1, longest=32), most=30)
    headcount = integer(1, 100_000, allow_none=True)
    education = Text(longest=LENGTHS["education"])
    experience = Text(longest=LENGTHS["experience"])
    wage = Text(longest=LENGTHS["wage"], metadata={"description": "照平常写法，例如 6000-8000元/月、22元/小时"})
    age = Text(longest=LENGTHS["age"], metadata={"description": "照平常写法，例如 18-55岁、不限"})
    age_reason = Text(longest=LENGTHS["age_reason"])
    region = Text(shortest=1, longest=64, metadata={"description": "行政区划代码（6、9、12 位）或地名"})
    address = Text(longest=LENGTHS["address"])
    lat = latitude()
    lng = longitude()
    crs = fields.String(validate=validate.OneOf(("gcj02", "wgs84")))
    contract_kind = fields.String(validate=validate.OneOf(CONTRACT_KINDS), allow_none=True)
    hours_per_day = fields.Float(validate=validate.Range(0.5, 24), allow_nan=False, allow_none=True)
    shift = fields.String(validate=validate.OneOf(SHIFTS), allow_none=True)
    settlement = fields.String(validate=validate.OneOf(SETTLEMENTS), allow_none=True)
    tags = Few(Text(shortest=1, longest=16), most=30)
    contact_name = Text(longest=LENGTHS["contact_name"])
    contact_phone = Text(longest=LENGTHS["contact_phone"], pattern=PHONE, metadata={"description": "手机或座机"})
    valid_until = Moment(metadata={"description": "有效期，最长 180 天"})
    gig = fields.Nested(GigPatch)
    live = fields.Nested(LiveDraft)

    @validates_schema
    def point_is_whole(self, data: dict[str, Any], **_: Any) -> None:
        """One coordinate alone is a mistake."""
        if ("lat" in data) != ("lng" in data):
            raise ValidationError("经纬度要一起填。", "lng" if "lat" in data else "lat")


class JobDraft(JobPatch):
    """A new job of any kind. What the law asks for and is missing is said by the answer, all at once."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    title = Text(shortest=2, longest=LENGTHS["title"], required=True)
    employer_name = Text(longest=LENGTHS["employer_name"], metadata={"description": "驿站代发时写雇主名称；单位账号自动填写"})
    gig = fields.Nested(GigDraft)

    @validates_schema
    def only_its_kind(self, data: dict[str, Any], **_: Any) -> None:
        """A gig brings its terms and no stream, and the other way round."""
        for name in ("gig", "live"):
            if name in data and data["kind"] != name:
                raise ValidationError("这一项和岗位类型（kind）不一致。", name)


class CloseBody(In):
    """Why a job is closed."""

    reason = fields.String(
        load_default="other", validate=validate.OneOf(REASONS), metadata={"description": "filled 招满，withdrawn 不招了"}
    )


class AcceptanceBody(In):
    """Whether the station stands behind the gig."""

    accepted = Flag(required=True)


class RenewBody(In):
    """Until when."""

    valid_until = Moment(metadata={"description": "不填则按岗位类型的默认期限（公共招聘 60 天，直播 30 天）"})
