"""The 51job sample: real rows, and the whole file."""

from __future__ import annotations

import pytest

from service.feeds.record import Parsed, Unusable
from service.feeds.records import records_of
from service.feeds.source import open_source
from service.feeds.tables import read_table

SOURCE = open_source("job51_sample")


def parsed(**changed: str) -> Parsed | Unusable:
    values = {
        "title": "Python开发工程师",
        "company": "演示科技有限公司",
        "location": "湖北省武汉洪山区",
        "wage": "1-1.5万·13薪",
        "experience": "3-4年",
        "education": "本科",
        "tags": "3-4年,本科,python,django,五险一金,年终奖金",
        "company_info": "民营|50-150人",
        "posted": "2023-12-12",
    }
    return SOURCE.parse({**values, **changed}, SOURCE.lookups)


def test_a_row() -> None:
    answer = parsed()
    assert isinstance(answer, Parsed)
    assert (answer.employer_name, answer.wage, answer.region) == ("演示科技有限公司", "1-1.5万·13薪", "湖北省武汉洪山区")
    assert answer.skills == ("python", "django")
    assert "福利：五险一金、年终奖金。" in answer.remarks
    assert "单位规模：50-150人。" in answer.remarks
    assert answer.published_on == "2023-12-12"
    assert (answer.content, answer.headcount, answer.valid_until_on) == ("", None, "")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("图像算法工程师(J10343)", "图像算法工程师"),
        ("AI算法工程师-智能工厂业务 (MJ017493)", "AI算法工程师-智能工厂业务"),
        ("中级数据分析-7444", "中级数据分析"),
        ("后端开发工程师（C++方向）（厦门）", "后端开发工程师（C++方向）（厦门）"),
        ("基金研究岗（石家庄）-1人", "基金研究岗（石家庄）-1人"),
    ],
)
def test_numbers_of_requisitions_are_no_part_of_a_title(title: str, expected: str) -> None:
    answer = parsed(title=title)
    assert isinstance(answer, Parsed)
    assert answer.title == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [("深圳深圳宝安区福永", "深圳宝安区福永"), ("江苏省江苏省", "江苏省"), ("江苏省苏州苏州工业园区", "江苏省苏州苏州工业园区")],
)
def test_a_name_written_twice(location: str, expected: str) -> None:
    answer = parsed(location=location)
    assert isinstance(answer, Parsed)
    assert answer.region == expected


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"location": ""}, "place_empty"),
        ({"title": ""}, "occupation_empty"),
        ({"title": "数据"}, "occupation_too_general"),
        ({"company": ""}, "employer_empty"),
    ],
)
def test_rows_that_cannot_be_used(changed: dict[str, str], code: str) -> None:
    answer = parsed(**changed)
    assert isinstance(answer, Unusable)
    assert answer.code == code


def test_an_odd_day_is_no_day() -> None:
    answer = parsed(posted="12-12发布")
    assert isinstance(answer, Parsed)
    assert answer.published_on == ""


def test_the_whole_file() -> None:
    records = list(records_of(read_table(SOURCE.file, SOURCE.columns).rows, SOURCE))
    assert len(records) == 4_316
    usable = [record for record in records if record.unusable is None]
    assert SOURCE.bounds.publishable[0] <= len(usable) <= SOURCE.bounds.publishable[1]
    assert all(set(record.missing) >= {"headcount", "content", "validity"} for record in usable)
    assert all("employer" not in record.missing for record in usable)
