"""What a person typed, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import understand
from matching.rules.benefits import read_tags


def read(written: str) -> dict[str, object]:
    """Field to value (a list where there are several); not applied ones with a question mark."""
    found: dict[str, object] = {}
    for piece in understand(written):
        name = piece.field + ("" if piece.applied else "?")
        before = found.get(name)
        found[name] = piece.value if before is None else [*(before if isinstance(before, list) else [before]), piece.value]
    return found


def test_a_whole_wish() -> None:
    assert read("五十多岁想找个看大门的活，包住，离章贡区近点，一个月三千以上，不要夜班") == {
        "age_min": 50,
        "age_max": 59,
        "trade": "4-07-05-01",
        "benefit": "包住",
        "region": "360702000000",
        "near": True,
        "wage_min": 3000,
        "wage_unit": "month",
        "not?": "夜班",
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("焊工 日结", {"trade": "6-18-02-04", "settlement": "day"}),
        ("我52岁 找保洁", {"age_min": 52, "age_max": 52, "trade": "4-09-08-01"}),
        ("一天300", {"wage_min": 6525, "wage_unit": "month"}),
        ("普工6000以上包吃住", {"trade": "6-31-99-00", "wage_min": 6000, "wage_unit": "month", "benefit": ["包吃", "包住"]}),
        ("附近5公里内", {"near": 5.0}),
        ("离家近 八小时", {"near": True, "hours_max": 8.0}),
        ("零工 明天能上班", {"kind": "gig", "start?": "明天"}),
        ("我们三个人 夫妻一起", {"group_size?": 3, "couple?": True}),
        ("朝阳区保安", {"region?": "110105000000,220104000000", "trade": "4-07-05-01"}),
        ("有叉车证", {"certificate": "叉车证"}),
        ("不坐流水线", {"not?": "流水线"}),
        ("附近有没有零工 日结", {"near": True, "kind": "gig", "settlement": "day"}),
        ("附近有没有活干", {"near": True}),
        ("有啥活", {}),
        ("大余县池江镇 有没得事做", {"region": "360723102000"}),
        ("六千以上 不加班", {"wage_min": 6000, "wage_unit": "month", "not?": "加班"}),
        ("不想进厂", {"not?": "进厂"}),
        ("不交社保也行", {"not?": "社保"}),
        ("不限经验", {"benefit": "无经验可"}),
        ("想找汗工", {"text": "汗工"}),
        ("找工作", {}),
        ("", {}),
    ],
)
def test_pieces(written: str, expected: dict[str, object]) -> None:
    assert read(written) == expected


def test_what_is_refused_is_not_searched_for() -> None:
    pieces = understand("不要保安 焊工")
    assert [(piece.field, piece.text) for piece in pieces] == [("not", "不要保安"), ("trade", "焊工")]


def test_pieces_stand_in_the_order_of_their_words() -> None:
    assert [piece.field for piece in understand("章贡区焊工日结")] == ["region", "trade", "settlement"]


@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from("岁千万元月天公里近夫妻包吃住不要焊工赣州0123456789一二十-~k,. "), max_size=30).map("".join)
)
def test_any_text_is_read_and_nothing_fails(written: str) -> None:
    for piece in understand(written):
        assert 0 < piece.confidence <= 1
        assert piece.text


@pytest.mark.parametrize(
    "words", ["包吃住", "管饭", "包住", "夫妻房", "五险一金", "公积金", "双休", "单休", "班车接送", "坐着上班", "不限经验"]
)
def test_benefits_mean_the_same_in_a_wish_and_in_an_advert(words: str) -> None:
    wished = {str(piece.value) for piece in understand(words) if piece.field == "benefit"}
    assert wished
    assert wished <= set(read_tags(words))
