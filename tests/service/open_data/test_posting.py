"""A job as a ``JobPosting``: what schema.org lets it have, what search engines ask of it, and that it says nothing untrue.

Rules: https://schema.org/JobPosting (properties and their types), and Google's "Job posting structured data" (required: title,
description, datePosted, hiringOrganization, jobLocation with a country; recommended: validThrough, employmentType, baseSalary
with a currency and a unit, identifier, directApply).
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.config import OpenDataSettings
from service.jobs.advert import Advert, GigAdvert, Source, read_advert
from service.jobs.models import GigTerms, Job
from service.jobs.posting import job_posting

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
REQUIRED = {"@context", "@type", "title", "description", "datePosted", "hiringOrganization", "jobLocation"}
RECOMMENDED = {"validThrough", "employmentType", "identifier", "directApply", "subjectOf"}
KNOWN = REQUIRED | RECOMMENDED | {
    "baseSalary", "jobStartDate", "totalJobOpenings", "skills", "jobBenefits", "educationRequirements", "experienceRequirements",
    "occupationalCategory", "sameAs",
}  # fmt: skip
EMPLOYMENT = {"FULL_TIME", "PART_TIME", "CONTRACTOR", "TEMPORARY", "INTERN", "VOLUNTEER", "PER_DIEM", "OTHER"}
UNITS = {"hour": "HOUR", "day": "DAY", "week": "WEEK", "month": "MONTH", "year": "YEAR"}
CONTRACTS = (None, "full_time", "part_time", "labour_dispatch", "service", "internship", "other")
REGIONS = ("360702000000", "360700000000", "360000000000", "", "999999000000")


def made(dice: random.Random, number: int) -> Job:
    """Any job that the database can hold, with more or less in it."""
    kind = ("public", "gig", "live")[number % 3]
    low = dice.choice((None, 18.5, 150.0, 4500.0))
    published = NOW - timedelta(hours=dice.randint(0, 900))
    job = Job(
        job_id=number + 1, version=1, kind=kind, status="open", title=dice.choice(("普工", "保洁员13800000001", "搬运工")),
        description=dice.choice(("", "长白班，包吃住。", "有意者电话13800000001，微信：zhangsan01")),
        employer_name=dice.choice(("演示电子厂", "")), source_name="演示来源", source_url=dice.choice((None, "https://example.org/1")),
        trade_codes=dice.choice(([], ["6-31-01-03"])), skills=dice.choice(([], ["电焊"])), tags=dice.choice(([], ["包吃"])),
        headcount=dice.choice((None, 1, 30)), education=dice.choice(("", "初中")), experience=dice.choice(("", "一年以上")),
        wage_min=low, wage_max=dice.choice((None, low, None if low is None else low * 1.5, 9000.0)),
        wage_unit=dice.choice((None, *UNITS, "piece")), region_code=dice.choice(REGIONS), address=dice.choice(("", "演示路1号")),
        lat=25.83, lng=114.93, point_source=dice.choice(("given", "region")), contract_kind=dice.choice(CONTRACTS),
        published_at=published, valid_until=published + timedelta(days=dice.randint(1, 60)),
    )  # fmt: skip
    if kind == "gig":
        starts = NOW + timedelta(days=dice.randint(1, 5))
        job.gig = GigTerms(starts_at=starts, ends_at=starts + timedelta(hours=9), seats=3, seats_taken=0, insurance="意外险")
    return job


def faults(said: dict[str, Any]) -> list[str]:
    """What is wrong with a posting."""
    missing = [f"no {name}" for name in (REQUIRED | RECOMMENDED) - said.keys()]
    if missing:
        return missing
    found = [f"unknown {name}" for name in said.keys() - KNOWN]
    found += [f"empty {name}" for name, value in said.items() if value in ("", None, [], {})]
    if (said["@context"], said["@type"]) != ("https://schema.org/", "JobPosting"):
        found.append("no JobPosting")
    posted, through = (datetime.fromisoformat(said[name]) for name in ("datePosted", "validThrough"))
    if posted.tzinfo is None or through.tzinfo is None or through <= posted:
        found.append("times")
    kinds = said["employmentType"]
    if not set([kinds] if isinstance(kinds, str) else kinds) <= EMPLOYMENT:
        found.append("employmentType")
    if said["hiringOrganization"].get("@type") != "Organization" or not said["hiringOrganization"].get("name"):
        found.append("hiringOrganization")
    place = said["jobLocation"]
    address = place.get("address", {})
    if (place.get("@type"), address.get("@type"), address.get("addressCountry")) != ("Place", "PostalAddress", "CN"):
        found.append("jobLocation")
    found += [f"empty address {name}" for name, value in address.items() if not value]
    if "geo" in place and place["geo"].get("@type") != "GeoCoordinates":
        found.append("geo")
    if "baseSalary" in said:
        found += salary_faults(said["baseSalary"])
    if said["directApply"] is not False or type(said.get("totalJobOpenings", 1)) is not int:
        found.append("directApply or totalJobOpenings")
    if "license" not in said["subjectOf"]:
        found.append("licence")
    return found


def salary_faults(salary: dict[str, Any]) -> list[str]:
    """What is wrong with the pay."""
    value = salary.get("value", {})
    good = (salary.get("@type"), salary.get("currency"), value.get("@type")) == ("MonetaryAmount", "CNY", "QuantitativeValue")
    numbers = [value[name] for name in ("minValue", "maxValue") if name in value]
    good = good and value.get("unitText") in UNITS.values() and bool(numbers)
    return [] if good and all(isinstance(number, int | float) and number > 0 for number in numbers) else ["baseSalary"]


def test_every_posting_is_one() -> None:
    dice, seen = random.Random(5), set()
    for number in range(1_500):
        job = made(dice, number)
        said = json.loads(json.dumps(job_posting(job, OpenDataSettings())))
        assert faults(said) == [], (faults(said), said)
        assert "13800000001" not in json.dumps(said)
        assert "zhangsan01" not in json.dumps(said)
        pay = said.get("baseSalary", {}).get("value")
        told = job.wage_unit in UNITS and (job.wage_min is not None or job.wage_max is not None)
        assert (pay is not None) == told, "the pay is said exactly when it has a unit that schema.org knows"
        if pay is not None:
            assert pay["unitText"] == UNITS[job.wage_unit or ""]
            assert (pay.get("minValue"), pay.get("maxValue")) == (job.wage_min, job.wage_max)
        if job.gig is not None:
            assert datetime.fromisoformat(said["jobStartDate"]) == job.gig.starts_at
            assert said["employmentType"] == (["TEMPORARY", "PER_DIEM"] if job.wage_unit == "day" else "TEMPORARY")
        seen.add((job.kind, job.wage_unit, job.contract_kind))
    assert len(seen) == 3 * 7 * 7, "every kind with every unit and every contract"


@pytest.mark.parametrize("broken", ["title", "datePosted", "jobLocation", "hiringOrganization", "validThrough", "subjectOf"])
def test_what_is_missing_would_be_seen(broken: str) -> None:
    said = job_posting(made(random.Random(1), 0), OpenDataSettings())
    del said[broken]
    assert faults(said) == [f"no {broken}"]


@pytest.mark.parametrize(
    ("wage", "unit", "low", "high"),
    [
        ("200-260元/天", "DAY", 200, 260),
        ("220元/天，日结", "DAY", 220, 220),
        ("25元/小时", "HOUR", 25, 25),
        ("6000-7500元/月", "MONTH", 6000, 7500),
    ],
)
def test_a_gig_as_it_is_written(wage: str, unit: str, low: int, high: int) -> None:
    starts = NOW + timedelta(days=1)
    gig = GigAdvert(starts_at=starts, ends_at=starts + timedelta(hours=8), seats=4, insurance="意外险")
    source = Source("direct", "演示")
    advert = Advert("gig", "会展搬运", source, employer_name="演示会展", wage=wage, region="赣州市章贡区", gig=gig)
    fields = read_advert(advert, NOW).fields
    known = {name: value for name, value in fields.items() if name in Job.__table__.columns}
    job = Job(**known | {"job_id": 1, "published_at": NOW, "valid_until": starts})
    job.gig = GigTerms(starts_at=starts, ends_at=starts + timedelta(hours=8), seats=4, seats_taken=0, insurance="意外险")
    said = job_posting(job, OpenDataSettings())
    assert faults(said) == []
    assert said["baseSalary"]["value"] == {"@type": "QuantitativeValue", "unitText": unit, "minValue": low, "maxValue": high}
    assert ("PER_DIEM" in said["employmentType"]) == (unit == "DAY")


def test_the_licence_is_the_operators_and_said_either_way() -> None:
    job = made(random.Random(1), 0)
    assert job_posting(job, OpenDataSettings())["subjectOf"]["license"] == {"@type": "CreativeWork", "name": "尚未确定"}
    chosen = OpenDataSettings("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/", "某某县人社局")
    said = job_posting(job, chosen)["subjectOf"]
    assert said["license"] == {
        "@type": "CreativeWork", "name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/",
    }  # fmt: skip
    assert said["creditText"] == "岗位信息来自某某县人社局，原始来源见每条的 source"
