"""One row of the 51job sample to an advert's fields. Companies are named, persons never; duties and headcount are not in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from service.feeds.record import Parsed, Unusable
from service.jobs.contacts import without_contacts

_TWICE = re.compile(r"^(?P<name>[\u4e00-\u9fff]{2,}?)(?P=name)")
_REQUISITION = re.compile(r"\s*(?:[（(]\s*[A-Z]{0,2}\s?\d{4,}\s*[）)]|[-—][A-Z]{0,2}\d{4,}[A-Z]?)$")
MOST_SKILLS = 15


def parse(values: Mapping[str, str], lookups: Mapping[str, Any]) -> Parsed | Unusable:
    """``values``: fields of source.toml's columns as text. Pure: the same row always gives the same answer."""
    title = _REQUISITION.sub("", without_contacts(values.get("title", ""))).strip()
    if not title:
        return Unusable("occupation_empty", "职位名称是空的。")
    if title in lookups["too_general"]:
        return Unusable("occupation_too_general", f"只写了“{title}”，看不出是什么工作。")
    place = _TWICE.sub(r"\g<name>", values.get("location", ""))
    if not place:
        return Unusable("place_empty", "工作地点是空的。")
    if not values.get("company"):
        return Unusable("employer_empty", "公司名称是空的。")
    experience, education = values.get("experience", ""), values.get("education", "")
    words = [word for word in dict.fromkeys(_words(values.get("tags", ""))) if word not in {experience, education}]
    benefits = [word for word in words if word in lookups["benefits"]]
    nature, _, size = values.get("company_info", "").partition("|")
    remarks = [f"2023 年公开广告的样例（{values.get('posted') or '日期未注明'}），不是现在的招聘信息。"]
    remarks += [f"福利：{'、'.join(benefits)}。"] if benefits else []
    remarks += [f"单位性质：{nature}。"] if nature else []
    remarks += [f"单位规模：{size}。"] if size else []
    return Parsed(
        title=title,
        employer_name=values["company"],
        remarks="\n".join(remarks),
        skills=tuple(word for word in words if word not in lookups["benefits"])[:MOST_SKILLS],
        education=education,
        experience=experience,
        wage=values.get("wage", ""),
        region=place,
        published_on=_day(values.get("posted", "")),
    )


def _words(text: str) -> list[str]:
    return [without_contacts(word.strip()) for word in re.split(r"[,，]", text) if word.strip()]


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
