"""The JSON of profiles, grants and hardship. What the person said stands beside what follows from it, which is never stored."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from matching.model import KINDS, SETTLEMENTS
from matching.rules import region as region_rules
from service import clock
from service.accounts.models import GRANT_KINDS
from service.consents.models import CHANNELS
from service.crypto import masking
from service.fields import MAX_ID, Few, Flag, In, Moment, Money, Out, Text, Whole, integer, latitude, longitude, one_of
from service.workers.ages import ages
from service.workers.choices import hardships, health_limits, skill_levels
from service.workers.models import HARDSHIP_STATES
from service.workers.profile import health_of

SEXES = {"male": "男", "female": "女"}
SHIFTS = {"day": "白班", "night": "夜班", "rotating": "倒班", "flexible": "时间灵活"}
UNITS = ("month", "week", "day", "hour", "year")
_MONTH = re.compile(r"(19\d\d|20\d\d)-(0[1-9]|1[0-2])")
OLDEST = 100
EVIDENCE = r"^(?!.*\d{11})[0-9A-Za-z_./-]+$"
"""The number of a paper or recording, which goes into the audit trail; eleven digits in a row are no number of paper."""


class Month(fields.Field[date]):
    """``1972-05``: the month of birth, kept as its first day."""

    def _serialize(self, value: date | None, attr: str | None, obj: Any, **options: Any) -> str | None:  # noqa: ARG002  marshmallow's signature
        return None if value is None else f"{value:%Y-%m}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:  # noqa: ARG002  marshmallow's signature
        if not isinstance(value, str) or not _MONTH.fullmatch(value):
            raise ValidationError("出生年月写法不对，例如 1972-05。")
        month = date(int(value[:4]), int(value[5:]), 1)
        today = clock.now().astimezone(clock.BEIJING).date()
        if month > today or today.year - month.year > OLDEST:
            raise ValidationError("出生年月不对，请检查。")
        return month


class SkillIn(In):
    """A skill, and how good by certificate."""

    name = Text(shortest=1, longest=32, required=True)
    level = fields.String(validate=one_of(skill_levels()), allow_none=True)


class PointIn(In):
    """Where the person is. Without ``exact`` it is rounded to about a kilometre before it is kept."""

    lat = latitude(required=True)
    lng = longitude(required=True)
    crs = fields.String(load_default="gcj02", validate=validate.OneOf(["gcj02", "wgs84"]))
    exact = Flag(load_default=False, metadata={"description": "要先单独同意 exact_place"})


class ProfileIn(In):
    """A profile, or (``PATCH``) some of it. A trade or a sentence about the work is enough; null empties a field."""

    display_name = Text(shortest=1, longest=32, metadata={"description": "怎么称呼，不用真名"})
    trades = Few(Text(shortest=1, longest=32), most=10, allow_none=True, metadata={"description": "工种"})
    wish = Text(longest=200, allow_none=True, metadata={"description": "想干什么活，一句话"})
    skills = Few(fields.Nested(SkillIn), most=16, allow_none=True)
    certificates = Few(Text(shortest=1, longest=64), most=16, allow_none=True)
    birth_month = Month(allow_none=True, metadata={"type": "string", "pattern": _MONTH.pattern, "description": "出生年月"})
    sex = fields.String(validate=one_of(SEXES), allow_none=True)
    female_track = Whole(validate=validate.OneOf([50, 55]), allow_none=True, metadata={"description": "原退休年龄（女）"})
    region = Text(shortest=1, longest=64, allow_none=True)
    place = fields.Nested(PointIn, allow_none=True)
    radius_km = fields.Float(validate=validate.Range(0, 500, min_inclusive=False), allow_none=True, allow_nan=False)
    wage_min = fields.Float(validate=validate.Range(0, 1_000_000), allow_none=True, allow_nan=False)
    wage_unit = fields.String(validate=validate.OneOf(UNITS))
    kinds = Few(fields.String(validate=validate.OneOf(KINDS)), most=3, allow_none=True)
    shifts = Few(fields.String(validate=one_of(SHIFTS)), most=4, allow_none=True)
    settlements = Few(fields.String(validate=validate.OneOf(SETTLEMENTS)), most=4, allow_none=True)
    hours_max = fields.Float(validate=validate.Range(1, 24), allow_none=True, allow_nan=False)
    tags = Few(Text(shortest=1, longest=16), most=10, allow_none=True, metadata={"description": "想要的福利"})
    group_size = integer(1, 50, allow_none=True, metadata={"description": "几个人一起"})
    couple = Flag(allow_none=True, metadata={"description": "夫妻一起"})
    health_limits = Few(
        fields.String(validate=one_of(health_limits())),
        most=6,
        allow_none=True,
        metadata={"description": "敏感信息，要先单独同意 health"},
    )
    real_name = Text(longest=32, allow_none=True, metadata={"description": "敏感信息，要先单独同意 id_number"})
    id_number = Text(longest=24, allow_none=True, metadata={"description": "敏感信息，要先单独同意 id_number"})
    personal_ranking = Flag(metadata={"description": "按我的情况排序；false 关掉"})

    @validates_schema
    def unit_needs_wage(self, data: dict[str, Any], **_: object) -> None:
        """A unit alone says nothing."""
        if "wage_unit" in data and "wage_min" not in data:
            raise ValidationError("要和 wage_min 一起填。", "wage_unit")


class AgesOut(Out):
    """What follows from the month of birth today."""

    age = fields.Integer(required=True, allow_none=True)
    protected = fields.Boolean(required=True, metadata={"description": "16、17 岁：只显示法律允许的岗位"})
    brackets = fields.List(fields.String(), required=True, metadata={"description": "older 大龄，young 青年；只用来优先帮扶"})
    over_age = fields.String(required=True, validate=validate.OneOf(["no", "maybe", "yes"]))
    note = fields.String(required=True)


class SkillOut(Out):
    """A skill with its level."""

    name = fields.String(required=True)
    level = fields.String(required=True, allow_none=True)


class ProfileOut(Out):
    """The profile as its owner sees it. The ID number is masked here too; it is there in full in the export."""

    worker_id = fields.Integer(required=True)
    display_name = fields.String(required=True)
    trades = fields.Function(lambda row: row.trades or [], required=True, metadata={"type": "array", "items": {"type": "string"}})
    wish = fields.String(required=True)
    skills = fields.Method("dump_skills", required=True, metadata={"type": "array", "items": {"type": "object"}})
    certificates = fields.Function(
        lambda row: row.certificates or [], required=True, metadata={"type": "array", "items": {"type": "string"}}
    )
    birth_month = Month(required=True, allow_none=True, metadata={"type": "string"})
    sex = fields.String(required=True, allow_none=True)
    female_track = fields.Integer(required=True, allow_none=True)
    region_code = fields.Function(
        lambda row: row.region_code or None, required=True, allow_none=True, metadata={"type": "string"}
    )
    region_name = fields.Function(lambda row: _region_name(row.region_code), required=True, metadata={"type": "string"})
    lat = fields.Float(required=True, allow_none=True)
    lng = fields.Float(required=True, allow_none=True)
    point_exact = fields.Boolean(required=True)
    radius_km = fields.Float(required=True, allow_none=True)
    wage_min = Money(required=True, allow_none=True)
    wage_unit = fields.String(required=True, allow_none=True)
    kinds = fields.Function(lambda row: row.kinds or [], required=True, metadata={"type": "array", "items": {"type": "string"}})
    shifts = fields.Function(lambda row: row.shifts or [], required=True, metadata={"type": "array", "items": {"type": "string"}})
    settlements = fields.Function(
        lambda row: row.settlements or [], required=True, metadata={"type": "array", "items": {"type": "string"}}
    )
    hours_max = fields.Float(required=True, allow_none=True)
    tags = fields.Function(
        lambda row: row.tags_wanted or [], required=True, metadata={"type": "array", "items": {"type": "string"}}
    )
    group_size = fields.Integer(required=True, allow_none=True)
    couple = fields.Boolean(required=True, allow_none=True)
    health_limits = fields.Function(
        lambda row: list(health_of(row)), required=True, metadata={"type": "array", "items": {"type": "string"}}
    )
    real_name = fields.Function(
        lambda row: masking.name(row.real_name) or None, required=True, allow_none=True, metadata={"type": "string"}
    )
    id_number = fields.Function(
        lambda row: masking.id_number(row.id_number) or None, required=True, allow_none=True, metadata={"type": "string"}
    )
    personal_ranking = fields.Boolean(required=True)
    ages = fields.Method("dump_ages", required=True, metadata={"type": "object"})
    updated_at = Moment(required=True, allow_none=True)

    def dump_skills(self, row: Any) -> list[dict[str, Any]]:
        """Names with their levels."""
        levels = row.skill_levels or {}
        return [{"name": name, "level": levels.get(name)} for name in row.skills or ()]

    def dump_ages(self, row: Any) -> Any:
        """Computed now, for today."""
        return AgesOut().dump(ages(row, clock.now()))


def _region_name(code: str) -> str:
    try:
        return region_rules.get(code).full_name if code else ""
    except region_rules.UnknownRegion:
        return ""


class ConsentProof(In):
    """The person's word on paper or by telephone, taken at a station: its number, and for what."""

    channel = fields.String(required=True, validate=validate.OneOf(["station_paper", "phone"]))
    evidence = Text(
        shortest=2,
        longest=64,
        required=True,
        pattern=EVIDENCE,
        metadata={"description": "材料或录音的编号"},
    )


class StationWorkerIn(In):
    """Somebody without a phone who stands at the counter."""

    proof = fields.Nested(ConsentProof, required=True)
    purposes = Few(Text(shortest=1, longest=24), most=12, load_default=list, metadata={"description": "本人同意的其他事项"})
    profile = fields.Nested(ProfileIn, required=True)


class GrantProofIn(In):
    """The word of a worker who is already here."""

    proof = fields.Nested(ConsentProof, required=True)
    scopes = Few(Text(shortest=1, longest=24), most=20, load_default=list)


class GrantIn(In):
    """Let somebody of the family act for me. ``version`` is that of the consent ``proxy`` that was just read."""

    version = Text(shortest=1, longest=16, required=True)
    scopes = Few(Text(shortest=1, longest=24), most=20, load_default=list, metadata={"description": "不填就是全部可以代办的事"})


class AcceptIn(In):
    """The code."""

    code = Text(shortest=8, longest=20, required=True)


class EndIn(In):
    """Why an office ends a grant: the person said so."""

    evidence = Text(shortest=2, longest=64, required=True, pattern=EVIDENCE)


class InvitationOut(Out):
    """A code, shown this once."""

    code = fields.String(required=True)
    expires_at = Moment(required=True)
    scopes = fields.List(fields.String(), required=True)


class GrantOut(Out):
    """A grant as both sides see it."""

    grant_id = fields.Integer(required=True)
    worker_id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(GRANT_KINDS))
    holder_account_id = fields.Integer(required=True, allow_none=True)
    station_id = fields.Integer(required=True, allow_none=True)
    scopes = fields.List(fields.String(), required=True)
    starts_at = Moment(required=True)
    expires_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


class GrantsOut(Out):
    """All of them."""

    items = fields.List(fields.Nested(GrantOut), required=True)


class StationWorkerOut(Out):
    """The record that was made, and the grant under which the station goes on."""

    worker_id = fields.Integer(required=True)
    grant = fields.Nested(GrantOut, required=True)


class ClaimIn(In):
    """One category."""

    category = fields.String(required=True, validate=one_of(hardships()))


class DecisionIn(In):
    """What the register says."""

    certified = Flag(required=True)
    register = Text(longest=64, load_default="", metadata={"description": "哪个台账"})
    reference = Text(longest=64, load_default="", metadata={"description": "台账里的编号"})


class HardshipOut(Out):
    """One category of a person, and whether it counts today."""

    hardship_id = fields.Integer(required=True)
    category = fields.String(required=True)
    title = fields.Function(lambda row: hardships().get(row.category, row.category), required=True, metadata={"type": "string"})
    state = fields.String(required=True, validate=validate.OneOf(HARDSHIP_STATES))
    register = fields.String(required=True)
    reference = fields.String(required=True)
    claimed_at = Moment(required=True)
    decided_at = Moment(required=True, allow_none=True)
    expires_at = Moment(required=True, allow_none=True)


class HardshipsOut(Out):
    """All of a person."""

    items = fields.List(fields.Nested(HardshipOut), required=True)


class ActOut(Out):
    """One thing that somebody did for the person."""

    at = Moment(required=True)
    action = fields.String(required=True)
    title = fields.String(required=True)
    role = fields.String(required=True)
    account_id = fields.Integer(required=True, allow_none=True)
    grant_id = fields.Integer(attribute="acting_for", required=True, allow_none=True)
    object_kind = fields.String(required=True)
    object_id = fields.String(required=True)


class ActsOut(Out):
    """A page, the newest first."""

    items = fields.List(fields.Nested(ActOut), required=True)
    next = fields.Integer(required=True, allow_none=True, metadata={"description": "下一页的 before；没有了就是 null"})


class BeforeArgs(In):
    """Where the page before ended."""

    before = Whole(validate=validate.Range(1, MAX_ID))


CHANNEL_NAMES = CHANNELS
