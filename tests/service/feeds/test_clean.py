"""Rows made readable, and nothing of them keeping a number that it should not."""

from __future__ import annotations

import json

import opencc
import pytest

from service.feeds.clean import Contact, cleaned, unpacked
from service.feeds.industry import industry_of, sections
from service.feeds.said import day, headcount, point, wage, words

PHONE = "13800000001"
HIDDEN = [
    f"联系电话：{PHONE}",
    "电话 138 0000 0001 王",
    "138-0000-0001",
    "电话<b>138</b>0000<i>0001</i>",
    "&#49;3800000001",
    "&amp;#49;3800000001",
    "1<!-- -->3800000001",
    "电话138 0000 0001".encode("gb18030").decode("latin-1"),
    "焊工招聘，电话138 0000 0001".encode().decode("latin-1"),
]


@pytest.mark.parametrize("text", HIDDEN)
def test_a_number_in_a_text_becomes_the_contact_and_is_in_no_copy(text: str) -> None:
    clean = cleaned({"original_id": "A1", "content": text})
    assert clean.contact.phone == PHONE
    kept = json.dumps([clean.raw, clean.values], ensure_ascii=False)
    assert "0000" not in kept.replace("<b>", "").replace("<i>", ""), kept
    assert "contact_lifted" in clean.notes
    # Looked at again, the kept row says the same and still has its contact.
    again = cleaned(clean.raw, clean.contact)
    assert (again.values, again.contact) == (clean.values, clean.contact)


def test_the_sources_own_contact_comes_before_a_number_in_the_text() -> None:
    row = {"content": "也可打 13900000009", "contact_phone": "0797-8000001", "contact_name": "演示女士 微信号 demo_12345"}
    clean = cleaned(row)
    assert clean.contact.phone == "07978000001"
    assert "demo_12345" not in clean.contact.name
    assert set(clean.raw) == {"content"}
    assert unpacked(clean.contact.packed()) == clean.contact
    assert cleaned({"contact_name": "演示女士"}).contact == Contact()  # a name alone is of no use to anybody


def test_what_was_done_is_told() -> None:
    traditional = str(opencc.OpenCC("s2t").convert("招聘缝纫工，负责缝制衣服，长白班"))
    row = {"title": "缝纫工".encode().decode("latin-1"), "content": "<p>长白班</p>", "remarks": traditional, "place": "赣州"}
    clean = cleaned(row)
    assert clean.values == {
        "title": "缝纫工",
        "content": "长白班",
        "remarks": "招聘缝纫工，负责缝制衣服，长白班",
        "place": "赣州",
    }
    assert clean.notes == {"encoding_repaired": ["title"], "markup_removed": ["content"], "simplified": ["remarks"]}
    assert clean.told() == "编码已修复：岗位名称；网页标记已去掉：工作内容；繁体已转简体：备注"
    assert clean.raw["content"] == "<p>长白班</p>"


def test_big5_that_was_read_as_gb18030_is_undone() -> None:
    said = "招聘電子廠普工，負責產品組裝，長白班，包吃住"
    wrong = said.encode("big5hkscs").decode("gb18030")
    clean = cleaned({"content": wrong})
    assert clean.values["content"] == "招聘电子厂普工，负责产品组装，长白班，包吃住"


def test_a_break_is_kept_only_where_it_says_something() -> None:
    clean = cleaned({"title": "焊工<br>两名", "content": "焊工<br>两名"})
    assert clean.values == {"title": "焊工 两名", "content": "焊工\n两名"}


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-01-05", "2026-01-05"),
        ("2026/1/5", "2026-01-05"),
        ("2026年1月5日", "2026-01-05"),
        ("2026.01.05 08:00", "2026-01-05"),
        ("2026-01-05T20:00:00Z", "2026-01-06"),
        ("2026-01-05T08:00:00+08:00", "2026-01-05"),
        ("1767571200000", "2026-01-05"),
        ("2026-13-05", ""),
        ("长期有效", ""),
        ("", ""),
    ],
)
def test_days(text: str, iso: str) -> None:
    assert day(text) == iso


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("5人", 5),
        ("10名", 10),
        ("20人左右", 20),
        ("若干", None),
        ("0", None),
        ("-3", None),
        ("5-10人", None),
        ("", None),
    ],
)
def test_headcounts(text: str, number: int | None) -> None:
    assert headcount(text) == number


def test_wages_out_of_parts() -> None:
    assert wage("5000", "7000", "元/月") == "5000-7000元/月"
    assert wage("5000", "5000", "元/月") == "5000元/月"
    assert wage("", "7000", "元/月") == "7000元/月"
    assert wage("0", "", "元/月") == ""
    assert wage("5000", "7000", "") == ""
    assert wage("1", "2", "元/月", "面议") == "面议"


def test_points_are_whole_or_none() -> None:
    assert point("25.6", "114.7") == (25.6, 114.7)
    for lat, lng in (("25.6", ""), ("0", "0"), ("nan", "1"), ("inf", "1"), ("x", "y")):
        assert point(lat, lng) == (None, None)


def test_lists_of_words() -> None:
    assert words("包吃、包住，五险 包吃") == ("包吃", "包住", "五险")


def test_industries() -> None:
    assert len(sections()) == 20
    assert {one.letter for one in sections()} == set("ABCDEFGHIJKLMNOPQRST")

    def letter(said: str, name: str) -> str:
        found = industry_of(said, name)
        return found.letter if found else ""

    assert letter("C", "") == "C"
    assert letter("C1810", "") == "C"
    assert letter("制造业", "演示酒店") == "C"
    assert letter("", "演示家具厂") == "C"
    assert letter("", "演示大酒店有限公司") == "H"
    assert letter("", "演示快递服务部") == "G"
    assert letter("", "演示") == ""
