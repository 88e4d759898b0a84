"""An advert in one line of free text, judged by its words: for ``flask jobs check``.

What such a line leaves out is said by the fields of a form, or by whoever pasted it: that something is missing is only remarked
upon. A line that says next to nothing is held.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from matching.model import Kind
from matching.rules import region
from service.jobs.advert import Advert, Reading, Source
from service.jobs.findings import Finding
from service.jobs.rules import families

ARTICLE_24 = "《人力资源市场暂行条例》第二十四条"
_SOURCE_24 = "国务院令第700号，2018-10-01 施行；条文读于 LawRefBook/Laws 2018-06-29 文本"
_CLAUSE = re.compile(r"[，。；;！!\n]|,(?!\d{3})")
_PAY = re.compile(r"\d+\s*(?:元|块|/|k|K|千|万)|[薪资待酬]|\d{4,5}\s*[-~—至到]\s*\d{4,5}|\d{4,5}")
_NOT_PAY = re.compile(r"押|费|罚|交[^通]|垫|本金|充值|补贴|奖金|返|电话|1[3-9]\d{9}|扣")
_AGE = re.compile(r"\d{2}\s*(?:周?岁|[-~—至到]\s*\d{2}\s*(?:周?岁))|[二三四五六]十(?:[一二三四五六七八九])?岁")
_NOT_AGE = re.compile(r"孩|学生|学员|儿童|小朋友|宝宝|童装|娃|老人|少年|工龄")
_HEADS = re.compile(r"(\d{1,4}|[一二两三四五六七八九十])\s*(?:名|人(?!民)|个人|位)")
_OPENING = re.compile(r"^(?:急聘|急招|诚聘|诚招|高薪诚聘|招聘|招工|招|聘|【|\[|[!！：:\s])+")
_FORM = frozenset({"gig_terms", "live_terms", "wage_wrong", "region_unknown", "region_ambiguous", "region_unread"})
_LEAST = 2


def advert_of_text(text: str, kind: Kind, said: dict[str, Any] | None = None) -> Advert:
    """The advert that a line of text means; ``said`` are fields that are known better."""
    clauses = [part.strip() for part in _CLAUSE.split(text) if part.strip()]
    wage = next((part for part in clauses if _PAY.search(part) and not _NOT_PAY.search(part)), "")
    age = next((part for part in clauses if _AGE.search(part) and not _NOT_AGE.search(part)), "")
    heads = _HEADS.search(text)
    title = next((found for part in clauses if (found := _OPENING.sub("", part))), text.strip())
    fields: dict[str, Any] = {
        "kind": kind,
        "title": title[:64],
        "description": text,
        "wage": wage,
        "age": age,
        "region": text if region.find(text).code else "",
        "headcount": int(heads[1]) if heads and heads[1].isdigit() else 1 if heads else None,
        "employer_name": "（见原文）",
        **(said or {}),
    }
    return Advert(source=Source("line", "", publisher_class=fields.pop("publisher_class", "employer")), **fields)


def of_a_line(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """The findings of a line of text: what a form would ask for only warns, but a line that says next to nothing is held."""
    known = families()
    found = tuple(
        replace(one, severity="warn") if known.get(one.rule) == "missing" or one.rule in _FORM else one for one in findings
    )
    fields = reading.fields
    said = [fields["headcount"], fields["region_code"], fields["wage_min"] or fields["wage_negotiable"], fields["trade_codes"]]
    if sum(bool(one) for one in said) >= _LEAST or any(one.severity == "block" for one in found):
        return found
    advice = "看不出招什么工、在哪里、多少钱，请把工种、地点、工资、人数写清楚。"
    return (Finding("line_says_little", "description", "", advice, "hold", ARTICLE_24, _SOURCE_24, "primary"), *found)
