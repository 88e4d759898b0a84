"""One row of a county's sheet to an advert's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.feeds.record import Parsed, Unusable
from service.feeds.said import day, headcount, wage, words

_NOTES = ("备注", "注：", "注:", "填表", "合计", "总计", "说明")


def parse(values: Mapping[str, str], lookups: Mapping[str, Any]) -> Parsed | Unusable:
    """``values``: fields of source.toml's columns as text. Pure: the same row always gives the same answer."""
    title, company = values["title"], values["company"]
    if title.startswith(_NOTES) or company.startswith(_NOTES) or (company == title and len(title) > 12):
        return Unusable("not_a_job", "这一行是表格的说明或合计，不是岗位。")
    if not title:
        return Unusable("occupation_empty", "岗位名称是空的。")
    if not company:
        return Unusable("employer_empty", "单位名称是空的。")
    county = str(lookups["county"])
    place = values.get("region", "") or values.get("address", "")
    pay = values.get("wage", "")
    low, _, high = pay.partition("-")
    # A bare number in a column of wages is what is paid a month; only the sheet's own form says so.
    said = wage(low, high, "元/月") if pay.replace("-", "").replace(".", "").isdecimal() else pay
    return Parsed(
        title=title,
        original_id=values.get("original_id", ""),
        employer_name=company,
        credit_code=values.get("credit_code", ""),
        industry=values.get("industry", ""),
        content=values.get("content", ""),
        headcount=headcount(values.get("headcount", "")),
        education=values.get("education", ""),
        experience=values.get("experience", ""),
        wage=said,
        age=values.get("age", ""),
        region=place if county[:3] in place or not place else f"{county}{place}",
        address=values.get("address", ""),
        tags=words(values.get("benefits", "")),
        published_on=day(values.get("published", "")),
        valid_until_on=day(values.get("until", "")),
    )
