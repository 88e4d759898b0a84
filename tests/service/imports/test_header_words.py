"""The words that clerks really write above their columns, and headers whose second line only the merged cells tell apart."""

from __future__ import annotations

import pytest

from service.imports.layout import Laid, lay_out
from service.imports.meanings import meaning_of
from service.sheets.cells import Sheet
from service.sheets.read import read_book
from tests.service.imports.sheets import PLENTY, made

PHONE = "13800000001"


def _laid(*rows: list[str]) -> Laid:
    return lay_out(Sheet("用工", list(rows)))


def _meanings(found: Laid) -> list[str]:
    return [column.meaning for column in found.columns]


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("招几个", "headcount"), ("几个人", "headcount"), ("缺多少人", "headcount"), ("年纪", "age"), ("几岁", "age"),
        ("找谁", "contact_name"), ("其他说明", "remarks"), ("招什么", "title"), ("要招什么", "title"), ("多少钱", "wage"),
        ("一天多少钱", "wage"), ("在哪", "address"), ("在哪干活", "address"), ("号", "serial"), ("招工单位", "employer"),
        ("哪家厂", "employer"), ("怎么算", "wage_unit"), ("最少", "wage_min"), ("最多", "wage_max"), ("怎么结", "settlement"),
        ("文凭", "education"), ("手艺", "experience"), ("几点到几点", "hours"), ("管吃管住", "benefits"), ("乡镇街道", "region"),
        ("打哪个电话", "contact_phone"), ("号码", "contact_phone"), ("招到几号", "valid_until"), ("几号开始", "starts_at"),
        ("干到几号", "ends_at"), ("谁买保险", "insurance"), ("主要工作内容", "description"), ("姓名及电话", "contact"),
    ],
)  # fmt: skip
def test_what_people_write_is_known_for_sure(header: str, meaning: str) -> None:
    found = meaning_of(header)
    assert found is not None
    assert (found.code, found.sure) == (meaning, True)


@pytest.mark.parametrize(
    ("group", "below", "meaning"),
    [
        ("待遇", "最少", "wage_min"), ("待遇", "最多", "wage_max"), ("待遇", "怎么算", "wage_unit"),
        ("工资", "怎么结", "settlement"),
        ("年纪", "最小", "age_min"), ("招几个", "男工", "headcount_part"), ("联系方式", "找谁", "contact_name"),
    ],
)  # fmt: skip
def test_below_a_group(group: str, below: str, meaning: str) -> None:
    found = meaning_of(group, below)
    assert found is not None
    assert found.code == meaning


def test_columns_merged_down_make_the_second_line_a_header() -> None:
    """A clerk's sheet: every column is merged over both lines, only 待遇 stands over three."""
    upper = ["序号", "用人单位全称", "要的工种", "招几个", "待遇", "待遇", "待遇", "年纪", "找谁", "电话", "其他说明"]
    lower = ["序号", "用人单位全称", "要的工种", "招几个", "最少", "最多", "怎么算", "年纪", "找谁", "电话", "其他说明"]
    data = ["1", "演示家具厂", "电焊工", "3", "7000", "9500", "月", "18-55", "演示甲", PHONE, "长白班"]
    found = _laid(["演示汇总表"] * 11, upper, lower, data)
    assert _meanings(found) == [
        "serial", "employer", "trade", "headcount", "wage_min", "wage_max", "wage_unit", "age", "contact_name", "contact_phone",
        "remarks",
    ]  # fmt: skip
    assert [line.number for line in found.lines] == [4]


def test_it_does_not_depend_on_the_words_of_the_second_line() -> None:
    upper = ["单位", "岗位", "人数", "待遇", "待遇", "电话"]
    lower = ["单位", "岗位", "人数", "甲档", "乙档", "电话"]
    found = _laid(upper, lower, ["演示厂", "普工", "2", "5000元/月", "6000元/月", PHONE])
    assert len(found.header) == 2
    assert [line.cells[1] for line in found.lines] == ["普工"]
    assert [column.header for column in found.columns][3:5] == ["待遇 甲档", "待遇 乙档"]


def test_a_line_of_data_that_repeats_one_word_of_the_header_stays_data() -> None:
    found = _laid(["单位", "岗位", "人数", "待遇"], ["演示厂", "岗位", "2", "5000"], ["演示厂", "保安", "1", "4000"])
    assert len(found.lines) == 2
    wide = _laid(["岗位", "人数", "待遇", "待遇"], ["保安", "1", "4000", "5000"])
    assert len(wide.lines) == 1


def test_merged_cells_of_a_workbook() -> None:
    def fill(_book: object, page: object) -> None:
        names = ("用人单位", "岗位", "招几个", "待遇", "待遇", "电话")
        for place, name in enumerate(names):
            if name != "待遇":
                page.merge_range(0, place, 1, place, name)  # type: ignore[attr-defined]
        page.merge_range(0, 3, 0, 4, "待遇")  # type: ignore[attr-defined]
        page.write_row(1, 3, ("少的", "多的"))  # type: ignore[attr-defined]
        page.write_row(2, 0, ("演示厂", "保安", "2", "3000", "4000", PHONE))  # type: ignore[attr-defined]

    found = lay_out(read_book(made(fill), "a.xlsx", PLENTY).sheets[0])
    assert len(found.header) == 2
    assert [line.cells[1] for line in found.lines] == ["保安"]
