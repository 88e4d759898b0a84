"""One job as the open data give it: what stands in its own rows, with every change of which there is a line in the change log.

Nothing of other tables is in it that can change without such a line (the papers of an employer, the address of a station): a
copy that follows the stream would keep the old one for ever. ``GET /v1/jobs/{job_id}`` has those.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select

from matching.rules import region
from service import clock
from service.jobs.contacts import without_contacts
from service.jobs.models import GigTerms, Job, LiveListing, LiveSession
from service.open_data.selection import Selection

_OWN = (
    Job.job_id, Job.version, Job.kind, Job.title, Job.description, Job.employer_name, Job.publisher_class, Job.trade_codes,
    Job.skills, Job.headcount, Job.education, Job.experience, Job.wage_text, Job.wage_min, Job.wage_max, Job.wage_unit,
    Job.wage_min_yuan_month, Job.wage_max_yuan_month, Job.wage_negotiable, Job.age_text, Job.age_min, Job.age_max,
    Job.age_reason, Job.minors_barred, Job.region_code, Job.address, Job.lat, Job.lng, Job.point_source, Job.contract_kind,
    Job.hours_per_day, Job.shift, Job.settlement, Job.tags, Job.source_key, Job.source_name, Job.source_class, Job.original_id,
    Job.source_url, Job.legal_basis, Job.label, Job.missing, Job.published_at, Job.verified_at, Job.valid_until, Job.updated_at,
    GigTerms.starts_at, GigTerms.ends_at, GigTerms.seats, GigTerms.insurance, GigTerms.station_id,
    LiveSession.code, LiveListing.listing_no,
    Job.status, Job.duplicate_of_id,
)  # fmt: skip


def rows() -> Select[*tuple[Any, ...]]:
    """Everything that a record needs, one row a job, whatever its state."""
    return (
        select(*_OWN)
        .outerjoin(GigTerms, GigTerms.job_id == Job.job_id)
        .outerjoin(LiveListing, LiveListing.job_id == Job.job_id)
        .outerjoin(LiveSession, LiveSession.session_id == LiveListing.session_id)
    )


def may_be_given() -> ColumnElement[bool]:
    """Jobs that are in the open data until they run out."""
    return and_(Job.status == "open", Job.duplicate_of_id.is_(None))


def given(row: Any, now: datetime) -> bool:
    """The same of a row in hand, at a moment."""
    return bool(row.status == "open" and row.duplicate_of_id is None and row.valid_until > now)


def record(row: Sequence[Any]) -> dict[str, Any]:
    """The record of a row of :func:`rows`. Contacts are looked for once more: rows may be older than the rule that lifts them."""
    (
        job_id, version, kind, title, description, employer_name, publisher_class, trade_codes,
        skills, headcount, education, experience, wage_text, wage_min, wage_max, wage_unit,
        wage_min_yuan_month, wage_max_yuan_month, wage_negotiable, age_text, age_min, age_max,
        age_reason, minors_barred, region_code, address, lat, lng, point_source, contract_kind,
        hours_per_day, shift, settlement, tags, source_key, source_name, source_class, original_id,
        source_url, legal_basis, label, missing, published_at, verified_at, valid_until, updated_at,
        starts_at, ends_at, seats, insurance, station_id, session, listing_no, *_state,
    ) = row  # fmt: skip
    found: dict[str, Any] = {
        "type": "job",
        "job_id": job_id,
        "version": version,
        "kind": kind,
        "title": without_contacts(title),
        "description": without_contacts(description),
        "employer_name": without_contacts(employer_name),
        "publisher_class": publisher_class,
        "trade_codes": trade_codes,
        "skills": skills,
        "headcount": headcount,
        "education": without_contacts(education),
        "experience": without_contacts(experience),
        "wage": {
            "text": without_contacts(wage_text),
            "min": wage_min,
            "max": wage_max,
            "unit": wage_unit,
            "min_yuan_month": wage_min_yuan_month,
            "max_yuan_month": wage_max_yuan_month,
            "negotiable": wage_negotiable,
        },
        "age": {
            "text": without_contacts(age_text),
            "min": age_min,
            "max": age_max,
            "reason": without_contacts(age_reason),
            "minors_barred": minors_barred,
        },
        "place": {
            "region_code": region_code or None,
            "region_name": _region_name(region_code),
            "address": without_contacts(address),
            "lat": lat,
            "lng": lng,
            "point_source": point_source,
        },
        "contract_kind": contract_kind,
        "hours_per_day": hours_per_day,
        "shift": shift,
        "settlement": settlement,
        "tags": tags,
        "source": {
            "key": source_key,
            "name": source_name,
            "class": source_class,
            "original_id": original_id,
            "url": source_url,
            "legal_basis": legal_basis,
            "label": label,
        },
        "missing": missing,
        "published_at": clock.show(published_at),
        "verified_at": None if verified_at is None else clock.show(verified_at),
        "valid_until": clock.show(valid_until),
        "updated_at": clock.show(updated_at),
    }
    if starts_at is not None:
        found["gig"] = {
            "starts_at": clock.show(starts_at),
            "ends_at": clock.show(ends_at),
            "seats": seats,
            "insurance": without_contacts(insurance),
            "station_id": station_id,
        }
    if listing_no is not None:
        found["live"] = {"session": session, "listing_no": listing_no}
    return found


REASONS = ("closed", "withdrawn", "expired", "duplicate", "moved", "deleted")
"""Why a copy is to delete a job. ``withdrawn``: somebody is to look at it first; ``moved``: out of what the copy selects."""


def tombstone(job_id: int, reason: str, row: Any = None) -> dict[str, Any]:
    """That a job is to be deleted, with what it last had of kind, trade and region; ``row`` None: nothing is left of it. That of
    a copy names the job that is given in its place."""
    told = {
        "type": "tombstone",
        "job_id": job_id,
        "reason": reason,
        "kind": None if row is None else row.kind,
        "trade_codes": [] if row is None else row.trade_codes,
        "region_code": None if row is None else row.region_code or None,
    }
    return told if reason != "duplicate" else told | {"duplicate_of": row.duplicate_of_id}


def why_not(row: Any, now: datetime) -> str:
    """Why a job that is not given is not: ``closed``, ``withdrawn`` (somebody is to look at it first), ``expired`` or
    ``duplicate`` (another advert for the same job is given)."""
    if row.status == "open" and row.duplicate_of_id is not None and row.valid_until > now:
        return "duplicate"
    if row.status == "open":
        return "expired" if row.valid_until <= now else "moved"
    return "closed" if row.status == "closed" else "withdrawn"


def in_selection(row: Any, wanted: Selection) -> bool:
    """Whether a row is of the kinds, trades and division that are asked for."""
    return wanted.takes(row.kind, row.trade_codes, row.region_code)


@lru_cache(maxsize=4096)
def _region_name(code: str) -> str:
    try:
        return region.get(code).full_name if code else ""
    except region.UnknownRegion:
        return ""
