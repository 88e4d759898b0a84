"""Sentences that must not say more than the advert does."""

from __future__ import annotations

import pytest

from matching import formula, reasons


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (8265, 8265, "月薪 8265，高于期望 5000"),
        (5000, 5000, "月薪 5000，达到期望 5000"),
        (6000, 8000, "月薪 6000 起，高于期望 5000"),
        (6000, 0, "月薪 6000 起，高于期望 5000"),
    ],
)
def test_one_fixed_pay_is_no_lower_end(low: int, high: int, said: str) -> None:
    assert reasons.wage(5000, low, high).text == said


def test_an_upper_limit_does_not_welcome_a_minor() -> None:
    assert reasons.age(17, 0, 60) is None
    written = [reasons.age(years, low, high) for years, low, high in ((17, 16, 60), (17, 18, 60), (18, 0, 60))]
    assert [reason.text for reason in written if reason] == [
        "17 岁在 16-60 岁要求内",
        "要求 18-60 岁，您 17 岁，还不到年龄",
        "18 岁在 60 岁以下要求内",
    ]
    assert reasons.age(17, 0, formula.AGE_OPEN) is None
