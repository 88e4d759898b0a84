"""What a parsed row is, what it lacks, and what is taken out of it."""

from __future__ import annotations

import pytest

from service.feeds.record import ELEMENTS, Parsed, as_json, content_hash, missing_elements
from service.jobs.contacts import without_contacts

WHOLE = Parsed(
    title="缝纫工",
    employer_name="演示服装厂",
    content="缝制工作服。",
    headcount=5,
    education="初中",
    wage="5000元/月",
    region="江西省赣州市",
    valid_until_on="2026-12-31",
)


def test_a_whole_row_lacks_nothing_and_a_bare_title_all() -> None:
    assert missing_elements(WHOLE) == ()
    assert missing_elements(Parsed(title="缝纫工", remarks="不是工作内容")) == tuple(ELEMENTS)


@pytest.mark.parametrize("said", ["2026/12/31", "长期", "2026-13-01"])
def test_days_are_iso_days(said: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month"):
        Parsed(title="缝纫工", valid_until_on=said)


def test_hash_follows_the_content_and_not_the_order() -> None:
    assert content_hash({"a": 1, "b": "二"}) == content_hash({"b": "二", "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": 2})
    assert "region" in as_json(WHOLE)
    assert "age" not in as_json(WHOLE)


@pytest.mark.parametrize(
    "text",
    [
        "联系 13800000000",
        "联系138 0000 0000",
        "+86 139-0000-0000",
        "0797-1234567",
        "(0797)1234567",
        "400-123-4567",
        "someone@example.org",
        "微信：demo_0000",
        "QQ 123456789",
        "身份证110101190001010000",
    ],
)
def test_contacts_are_taken_out(text: str) -> None:
    left = without_contacts(f"包吃住，{text}，日结")
    assert "（联系方式略）" in left
    assert left.startswith("包吃住，")
    assert left.endswith("，日结")
    assert not any(len(part) > 3 for part in left.split() if part.isdigit())


@pytest.mark.parametrize(
    "text",
    [
        "3500-4500元/月",
        "10001--30000元",
        "2022 年",
        "6-31-01-03",
        "专业（0807、0809）",
        "22701100304人体解剖学教师",
        "10-20万元/年",
    ],
)
def test_amounts_codes_and_years_stay(text: str) -> None:
    assert without_contacts(text) == text
