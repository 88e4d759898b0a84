"""One record of the province's API to an advert's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.feeds.record import Parsed, Unusable
from service.feeds.said import day, headcount, not_looked_up, point, wage, words


def parse(values: Mapping[str, str], lookups: Mapping[str, Any]) -> Parsed | Unusable:
    """``values``: fields of source.toml's columns as text. Pure: the same record always gives the same answer."""
    title, original_id = values["title"], values["original_id"]
    if not original_id:
        return Unusable("id_empty", "这一条没有编号，下次就认不出它了。")
    if not title:
        return Unusable("occupation_empty", "岗位名称是空的。")
    lat, lng = point(values.get("lat", ""), values.get("lng", ""))
    said, level = values.get("wage_unit", ""), values.get("education", "")
    unit = lookups["wage_unit"].get(said, "")
    in_parts = not values.get("wage", "") and bool(values.get("wage_low", "") or values.get("wage_high", ""))
    return Parsed(
        title=title,
        original_id=original_id,
        employer_name=values.get("company", ""),
        credit_code=values.get("credit_code", ""),
        industry=values.get("industry", ""),
        content=values.get("content", ""),
        headcount=headcount(values.get("headcount", "")),
        education=_education(level, lookups["education"]),
        experience=values.get("experience", ""),
        wage=wage(values.get("wage_low", ""), values.get("wage_high", ""), unit, values.get("wage", "")),
        age=values.get("age", ""),
        region=values.get("region", ""),
        address=values.get("address", ""),
        lat=lat,
        lng=lng,
        crs="gcj02",
        tags=words(values.get("benefits", "")),
        url=values.get("url", "")[:512] if values.get("url", "").startswith(("https://", "http://")) else "",
        published_on=day(values.get("published", "")),
        valid_until_on=day(values.get("until", "")),
        unknown=not_looked_up(
            学历=(level[:1] if level.isdecimal() else "", lookups["education"]),
            工资单位=(said if in_parts else "", lookups["wage_unit"]),
        ),
    )


def _education(said: str, levels: Mapping[str, str]) -> str:
    return levels.get(said[:1], "") if said.isdecimal() else said
