"""What one line says: cells put together, contacts where they belong, wages with the unit of their header, days and hours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.clock import BEIJING
from service.imports.days import moment_of
from service.imports.layout import Column
from service.imports.meanings import meaning_of
from service.imports.said import Said, said_by, unit_of

PHONE = "13800000001"
NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


def said(**cells: str) -> Said:
    """A line from headers and cells; ``__`` parts the two lines of a header."""
    columns = []
    for header in cells:
        upper, _, lower = header.partition("__")
        found = meaning_of(upper, lower)
        columns.append(Column(f"{upper} {lower}".strip(), found.code if found else "", "word"))
    return said_by(list(cells.values()), columns)


@pytest.mark.parametrize(
    ("cells", "wage"),
    [
        ({"工资": "5000-7000元/月"}, "5000-7000元/月"),
        ({"月薪": "5000-7000"}, "5000-7000元/月"),
        ({"日薪": "230"}, "230元/天"),
        ({"时薪": "22元"}, "22元"),
        ({"薪资__最低": "5000", "薪资__最高": "7000"}, "5000-7000"),
        ({"日薪__最低": "200", "日薪__最高": "200"}, "200元/天"),
        ({"工资": "5000", "工资单位": "元/月"}, "5000元/月"),
        ({"最高工资": "6000"}, "6000以内"),
        ({"待遇": "面议"}, "面议"),
    ],
)
def test_wages(cells: dict[str, str], wage: str) -> None:
    assert said(**cells).wage == wage


@pytest.mark.parametrize(
    ("header", "unit"),
    [("工资（元/天）", "元/天"), ("薪资待遇(元/月)", "元/月"), ("工资（税前）", ""), ("月薪", "元/月"), ("工资", "")],
)
def test_the_unit_of_a_header(header: str, unit: str) -> None:
    assert unit_of(header) == unit


@pytest.mark.parametrize(
    ("cells", "name", "phone"),
    [
        ({"联系人": "演示王", "电话": PHONE}, "演示王", PHONE),
        ({"联系方式": f"演示王 {PHONE}"}, "演示王", PHONE),
        ({"联系方式": f"{PHONE}（演示王）微信同号"}, "演示王", PHONE),
        ({"联系人": f"演示王：{PHONE}"}, "演示王", PHONE),
        ({"电话": "138 0000 0001 / 13900000002"}, "", PHONE),
        ({"电话": "0797-8000001"}, "", "07978000001"),
        ({"联系人": "演示王", "电话": "无"}, "演示王", ""),
    ],
)
def test_contacts(cells: dict[str, str], name: str, phone: str) -> None:
    found = said(**cells)
    assert (found.contact_name, found.contact_phone) == (name, phone)


@pytest.mark.parametrize(
    ("cells", "count"),
    [
        ({"人数": "20"}, 20),
        ({"人数": "20人"}, 20),
        ({"人数": "3-5名"}, 3),
        ({"人数": "若干"}, None),
        ({"人数": "0"}, None),
        ({"人数__男": "2", "人数__女": "3"}, 5),
        ({"人数__男": "2", "人数__女": "3", "人数__合计": "6"}, 6),
    ],
)
def test_headcounts(cells: dict[str, str], count: int | None) -> None:
    assert said(**cells).headcount == count


def test_a_trade_stands_in_for_a_title_that_is_missing() -> None:
    assert said(工种="电焊工", 人数="2").text("title") == "电焊工"
    assert said(工种="焊工", 岗位="氩弧焊").text("title") == "氩弧焊"


def test_the_same_job_has_the_same_number_whatever_beside_it_changes() -> None:
    first = said(岗位="普工", 待遇="5000元/月", 人数="2", 电话=PHONE)
    assert first.original_id == said(电话="13900000002", 人数="9", 待遇="5000元/月", 岗位="普工").original_id
    assert first.original_id != said(岗位="普工", 待遇="6000元/月", 人数="2", 电话=PHONE).original_id
    assert first.content != said(岗位="普工", 待遇="5000元/月", 人数="2", 电话="13900000002").content


def test_the_own_number_is_the_number_and_holds_no_contact() -> None:
    assert said(编号=" GZ 7 ", 岗位="普工").original_id == "n-GZ7"
    assert PHONE not in said(编号=f"a{PHONE}b 电话{PHONE}", 岗位="普工").original_id.replace(f"a{PHONE}b", "")
    assert PHONE not in said(编号=PHONE, 岗位="普工").original_id


def test_what_was_escaped_comes_back_as_it_was() -> None:
    assert said(岗位="'=1+1").text("title") == "=1+1"
    assert said(电话=f"'+86{PHONE}").contact_phone == PHONE


@pytest.mark.parametrize(
    ("text", "end", "moment"),
    [
        ("2026-12-01 08:00", False, (2026, 12, 1, 8, 0, 0)),
        ("2026-12-1 18:00", False, (2026, 12, 1, 18, 0, 0)),
        ("2026/12/1", False, (2026, 12, 1, 0, 0, 0)),
        ("2026年12月1日", True, (2026, 12, 1, 23, 59, 59)),
        ("12月1日8点半", False, (2026, 12, 1, 8, 30, 0)),
        ("12月1日 下午2点", False, (2026, 12, 1, 14, 0, 0)),
        ("1月5号", False, (2027, 1, 5, 0, 0, 0)),
        ("11.26", False, (2026, 11, 26, 0, 0, 0)),
        ("12-1 24:00", True, (2026, 12, 2, 0, 0, 0)),
        ("2026-12-01T09:30:00", False, (2026, 12, 1, 9, 30, 0)),
    ],
)
def test_days(text: str, end: bool, moment: tuple[int, ...]) -> None:
    assert moment_of(text, NOW, end=end) == datetime(*moment, tzinfo=BEIJING)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize("text", ["", "随时", "长期", "2026-13-01", "2月30日", "12月1日前后", "12-1 25:00", "13800000001"])
def test_days_that_cannot_be_read(text: str) -> None:
    assert moment_of(text, NOW, end=False) is None
