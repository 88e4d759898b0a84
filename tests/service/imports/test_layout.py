"""Where the table is on a sheet and what its columns mean, as stations and employers really write them."""

from __future__ import annotations

import pytest

from service.imports.layout import Laid, lay_out
from service.imports.meanings import begins_like_a_note, is_total, meaning_of, names, template_columns
from service.sheets.cells import Sheet

PHONE = "13800000001"


def laid(*rows: list[str], name: str = "岗位") -> Laid:
    return lay_out(Sheet(name, list(rows)))


def meanings(found: Laid) -> list[str]:
    return [column.meaning for column in found.columns]


@pytest.mark.parametrize(
    ("upper", "lower", "meaning", "sure"),
    [
        ("岗位", "", "title", True),
        ("职位", "", "title", True),
        ("工种", "", "trade", True),
        ("招聘 人数（人）*", "", "headcount", True),
        ("待遇", "", "wage", True),
        ("薪资", "", "wage", True),
        ("月薪（元）", "", "wage", True),
        ("联 系 人", "", "contact_name", True),
        ("联系方式", "", "contact", True),
        ("公司", "", "employer", True),
        ("拟招聘普工人数", "", "headcount", False),
        ("具体工作地点（到乡镇）", "", "address", False),
        ("薪资待遇", "最低", "wage_min", True),
        ("招聘人数", "男", "headcount_part", True),
        ("年龄", "女", "age_women", True),
        ("联系人", "电话", "contact_phone", True),
        ("企业", "名称", "employer", True),
        ("岗位信息", "要求", "description", True),
        ("职业(工种)", "", "trade", True),
    ],
)
def test_what_a_header_means(upper: str, lower: str, meaning: str, sure: bool) -> None:
    found = meaning_of(upper, lower)
    assert found is not None
    assert (found.code, found.sure) == (meaning, sure)


@pytest.mark.parametrize("header", ["盖章", "2026年", "党员", "", "赣州市章贡区2026年春风行动招聘会参会企业岗位需求情况一览表"])
def test_what_is_not_known_is_not_guessed(header: str) -> None:
    assert meaning_of(header) is None


def test_the_template_is_understood_as_it_is_meant() -> None:
    columns = template_columns()
    found = [meaning_of(column.header) for column in columns]
    assert all(one is not None and one.sure for one in found)
    assert [names()[one.code] for one in found if one] == [column.header for column in columns]


def test_two_header_rows_title_notes_sections_totals() -> None:
    found = laid(
        ["章贡区2026年春风行动招聘岗位汇总表"] * 9,
        ["填报单位：演示驿站", *[""] * 8],
        ["序号", "单位名称", "岗位信息", "岗位信息", "岗位信息", "薪资待遇", "薪资待遇", "联系方式", "联系方式"],
        ["序号", "单位名称", "名称", "人数", "要求", "最低", "最高", "联系人", "电话"],
        ["1", "演示电子厂", "普工", "20", "能两班倒", "5000", "7000", "演示王", PHONE],
        ["1", "演示电子厂", "焊工", "5", "有证", "7000", "9000", "演示王", PHONE],
        ["二、餐饮"] * 9,
        ["2", "演示餐馆", "服务员", "3", "", "4000", "5000", "演示李", PHONE],
        ["3", *[""] * 8],
        ["合计", "", "", "28", *[""] * 5],
        ["注：以上岗位长期有效，联系人见各栏", *[""] * 8],
    )
    assert meanings(found) == [
        "serial", "employer", "title", "headcount", "description", "wage_min", "wage_max", "contact_name", "contact_phone",
    ]  # fmt: skip
    assert [line.number for line in found.lines] == [5, 6, 8]
    assert found.above == ("章贡区2026年春风行动招聘岗位汇总表", "填报单位：演示驿站")
    assert found.notes == ("二、餐饮", "合计", "注：以上岗位长期有效，联系人见各栏")
    assert len(found.header) == 2


def test_two_header_rows_of_a_csv_have_the_group_once() -> None:
    found = laid(
        ["岗位", "工资", "", "人数", "", "电话"], ["", "最低", "最高", "男", "女", ""], ["普工", "5000", "6000", "2", "3", PHONE]
    )
    assert meanings(found) == ["title", "wage_min", "wage_max", "headcount_part", "headcount_part", "contact_phone"]
    assert len(found.lines) == 1


def test_a_row_of_data_is_no_second_header() -> None:
    found = laid(["岗位", "人数", "待遇"], ["岗位协管员", "5", "面议"], ["人数统计员", "2", "5000元/月"])
    assert [line.cells[0] for line in found.lines] == ["岗位协管员", "人数统计员"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_the_order_does_not_matter(order: tuple[int, ...]) -> None:
    header, data = ["职位", "需求人数", "薪酬", "联系电话"], ["普工", "20", "6000元/月", PHONE]
    found = laid([header[at] for at in order], [data[at] for at in order])
    assert dict(zip(meanings(found), found.lines[0].cells, strict=True)) == {
        "title": "普工", "headcount": "20", "wage": "6000元/月", "contact_phone": PHONE,
    }  # fmt: skip


def test_phones_and_wages_are_known_by_what_they_look_like() -> None:
    found = laid(
        ["公司", "招什么人", "戊", "丁", "丙"],
        ["演示厂", "普工", "20", "6000元/月", PHONE],
        ["演示厂", "保安", "2", "4000元/月", "0797-8000001"],
    )
    assert [(column.meaning, column.sure) for column in found.columns] == [
        ("employer", "word"), ("title", "word"), ("", ""), ("wage", "content"), ("contact_phone", "content"),
    ]  # fmt: skip


def test_of_two_columns_for_one_thing_the_sure_one_counts() -> None:
    found = laid(["拟招岗位类型", "岗位名称", "岗位要求", "任职条件"], ["技工", "电焊工", "有证", "能吃苦"])
    assert meanings(found) == ["", "title", "description", "description"]


def test_a_header_that_comes_again_is_no_data() -> None:
    header = ["岗位", "人数", "待遇"]
    found = laid(header, ["普工", "2", "5000"], header, ["保安", "1", "4000"])
    assert [line.number for line in found.lines] == [2, 4]


def test_a_job_that_says_nothing_else_is_kept_as_a_line() -> None:
    """Somebody wrote it there and shall hear what is missing."""
    found = laid(["岗位", "人数", "待遇"], ["普工", "2", "5000"], ["保安", "", ""])
    assert [line.number for line in found.lines] == [2, 3]


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        (Sheet("a", []), "空"),
        (Sheet("a", [["填表说明"], ["一、请如实填写"]]), "表头"),
        (Sheet("a", [["岗位", "人数"]]), "没有一行数据"),
        (Sheet("a", [["岗位", "人数"], ["普工", "1"]], hidden=True), "隐藏"),
    ],
)
def test_why_a_sheet_is_not_used(sheet: Sheet, why: str) -> None:
    found = lay_out(sheet)
    assert why in found.skipped
    assert not found.lines


def test_jobs_that_only_begin_like_a_note() -> None:
    found = laid(
        ["岗位", "人数", "待遇"],
        ["制表员", "2", "5000"],
        ["合计核算员", "1", "4000"],
        ["合计", "3", ""],
        ["制表：演示", "", "2026年"],
    )
    assert [line.cells[0] for line in found.lines] == ["制表员", "合计核算员"]


def test_notes_begin_like_notes() -> None:
    assert begins_like_a_note("注：本表每周更新")
    assert is_total("合计：")
    assert not begins_like_a_note("注塑工")
