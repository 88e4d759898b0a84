"""No telephone number and no account stands in a text of a draft, however it was written into the message."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.pasted import parse_message

_CHINESE = "零一二三四五六七八九"
_SPOKEN = "洞幺两三四五六拐八勾"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"
_CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨"
_FULL = "０１２３４５６７８９"
_BOLD = "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"
_ALPHABETS = (_CHINESE, _CHINESE.replace("零", "〇").replace("一", "幺"), _FORMAL, _CIRCLED, _FULL, _BOLD, "0123456789")
_FRAMES = (
    "章贡区招普工3名，5000元/月，{}，包住",
    "急招保安2名 3200 {}",
    "1、焊工2名，8000\n2、普工5名，5000\n地址：南康区\n{}",
    "招洗碗工，3000元，微信同号{}找演示经理",
    "电话{}招普工5名4500包吃住",
    "搬运工8个，200一天，章贡区南门口{}",
)
_PARTINGS = ((3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (3, 3, 5), (1, 1, 1, 4, 4), (1,) * 11, (11,))
_SEPARATORS = st.sampled_from(["", " ", "-", ".", "·", "—", "  ", " - ", "/", "_", "　", "－", "*"])


def _digits_left(text: str) -> str:
    """The digits of a text in every script, without anything between them."""
    seen = "".join(
        str(_CHINESE.find(char)) if char in _CHINESE else str(unicodedata.digit(char, "")) for char in text.replace("幺", "一")
    )
    return re.sub(r"\D", "", seen)


def _texts(message: str) -> list[str]:
    return [part for draft in parse_message(message) for part in (draft.title, draft.text, draft.address or "")]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(_FRAMES),
    st.from_regex(r"1[38][0-9]0000[0-9]{4}", fullmatch=True),
    st.sampled_from(_PARTINGS),
    _SEPARATORS,
    st.sampled_from(_ALPHABETS),
    st.sampled_from(["", "电话", "电话：", "☎️", "📞 ", "微信同号 ", "手机+86", "联系人演示经理 ", "加微信"]),
)
def test_no_mobile_number_in_a_text(
    frame: str, number: str, parting: tuple[int, ...], separator: str, alphabet: str, before: str
) -> None:
    pieces, at = [], 0
    for size in parting:
        pieces.append(number[at : at + size])
        at += size
    written = separator.join(pieces).translate({ord(str(digit)): alphabet[digit] for digit in range(10)})
    message = frame.format(before + written)
    texts = _texts(message)
    assert texts, message
    for text in texts:
        assert written not in text
        assert number[3:] not in _digits_left(text), (message, text)
    phones = {draft.contact_phone for draft in parse_message(message)}
    assert phones == {number}, message


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"1[38][0-9]0000[0-9]{4}", fullmatch=True), st.lists(st.booleans(), min_size=11, max_size=11))
def test_digits_of_two_scripts_in_one_number(number: str, chinese: list[bool]) -> None:
    written = "".join(_CHINESE[int(digit)] if as_word else digit for digit, as_word in zip(number, chinese, strict=True))
    for text in _texts(f"章贡区招普工3名，5000元/月，电话：{written}"):
        assert number[3:] not in _digits_left(text)


@pytest.mark.parametrize(
    "written",
    [
        "0797-8700001", "(0797)8700001", "0797 8700001", "０７９７－８７００００１", "电话8700001", "座机：8700001",
        "0797-870 0001", "400-000-0001", "QQ12345678", "QQ：1234 5678", "qq群 123456789",
        "扣扣12345678", "微信demo_0001", "加V：demo_0001",
        "vx demo0001", "微信号是demo_0001", "demo.one@example.com", "https://example.com/a", "138000012345", "1 3 8-0000-1234",
        "13800001234或13900001234", "13800001234/13900001234", "1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣0️⃣1️⃣2️⃣3️⃣4️⃣",
    ],
)  # fmt: skip
def test_no_other_way_to_reach_somebody_in_a_text(written: str) -> None:
    for frame in _FRAMES:
        for text in _texts(frame.format(written)):
            left = _digits_left(text)
            for number in re.findall(r"\d{7,}", _digits_left(written)):
                assert number not in left, (frame, text)
            assert "demo" not in text.lower(), text
            assert "example" not in text, text


@pytest.mark.parametrize(
    ("message", "low", "high"),
    [
        ("招普工3名，13000-15000，60岁以下", 13000, 15000),
        ("招普工 15000-18000 6名", 15000, 18000),
        ("招保安 3000-3500 18-45岁", 3000, 3500),
    ],
)
def test_pay_is_no_telephone_number(message: str, low: int, high: int) -> None:
    wage = parse_message(message)[0].wage
    assert wage is not None
    assert (wage.min, wage.max) == (low, high)
