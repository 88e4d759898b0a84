"""Adverts that ask for one sex, say it in passing, or name both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.jobs.checks import check_advert, verdict
from service.jobs.findings import Finding
from service.jobs.rules import families
from tests.service.jobs.test_checks import GOOD, NOW


def _findings(**changes: Any) -> dict[str, Finding]:
    return {finding.rule: finding for finding in check_advert(replace(GOOD, **changes), NOW)}


@pytest.mark.parametrize(
    ("text", "rule", "severity"),
    [
        ("招保安2名，男的，50岁以下，章贡区", "D-08.sex", "block"),
        ("要男的", "D-08.sex", "block"),
        ("限男，50岁以下", "D-08.sex", "block"),
        ("招保安，男2名", "D-08.sex", "block"),
        ("招保安2名 男 50岁以下", "D-08.sex", "block"),
        ("保安2名男，50岁以下", "D-08.sex", "block"),
        ("保安（男），上夜班", "D-08.sex", "block"),
        ("招搬运工男的", "D-08.sex", "block"),
        ("男工优先女工勿扰", "D-08.sex", "block"),
        ("只招男，女勿扰", "D-08.sex", "block"),
        ("保洁2名，女的，50岁以下", "D-08.sex_women", "block"),
        ("只招阿姨", "D-08.sex_women", "block"),
        ("招女工2名", "D-08.sex_named", "warn"),
        ("舞蹈编导（女）", "D-08.sex_named", "warn"),
        ("招洗碗阿姨2名", "D-08.sex_called", "warn"),
        ("食堂招大姐", "D-08.sex_called", "warn"),
    ],
)
def test_one_sex_asked_for(text: str, rule: str, severity: str) -> None:
    found = _findings(description=text)
    assert found[rule].severity == severity
    assert verdict(tuple(found.values())) == ("refuse" if severity == "block" else "publish")


@pytest.mark.parametrize(
    "text",
    [
        "男女不限", "男女都行", "男的女的都可以", "招普工，男、女不限", "男2名，女3名", "男1人女2人",
        "男女各2名", "男55岁以下，女50岁以下",

        "男：18-50岁，女：18-45岁", "住家阿姨2名", "宿舍阿姨2名",
        "保洁阿姨，男女不限", "和阿姨们一起干活", "男，女", "男女不收押金",
    ],
)  # fmt: skip
def test_both_sexes_are_no_finding(text: str) -> None:
    known = families()
    assert "sex" not in {known.get(rule) for rule in _findings(description=text)}


def test_the_same_words_are_told_once() -> None:
    assert [rule for rule in _findings(description="限男") if rule.startswith("D-08")] == ["D-08.sex"]
