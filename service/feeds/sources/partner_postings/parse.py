"""One posting of a partner to an advert's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.feeds.record import Parsed, Unusable
from service.feeds.said import day, headcount, not_looked_up, point, wage, words


def parse(values: Mapping[str, str], lookups: Mapping[str, Any]) -> Parsed | Unusable:
    """``values``: fields of source.toml's columns as text. Pure: the same posting always gives the same answer."""
    title, original_id = values["title"], values["original_id"]
    if not original_id:
        return Unusable("id_empty", "这一条没有编号，下次就认不出它了。")
    if not title:
        return Unusable("occupation_empty", "岗位名称是空的。")
    if values.get("currency", "").upper() not in {"", "CNY", "RMB"}:
        return Unusable("currency", f"工资不是人民币（{values['currency'][:8]}），不能和别的岗位比较。", "held")
    lat, lng = point(values.get("lat", ""), values.get("lng", ""))
    said = values.get("wage_unit", "")
    unit = lookups["wage_unit"].get(said, "")
    in_parts = not values.get("wage_text", "") and bool(values.get("wage_low", "") or values.get("wage_high", ""))
    experience = values.get("experience", "")
    education = values.get("education", "")
    return Parsed(
        title=title,
        original_id=original_id,
        employer_name=values.get("company", ""),
        credit_code=values.get("credit_code", ""),
        industry=values.get("industry", ""),
        content=values.get("content", ""),
        headcount=headcount(values.get("headcount", "")),
        education=lookups["education"].get(education.lower(), education),
        experience=f"{experience}个月经验" if experience.isdecimal() else experience,
        wage=wage(values.get("wage_low", ""), values.get("wage_high", ""), unit, values.get("wage_text", "")),
        age=values.get("age", ""),
        region="".join((values.get("province", ""), values.get("locality", ""))),
        address=values.get("address", ""),
        lat=lat,
        lng=lng,
        # schema.org's GeoCoordinates are WGS 84.
        crs="wgs84",
        tags=words(values.get("benefits", "")),
        url=values.get("url", "")[:512] if values.get("url", "").startswith(("https://", "http://")) else "",
        published_on=day(values.get("published", "")),
        valid_until_on=day(values.get("until", "")),
        unknown=not_looked_up(
            # What stands there in Chinese are words, and stay.
            学历=(education.lower() if education.isascii() else "", lookups["education"]),
            工资单位=(said if in_parts else "", lookups["wage_unit"]),
        ),
    )
