"""Reading a host's sheet: the header wherever it stands, slots, numbers, times. No database."""

from __future__ import annotations

from datetime import datetime

import pytest

from service.clock import BEIJING
from service.errors import Invalid
from service.live.running_order import headcount_of, listing_no_of, moment_of, read_order

BEGINS = datetime(2026, 12, 1, 14, 0, tzinfo=BEIJING)


def test_the_header_is_found_and_slots_are_read() -> None:
    sheet = [
        ["赣州市直播带岗岗位表", "", "", ""],
        ["", "", "", ""],
        ["链接号*", "招聘单位", "招聘岗位", "招聘人数（人）"],
        ["第一场 14:00 电子厂专场"] * 4,
        ["1号", "演示电子厂", "普工", "20人"],
        ["2号", "演示电子厂", "质检", "3"],
        ["第二场 15:00", "", "", ""],
        ["3", "演示制衣厂", "缝纫工", "若干"],
        ["", "", "", ""],
    ]
    found = read_order([[["封面"]], sheet], "a.xlsx").lines
    assert [(line.row, line.values["listing_no"], line.values["title"], line.slot) for line in found] == [
        (5, "1号", "普工", "第一场 14:00 电子厂专场"),
        (6, "2号", "质检", "第一场 14:00 电子厂专场"),
        (8, "3", "缝纫工", "第二场 15:00"),
    ]


def test_columns_of_one_meaning_are_joined_and_order_does_not_matter() -> None:
    found = read_order([[["福利", "岗位名称", "备注", "序号"], ["包吃住", "普工", "长白班", "7"]]], "a.csv").lines
    assert found[0].values["description"] == "包吃住，长白班"
    assert found[0].values["listing_no"] == "7"


def test_a_sheet_in_the_words_of_a_host() -> None:
    header = ["号", "招什么", "招工单位", "几个人", "多少钱", "在哪", "几岁", "找谁", "打哪个电话", "其他说明", "颜色"]
    line = ["四", "电焊工", "演示钢构厂", "五人", "7000元/月", "章贡区", "18-60", "演示甲", "13800000001", "有证", "红"]
    found = read_order([[header, line]], "a.xlsx")
    assert found.lines[0].values == {
        "listing_no": "四", "title": "电焊工", "employer_name": "演示钢构厂", "headcount": "五人", "wage": "7000元/月",
        "address": "章贡区", "age": "18-60", "contact_name": "演示甲", "contact_phone": "13800000001", "description": "有证",
    }  # fmt: skip
    assert [(one.column, one.field) for one in found.headings][-2:] == [(10, "description"), (11, "")]


def test_a_title_above_the_table_is_no_header() -> None:
    found = read_order([[["序号说明和直播岗位"] * 2, ["序号", "工种"], ["1", "电焊工"]]], "a.xlsx")
    assert [(line.row, line.values["title"]) for line in found.lines] == [(3, "电焊工")]


@pytest.mark.parametrize(
    ("sheet", "code"),
    [
        ([["a", "b"], ["1", "2"]], "running_order_no_header"),
        ([["序号", "岗位名称"]], "running_order_empty"),
        ([], "running_order_no_header"),
    ],
)  # fmt: skip
def test_what_is_no_running_order_is_said(sheet: list[list[str]], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_order([sheet], "a.xlsx")
    assert refused.value.error == code


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3号链接", 3),
        ("3", 3),
        ("３号", 3),
        ("三号", 3),
        ("四", 4),
        ("十二号链接", 12),
        ("三到五号", None),
        ("3-5", None),
        ("0", None),
        ("", None),
    ],
)
def test_numbers(text: str, number: int | None) -> None:
    assert listing_no_of(text) == number


@pytest.mark.parametrize(
    ("text", "number"), [("20人", 20), ("20-30人", 30), ("二十人", 20), ("若干", None), ("一批", None), ("0", None)]
)
def test_headcounts(text: str, number: int | None) -> None:
    assert headcount_of(text) == number


@pytest.mark.parametrize(
    ("text", "day", "hour", "minute"),
    [
        ("14:30", 1, 14, 30), ("第二场 15:00-15:30", 1, 15, 0), ("15点", 1, 15, 0), ("1:10", 2, 1, 10), ("12月3日 9:05", 3, 9, 5),
        ("2026-12-03 09:05", 3, 9, 5),
    ],
)  # fmt: skip
def test_times(text: str, day: int, hour: int, minute: int) -> None:
    assert moment_of(text, BEGINS) == datetime(2026, 12, day, hour, minute, tzinfo=BEIJING)


@pytest.mark.parametrize("text", ["", "下午", "25:00", "13月40日 9:00", "14:75"])
def test_times_that_are_none(text: str) -> None:
    assert moment_of(text, BEGINS) is None
