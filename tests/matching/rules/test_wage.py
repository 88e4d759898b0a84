"""Wages as adverts write them. wage_cases.csv: real forms, each reading checked by hand."""

from __future__ import annotations

import csv
import gzip
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.rules.numerals import chinese_number, plain
from matching.rules.wage import Wage, parse_wage, show_wage, yuan_month

CASES = Path(__file__).with_name("wage_cases.csv")
FEEDS = Path(__file__).resolve().parents[3] / "seed_jobs" / "feeds"
NUMBERS = ("min", "max", "min_yuan_month", "max_yuan_month", "months_per_year")
FULL_WIDTH = {c: c + 0xFEE0 for c in range(0x21, 0x7F)}


def cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", cases(), ids=lambda row: row["text"][:30] or "empty")
def test_real_forms(row: dict[str, str]) -> None:
    wage = parse_wage(row["text"])
    assert wage.text == row["text"]
    for name in NUMBERS:
        expected = float(row[name]) if row[name] else None
        assert getattr(wage, name) == expected, name
    assert (wage.unit or "") == row["unit"]
    assert wage.negotiable is bool(row["negotiable"])
    assert (wage.settlement or "") == row["settlement"]
    assert (wage.reason is None) is (wage.min is not None or wage.max is not None)


def test_the_table_is_large_enough() -> None:
    assert len(cases()) >= 350


def column(file_name: str, name: str) -> list[str]:
    """All filled cells of a column of the real lists that the project ships (seed_jobs/feeds/SOURCES.md)."""
    with gzip.open(FEEDS / file_name, "rt", encoding="utf-8-sig", newline="") as file:
        return [row[name] for row in csv.DictReader(file) if row[name].strip()]


def test_a_job_sites_wages_are_read() -> None:
    written = column("51job_2023-12.csv.gz", "wage")
    read = [text for text in written if parse_wage(text).reason is None]
    assert len(written) > 4000
    assert len(read) / len(written) >= 0.99


def test_government_lists_invent_nothing() -> None:
    written = set(column("shortage_lists_2021_2026.csv.gz", "pay_or_policy"))
    assert len(written) > 1000
    for text in written:
        wage = parse_wage(text)
        low, high = wage.min, wage.max
        if not re.search(r"[0-9０-９一二三四五六七八九十]", text):
            assert (low, high) == (None, None), text
        if low is not None and high is not None:
            assert low <= high, text
        # every amount read stands in the text: as digits, or as digits with 万, 千 or k behind them
        for amount in (low, high):
            if amount is not None:
                shapes = {f"{amount:g}", f"{amount:.10g}", f"{amount / 1000:g}", f"{amount / 10000:g}"}
                assert any(shape in plain(text) for shape in shapes), text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "没有写工资"),
        ("按政策执行", "没有写工资数额"),
        ("五险一金、双休", "福利待遇"),
        ("面议", "面议"),
        ("计件", "没有写单价"),
        ("3000~500", "写得不对"),
        ("24-36", "没有写单位"),
        ("年薪24-36", "没有写明"),
        ("0-0元", "不对"),
    ],
)
def test_what_is_not_read_says_why(text: str, said: str) -> None:
    wage = parse_wage(text)
    assert wage.min is None
    assert wage.max is None
    assert wage.reason is not None
    assert said in wage.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("6000-8000", "按月工资看"),
        ("10-20万", "按年工资看"),
        ("200-300元", "按日工资看"),
        ("22元/小时", "每天8小时、每月21.75天"),
        ("8千-1.1万·13薪", "13薪没有折算"),
        ("0.5元/件", "不折算"),
        ("部长年薪12万元，副部长年薪10万元", "几个工资"),
    ],
)
def test_assumptions_are_named(text: str, said: str) -> None:
    assert any(said in sentence for sentence in parse_wage(text).assumptions)


def test_a_fully_written_monthly_wage_assumes_nothing() -> None:
    assert parse_wage("6000-8000元/月").assumptions == ()


def test_whole_yuan_are_int_and_fractions_float() -> None:
    assert isinstance(parse_wage("1.1万/月").min, int)
    assert parse_wage("18.5元/小时").min == 18.5


@pytest.mark.parametrize(
    ("amount", "unit", "month"),
    [
        (5000, "month", 5000),
        (22, "hour", 3828),
        (18.5, "hour", 3219),
        (200, "day", 4350),
        (230, "day", 5003),  # 5002.5, halves up
        (1500, "week", 6500),
        (100000, "year", 8333),
        (200000, "year", 16667),
        (0.5, "piece", None),
    ],
)
def test_yuan_a_month(amount: float, unit: str, month: int | None) -> None:
    assert yuan_month(amount, unit) == month


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("6000-8000元/月", "6000-8000元/月"),
        ("8千-1.1万·13薪", "8000-11000元/月·13薪"),
        ("底薪3000+提成", "3000元/月起"),
        ("8000以下", "不超过8000元/月"),
        ("18.5/小时", "18.5元/小时"),
        ("300元/亩", "300元/亩"),
        ("面议", "面议"),
        ("计件", "计件"),
        ("按政策执行", "按政策执行"),
        ("", "工资未写"),
    ],
)
def test_short_form(text: str, shown: str) -> None:
    assert show_wage(parse_wage(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "电话13800000000",
        "微信13900000000 联系",
        "2025",
        "2025年12月1日前",
        "18-45岁",
        "男18-50女18-45",
        "五十岁以下",
        "每天12小时，月休4天",
        "招50人",
        "3-5年经验",
        "8:30-17:30",
        "赣州市章贡区长征大道1号3栋502室",
        "试用期3个月",
        "身高160以上",
        "离高铁站500米",
    ],
)
def test_other_numbers_are_no_wage(text: str) -> None:
    wage = parse_wage(text)
    assert (wage.min, wage.max, wage.unit) == (None, None, None)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("三千五", 3500),
        ("一万二", 12000),
        ("两百", 200),
        ("一百零五", 105),
        ("四十五", 45),
        ("十八", 18),
        ("一万零五百", 10500),
        ("三四", None),
    ],
)
def test_chinese_numbers(written: str, value: int | None) -> None:
    assert chinese_number(written) == value


def test_place_names_and_insurance_keep_their_numerals() -> None:
    assert plain("十堰千灯镇百货，五险一金") == "十堰千灯镇百货,五险一金"


MONEY = [
    "底薪",
    "提成",
    "保底",
    "面议",
    "计件",
    "月薪",
    "日结",
    "元",
    "万",
    "千",
    "k",
    "六千",
    "三",
    "3000",
    "8",
    "1.5",
    "500",
    "18",
]
BESIDE = [
    "以上",
    "以下",
    "左右",
    "+",
    "-",
    "~",
    "至",
    "/",
    "月",
    "天",
    "小时",
    "年",
    "件",
    "试用期",
    "转正",
    "，",
    "。",
    "岁",
    "(",
    ")",
    "\n",
]
PIECES = st.sampled_from(MONEY + BESIDE + ["13薪", "＋", "６"])


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join)))
def test_any_text_is_answered(text: str) -> None:
    wage = parse_wage(text)
    assert isinstance(wage, Wage)
    assert wage.text == text
    if wage.min is not None and wage.max is not None:
        assert 0 < wage.min <= wage.max
    if wage.min is None and wage.max is None:
        assert wage.reason
    else:
        assert wage.unit is not None
    assert show_wage(wage)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=10).map("".join))
def test_full_and_half_width_read_the_same(text: str) -> None:
    assert replace(parse_wage(text.translate(FULL_WIDTH)), text="", reason=None) == replace(
        parse_wage(text), text="", reason=None
    )


def test_a_long_text_is_read_in_bounded_time() -> None:
    assert parse_wage("9" * 20000).reason
    assert parse_wage("工资6000-8000元/月。" + "包吃住。" * 5000).min == 6000
