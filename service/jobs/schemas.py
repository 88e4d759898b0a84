"""The JSON of jobs: the card of a list, the whole job, and what a publisher may send."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, missing, validate

from matching.model import KINDS, SETTLEMENTS
from matching.rules import region
from service.fields import Moment, Money, Out

ELDER_ORDER = ("wage", "place", "distance_km", "gig", "live", "contact", "title", "kind", "job_id")
"""``view=elder``: what a person with little patience for small print needs first (rules D-19); the rest follows."""
WAGE_UNITS = ("month", "week", "day", "hour", "piece", "year")


def elder(card: dict[str, Any]) -> dict[str, Any]:
    """The same card, the important things first: wage, place, distance, start, phone."""
    first = {name: card[name] for name in ELDER_ORDER if name in card}
    return first | {name: value for name, value in card.items() if name not in first}


class Wage(Out):
    """Pay as written and as read. The yuan a month are for comparing only and are never promised."""

    text = fields.String(attribute="wage_text", required=True, metadata={"description": "招聘信息里的原话"})
    min = Money(attribute="wage_min", required=True, allow_none=True, metadata={"description": "按 unit 计，元"})
    max = Money(attribute="wage_max", required=True, allow_none=True)
    unit = fields.String(attribute="wage_unit", required=True, allow_none=True, validate=validate.OneOf(WAGE_UNITS))
    min_yuan_month = fields.Integer(
        attribute="wage_min_yuan_month", required=True, allow_none=True, metadata={"description": "折合每月，仅供比较，不是承诺"}
    )
    max_yuan_month = fields.Integer(attribute="wage_max_yuan_month", required=True, allow_none=True)
    negotiable = fields.Boolean(attribute="wage_negotiable", required=True)


class Place(Out):
    """Where the work is. ``point_source`` says how well: given by the poster, from the address, or the middle of the region."""

    region_code = fields.Function(
        lambda job: job.region_code or None, required=True, allow_none=True, metadata={"type": "string"}
    )
    region_name = fields.Function(lambda job: region_name(job.region_code), required=True, metadata={"type": "string"})
    address = fields.String(required=True)
    lat = fields.Float(required=True, allow_none=True, metadata={"description": "GCJ-02"})
    lng = fields.Float(required=True, allow_none=True, metadata={"description": "GCJ-02"})
    point_source = fields.String(required=True, allow_none=True)


class EmployerLine(Out):
    """Who offers the work."""

    name = fields.String(attribute="employer_name", required=True)
    verified = fields.Function(
        lambda job: bool(job.employer is not None and job.employer.verified_at), required=True, metadata={"type": "boolean"}
    )
    publisher_class = fields.String(required=True)


class Age(Out):
    """The age limits as written and as read, in whole years; null is open."""

    text = fields.String(attribute="age_text", required=True)
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
    insurance = fields.String(attribute="gig.insurance", required=True)
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


class JobCard(Out):
    """One job in a list. Dumped from a ``Job`` row loaded by ``queries.cards``, with all it shows joined."""

    job_id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    title = fields.String(required=True)
    wage = fields.Nested(Wage, attribute="self", required=True)
    place = fields.Nested(Place, attribute="self", required=True)
    employer = fields.Nested(EmployerLine, attribute="self", required=True)
    headcount = fields.Integer(required=True, allow_none=True)
    age = fields.Nested(Age, attribute="self", required=True)
    tags = fields.List(fields.String(), required=True)
    source = fields.Nested(SourceLine, attribute="self", required=True)
    published_at = Moment(required=True)
    verified_at = Moment(required=True, allow_none=True)
    valid_until = Moment(required=True)
    gig = fields.Nested(Gig, attribute="self_as_gig")
    live = fields.Nested(Live, attribute="self_as_live")

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """A public job has neither ``gig`` nor ``live``: they are left out."""
        if attr == "self_as_gig":
            return obj if obj.gig is not None else missing
        if attr == "self_as_live":
            return obj if obj.listing is not None else missing
        return super().get_attribute(obj, attr, default)


def region_name(code: str) -> str:
    """The full name of a division, empty when there is none."""
    found = region.get(code) if code else None
    return found.full_name if found else ""
