"""The JSON of stations."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from matching.rules import region
from service.fields import MAX_ID, Division, Few, Flag, In, Moment, Out, Text, integer, latitude, longitude, one_of
from service.stations import hours as opening
from service.stations.levels import function_names, level_names
from service.stations.models import Hours
from service.stations.queries import RADIUS_KM

PHONE = r"^(1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(-\d{1,6})?|400-?\d{3}-?\d{4}|1\d{4})?$"
_HOURS: dict[str, Any] = {
    "type": "object",
    "description": '星期 1（周一）到 7（周日）各几段，例如 {"1": [["08:30", "12:00"]]}；没写的那天不开门',
    "additionalProperties": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
}


class OpeningHours(fields.Field[Hours]):
    """Spans of the weekdays."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Hours:  # noqa: ARG002  marshmallow's signature
        if not isinstance(value, dict) or not all(
            isinstance(spans, list)
            and all(isinstance(span, list) and all(isinstance(moment, str) for moment in span) for span in spans)
            for spans in value.values()
        ):
            raise ValidationError('要写成星期到时间段，例如 {"1": [["08:30", "12:00"]]}。')
        hours = {str(day): [list(span) for span in spans] for day, spans in value.items() if spans}
        wrong = opening.what_is_wrong(hours)
        if wrong:
            raise ValidationError(wrong)
        return hours

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:  # noqa: ARG002  marshmallow's signature
        return value


class StationCard(Out):
    """A station in a list."""

    station_id = fields.Integer(required=True)
    name = fields.String(required=True)
    level = fields.String(required=True)
    level_name = fields.String(required=True)
    region_code = fields.String(required=True)
    region_name = fields.String(required=True)
    address = fields.String(required=True)
    lat = fields.Float(required=True, allow_none=True, metadata={"description": "GCJ-02"})
    lng = fields.Float(required=True, allow_none=True, metadata={"description": "GCJ-02"})
    distance_km = fields.Float(required=True, allow_none=True)
    phone = fields.String(required=True, metadata={"description": "驿站的公开电话"})
    opening_hours = fields.String(required=True)
    holiday_note = fields.String(required=True)
    open_now = fields.Boolean(required=True, allow_none=True, metadata={"description": "不知道开放时间时为 null"})
    opens_next = Moment(required=True, allow_none=True)
    functions = fields.List(fields.String(), required=True)
    function_names = fields.List(fields.String(), required=True)


class StationDetail(StationCard):
    """The whole station; ``near`` says where to go when it is gone."""

    code = fields.String(required=True)
    parent_id = fields.Integer(required=True, allow_none=True)
    hours = OpeningHours(required=True, allow_none=True, metadata=_HOURS)
    service_regions = fields.List(fields.String(), required=True)
    closed = fields.Boolean(required=True)
    near = fields.List(fields.Nested(StationCard), required=True)
    version = fields.Integer(required=True)


class StationPage(Out):
    """A page of stations."""

    items = fields.List(fields.Nested(StationCard), required=True)
    next = fields.String(required=True, allow_none=True)


class StationQuery(In):
    """Which stations."""

    lat = latitude()
    lng = longitude()
    crs = fields.String(load_default="gcj02", validate=validate.OneOf(("gcj02", "wgs84")))
    radius_km = fields.Float(load_default=RADIUS_KM, validate=validate.Range(0.1, 100), allow_nan=False)
    region = Division(attribute="region_code", metadata={"description": "在这里，或者服务这里的"})
    function = fields.String(validate=one_of(function_names()))
    open_now = Flag(load_default=False)
    cursor = Text(longest=32, load_default="")
    limit = integer(1, 50, load_default=20)

    @validates_schema
    def point_is_whole(self, data: dict[str, Any], **_: Any) -> None:
        """One coordinate alone is a mistake."""
        if ("lat" in data) != ("lng" in data):
            raise ValidationError("经纬度要一起填。", "lng" if "lat" in data else "lat")


class StationPatch(In):
    """What is said of a station."""

    name = Text(shortest=2, longest=128)
    level = fields.String(validate=one_of(level_names()))
    parent_id = integer(1, MAX_ID, allow_none=True)
    region = Division(attribute="region_code")
    address = Text(longest=256)
    lat = latitude(allow_none=True)
    lng = longitude(allow_none=True)
    crs = fields.String(validate=validate.OneOf(("gcj02", "wgs84")))
    phone = Text(longest=32, pattern=PHONE, metadata={"description": "驿站的公开电话"})
    hours = OpeningHours(allow_none=True, metadata=_HOURS)
    holiday_note = Text(longest=128, metadata={"description": "节假日怎么开门，一句话"})
    functions = Few(fields.String(validate=one_of(function_names())), most=20)
    service_regions = Few(Division(), most=50)

    @validates_schema
    def point_is_whole(self, data: dict[str, Any], **_: Any) -> None:
        """One coordinate alone is a mistake."""
        if ("lat" in data) != ("lng" in data) or ("lat" in data and (data["lat"] is None) != (data["lng"] is None)):
            raise ValidationError("经纬度要一起填。", "lng" if "lat" in data else "lat")


class StationDraft(StationPatch):
    """A new station."""

    code = Text(longest=32, pattern=r"^[A-Za-z0-9_-]*$", metadata={"description": "不填则自动编号"})
    name = Text(shortest=2, longest=128, required=True)
    level = fields.String(required=True, validate=one_of(level_names()))
    region = Division(attribute="region_code", required=True)


class StationStaffLine(Out):
    """An account of a station."""

    account_id = fields.Integer(required=True)
    display_name = fields.String(required=True)
    role = fields.String(required=True)
    disabled = fields.Function(lambda row: row.disabled_at is not None, required=True, metadata={"type": "boolean"})


class StationStaff(Out):
    """The accounts of a station."""

    items = fields.List(fields.Nested(StationStaffLine), required=True)


def region_name(code: str) -> str:
    """The full name of a division; empty when it is no longer in the table."""
    try:
        return region.get(code).full_name
    except region.UnknownRegion:
        return ""
