"""Words that are hidden: by signs in between, in other spellings, split over two fields; and honest signs that stay free."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.jobs.checks import check_advert
from service.jobs.checks.words import plain_words
from service.jobs.findings import Finding
from service.jobs.rules import families
from tests.service.jobs.test_checks import GOOD, NOW


def _findings(**changes: Any) -> dict[str, Finding]:
    return {finding.rule: finding for finding in check_advert(replace(GOOD, **changes), NOW)}


def _kinds(**changes: Any) -> set[str]:
    known = families()
    return {known[rule] for rule, found in _findings(**changes).items() if rule in known and found.severity != "note"}


def test_evasions_are_read() -> None:
    for text in ("入职交押＊金500", "入职交押.金500", "入职交押\u200b金500", "入职交押 金500"):
        assert "D-09.deposit" in _findings(description=text), text
    assert plain_words(["ＶＸ：１２３，好"]) == "VX：123，好"


OFFENCES = (
    "入职要交押金300元", "限男性", "身份证押在公司", "招童工15岁以下", "手机刷单兼职日赚500", "境外博彩客服", "乙肝携带者不要",
    "培训费可以贷款分期",
)  # fmt: skip


@pytest.mark.parametrize(
    "sign", ["\u200b", "\u00ad", "\u2800", "\u0336", "\u20e0", " ", ".", "*", "😀", "✅", "\n", "—", "——", "】【", "／"]
)
@pytest.mark.parametrize("text", OFFENCES)
def test_signs_between_all_characters_hide_nothing(text: str, sign: str) -> None:
    plain, hidden = _findings(description=text), _findings(description=sign.join(text))
    assert {rule for rule, found in plain.items() if found.severity in {"block", "hold"}} <= set(hidden)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("入职先缴三佰圆，干满一月退", "D-09.deposit"),
        ("入职交叁佰元押jin", "D-09.deposit"),
        ("交押😀金300元", "D-09.deposit"),
        ("交【押】【金】300元", "D-09.deposit"),
        ("只要♂", "D-08.sex"),
        ("xian nan xing", "D-08.sex"),
        ("shua单", "D-09.brushing"),
        ("ShuaDan日结", "D-09.brushing"),
        ("帮商家做单返佣", "D-09.brushing"),
        ("shēn份证原件统一保管", "D-09.papers"),
        ("东南亚 bó cǎi 客服", "text_unfit"),
        ("入职交鸭金300元", "D-09.deposit"),
        ("入职交保正金300元", "D-09.deposit"),
        ("入职先缴亚jin三百", "D-09.deposit"),
        ("入职交押j300元", "D-09.deposit"),
        ("入职交yj300", "D-09.deposit"),
        ("入职交扌甲金300元", "D-09.deposit"),
        ("唰丹日结", "D-09.brushing"),
        ("SFZ押在公司", "D-09.papers"),
        ("只招汗族", "D-08.ethnic"),
        ("已肝携带者不要", "D-08.health"),
        ("不招钕生", "D-08.sex"),
        ("田力生优先", "D-08.sex"),
        ("xìng别：男", "D-08.sex"),
    ],
)
def test_other_spellings_are_read(text: str, rule: str) -> None:
    assert _findings(description=text)[rule].severity == "block"


@pytest.mark.parametrize(
    ("text", "words"), [("入职交鸭金300元", "交鸭金"), ("入职交押j300元", "交押j"), ("SFZ押在公司", "SFZ押")]
)
def test_a_masked_word_is_told_as_it_is_written(text: str, words: str) -> None:
    found = [one for one in _findings(description=text).values() if one.severity == "block"]
    assert any(words in one.words and one.field == "description" for one in found), found


@pytest.mark.parametrize(
    "text",
    [
        "有威望，讲信用",
        "云南生产基地",
        "今天到岗",
        "压铸、冲压工",
        "SD项目组",
        "Java、CAD 制图",
        "以干促学",
        "反映问题",
        "中介绍路线",
        "刷蛋液、烤面包",
    ],
)
def test_words_that_only_sound_alike_are_spared(text: str) -> None:
    assert plain_words([text]) == text
    assert _kinds(description=text) - {"bait"} == set()


def test_a_word_split_between_title_and_description() -> None:
    assert _findings(title="保洁员交押", description="金300元。")["D-09.deposit"].words == "交押金"
    for title, text in (("冲压工", "一百人的厂，包住。"), ("冲压工", "2023年新厂，包住。"), ("不收押", "金300元不用交。")):
        assert "D-09.deposit" not in _findings(title=title, description=text), text


@pytest.mark.parametrize(
    "text",
    [
        "✅包吃住✅男女不限✅不收押金✅月休四天",
        "🔥急招🔥普工🔥女生宿舍、男生宿舍都有🔥",
        "【包吃】【包住】——长白班——坐班",
        "甲、乙、丙三班，早 中 晚 轮换",
        "圆桌宴席传菜，陆家嘴店，佰草园旁",
        "Shenzhen 总部，Fan 先生接待，JIN 牌设备",
    ],
)
def test_honest_signs_are_spared(text: str) -> None:
    assert _kinds(description=text) - {"bait"} == set()
