"""The rows of the rules for adverts: what their words find, what they spare, and that nothing unread blocks."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from service.jobs.rules import all_rules, hazard_for_minors, rules_on

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def _found(text: str) -> set[tuple[str, str]]:
    return {(rule.rule, rule.effect) for rule in rules_on(NOW) if rule.words and not rule.check and rule.found_in(text)}


@pytest.mark.parametrize(
    ("text", "rule", "effect"),
    [
        ("男工", "D-08.sex", "block"),
        ("招男工5名", "D-08.sex", "block"),
        ("搬运男工", "D-08.sex", "block"),
        ("限男", "D-08.sex", "block"),
        ("限男，提供宿舍", "D-08.sex", "block"),
        ("性别要求：男", "D-08.sex", "block"),
        ("女士勿扰", "D-08.sex", "block"),
        ("限女", "D-08.sex_women", "block"),
        ("只招女生", "D-08.sex_women", "block"),
        ("男士勿扰", "D-08.sex_women", "block"),
        ("女工", "D-08.sex_named", "warn"),
        ("缝纫女工10名", "D-08.sex_named", "warn"),
        ("女服务员", "D-08.sex_named", "warn"),
        ("孕妇勿扰", "D-08.marriage", "block"),
        ("河南人勿扰", "D-08.origin", "block"),
        ("入职查乙肝两对半", "D-08.hepatitis_test", "warn"),
        ("入职扣身份证", "D-09.papers", "block"),
        ("交诚意金500", "D-09.deposit", "block"),
    ],
)
def test_found(text: str, rule: str, effect: str) -> None:
    assert (rule, effect) in _found(text)


@pytest.mark.parametrize(
    "text",
    [
        "男女不限",
        "男女工各10名",
        "男、女工均可",
        "性别：男/女",
        "性别不限",
        "男工30元/时，女工28元/时",
        "女工宿舍管理员",
        "女宿舍保洁，限女",
        "男浴室搓澡工，限男",
        "井下采矿工\n限男",
        "妇女工作委员会",
        "解决子女入学",
        "女装导购，男鞋厂普工",
        "月嫂，限女",
        "不查乙肝",
        "不扣身份证",
        "免费培训，无需交培训费",
        "男18-60岁，女18-55岁",
    ],
)
def test_spared(text: str) -> None:
    assert _found(text) == set()


@pytest.mark.parametrize(
    ("text", "words"), [("高空作业", "高空作业"), ("不用高空作业", ""), ("无有毒有害", ""), ("接触有毒气体", "有毒")]
)
def test_hazards_for_minors(text: str, words: str) -> None:
    assert hazard_for_minors(text, NOW) == words


def test_every_row_is_dated_cites_an_article_and_only_a_read_one_blocks() -> None:
    for rule in all_rules():
        assert rule.article, rule.rule
        assert rule.source, rule.rule
        assert rule.verified in {"primary", "secondary", "unverified"}, rule.rule
        assert rule.verified == "primary" or (rule.severity, rule.effect) == ("warn", "warn"), rule.rule
        assert rule.verified != "primary" or "读于" in rule.source, rule.rule


def test_hints_only_warn() -> None:
    rows = tomllib.loads(files("service.jobs").joinpath("data/advert_hints.toml").read_text(encoding="utf-8"))["rule"]
    assert rows
    assert {row["severity"] for row in rows} == {"warn"}
