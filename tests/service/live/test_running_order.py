"""Reading a host's sheet: the header wherever it stands, slots, numbers, times. No database."""

from __future__ import annotations

from datetime import datetime

import pytest

from service.clock import BEIJING
from service.errors import Invalid
from service.live.running_order import headcount_of, lines_of, listing_no_of, moment_of

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
    found = lines_of([[["封面"]], sheet], "a.xlsx")
    assert [(line.row, line.values["listing_no"], line.values["title"], line.slot) for line in found] == [
        (5, "1号", "普工", "第一场 14:00 电子厂专场"),
        (6, "2号", "质检", "第一场 14:00 电子厂专场"),
        (8, "3", "缝纫工", "第二场 15:00"),
    ]


def test_columns_of_one_meaning_are_joined_and_order_does_not_matter() -> None:
    found = lines_of([[["福利", "岗位名称", "备注", "序号"], ["包吃住", "普工", "长白班", "7"]]], "a.csv")
    assert found[0].values["description"] == "包吃住，长白班"
    assert found[0].values["listing_no"] == "7"


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
        lines_of([sheet], "a.xlsx")
    assert refused.value.error == code


@pytest.mark.parametrize(
    ("text", "number"), [("3号链接", 3), ("3", 3), ("３号", 3), ("三号", None), ("3-5", None), ("0", None), ("", None)]
)
def test_numbers(text: str, number: int | None) -> None:
    assert listing_no_of(text) == number


@pytest.mark.parametrize(("text", "number"), [("20人", 20), ("20-30人", 30), ("若干", None), ("0", None)])
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
