"""What may be shown and is told: a trade without a word about the work, two shifts that cannot both be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.jobs.advert import Advert, Source
from service.jobs.checks import check_advert, verdict

NOW = datetime(2026, 11, 27, 4, tzinfo=UTC)


def _advert(title: str, description: str) -> Advert:
    return Advert(
        kind="public", title=title, description=description, source=Source("test", "演示"), employer_name="演示厂", headcount=3,
        wage="7000-9000元/月", age="18岁以上", region="赣州市章贡区",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("title", "answer", "rule"),
    [
        ("电焊工", "publish", "work_unsaid"), ("保安", "publish", "work_unsaid"), ("普工", "refuse", "D-07.content"),
        ("小工", "refuse", "D-07.content"), ("储备干部", "refuse", "D-07.content"),
    ],
)  # fmt: skip
def test_a_trade_says_what_the_work_is(title: str, answer: str, rule: str) -> None:
    found = check_advert(_advert(title, ""), NOW)
    assert verdict(found) == answer
    assert rule in {finding.rule for finding in found}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("上班时间：两班倒\n长白班", True),
        ("三班倒，长白班", True),
        ("长白班", False),
        ("两班倒", False),
        ("长白班/夜班可选", False),
    ],
)
def test_two_shifts_that_cannot_both_be(text: str, told: bool) -> None:
    found = check_advert(_advert("电焊工", f"焊接钢构。{text}"), NOW)
    assert ("shift_twice" in {finding.rule for finding in found}) is told
    assert verdict(found) == "publish"
