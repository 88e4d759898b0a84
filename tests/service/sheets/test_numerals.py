"""Chinese numbers in cells."""

from __future__ import annotations

import pytest

from service.sheets.numerals import arabic


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("四", "4"), ("十", "10"), ("十二号", "12号"), ("二十人", "20人"), ("一百零五", "105"), ("二〇三", "203"),
        ("两个", "2个"),
        ("三-五人", "3-5人"), ("４号", "4号"), ("④", "4"), ("若干", "若干"), ("一批", "一批"), ("一些", "一些"), ("一号", "1号"),
        ("", ""), ("3", "3"), ("千", "1000"),
    ],
)  # fmt: skip
def test_numbers(text: str, found: str) -> None:
    assert arabic(text) == found
