"""A job as schema.org ``JobPosting`` (https://schema.org/JobPosting), for search engines and exchange with other boards."""

from __future__ import annotations

from typing import Any

from matching.rules import region
from service import clock
from service.config import OpenDataSettings
from service.jobs.contacts import without_contacts
from service.jobs.licence import in_posting
from service.jobs.models import Job

CONTEXT = "https://schema.org/"
_UNITS = {"month": "MONTH", "week": "WEEK", "day": "DAY", "hour": "HOUR", "year": "YEAR"}
"""schema.org knows no pay by the piece: such pay stays in the text."""
_EMPLOYMENT = {
    "full_time": "FULL_TIME",
    "part_time": "PART_TIME",
    "labour_dispatch": "CONTRACTOR",
    "service": "CONTRACTOR",
    "internship": "INTERN",
    "other": "OTHER",
}


def job_posting(job: Job, open_data: OpenDataSettings) -> dict[str, Any]:
    """The JSON-LD of a job. The pay is what the advert says, in its own unit, never the converted one."""
    posting: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "JobPosting",
        "title": without_contacts(job.title),
        "description": without_contacts(job.description) or without_contacts(job.title),
        "identifier": {"@type": "PropertyValue", "name": "chengnuan", "value": str(job.job_id)},
        "datePosted": clock.show(job.published_at),
        "validThrough": clock.show(job.valid_until),
        "hiringOrganization": {"@type": "Organization", "name": without_contacts(job.employer_name) or job.source_name},
        "jobLocation": _place(job),
        "employmentType": _employment(job),
        "directApply": False,
        "subjectOf": in_posting(open_data),
    }
    salary = _salary(job)
    if salary:
        posting["baseSalary"] = salary
    if job.gig is not None:
        posting["jobStartDate"] = clock.show(job.gig.starts_at)
    optional = {
        "totalJobOpenings": job.headcount,
        "skills": "、".join(job.skills),
        "jobBenefits": "、".join(job.tags),
        "educationRequirements": without_contacts(job.education),
        "experienceRequirements": without_contacts(job.experience),
        "occupationalCategory": "、".join(job.trade_codes),
        "sameAs": job.source_url,
    }
    return posting | {name: value for name, value in optional.items() if value}


def _employment(job: Job) -> str | list[str]:
    """A gig is for a time, and one that is paid by the day is also that (``PER_DIEM``)."""
    if job.gig is None:
        return _EMPLOYMENT.get(job.contract_kind or "", "OTHER")
    return ["TEMPORARY", "PER_DIEM"] if job.wage_unit == "day" else "TEMPORARY"


def _place(job: Job) -> dict[str, Any]:
    address: dict[str, Any] = {"@type": "PostalAddress", "addressCountry": "CN"}
    if street := without_contacts(job.address):
        address["streetAddress"] = street
    if names := _names(job.region_code):
        address |= {"addressRegion": names[0], "addressLocality": "".join(names[1:]) or names[0]}
    place: dict[str, Any] = {"@type": "Place", "address": address}
    if job.lat is not None and job.lng is not None and job.point_source == "given":
        # GCJ-02, as everywhere in this API; the middle of a region is not passed on as a place of work.
        place["geo"] = {"@type": "GeoCoordinates", "latitude": job.lat, "longitude": job.lng}
    return place


def _names(code: str) -> list[str]:
    try:
        return [] if not code else [*(above.name for above in reversed(region.ancestors(code))), region.get(code).name]
    except region.UnknownRegion:
        return []


def _salary(job: Job) -> dict[str, Any] | None:
    unit = _UNITS.get(job.wage_unit or "")
    if unit is None or (job.wage_min is None and job.wage_max is None):
        return None
    value: dict[str, Any] = {"@type": "QuantitativeValue", "unitText": unit}
    if job.wage_min is not None:
        value["minValue"] = job.wage_min
    if job.wage_max is not None:
        value["maxValue"] = job.wage_max
    return {"@type": "MonetaryAmount", "currency": "CNY", "value": value}
