"""A pasted message in one plain form of letters, each of which still knows where it stood: `plain`.

Group messages mix full width, traditional characters, faces between the words, 急 招 普 工 with a space after every character,
and telephone numbers in Chinese numerals. The rules read plain text; a person wants to see the place in the message as it came.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import opencc

MARK = "¦"
"""Stands where a face or a star stood: such signs part what stands around them."""
HIDDEN = "□"
"""Stands for every character of a contact, so that nothing reads a number or a name out of it."""
Span = tuple[int, int]

_FACE = re.compile(
    r"\[(?:玫瑰|太阳|强|握手|庆祝|爆竹|红包|發|福|礼物|咖啡|啤酒|拥抱|爱心|心|鼓掌|OK|ok|胜利|抱拳|微笑|呲牙|愉快|"
    r"憨笑|得意|色|月亮|烟花|蛋糕|皱眉|奋斗|加油|机智|耶|合十|勾引|拳头)\]"
)
_SPACED = re.compile(r"(?<![\u4e00-\u9fff\d])[\u4e00-\u9fff](?: (?:[\u4e00-\u9fff]|\d{1,3})(?![\u4e00-\u9fff\d])){3,}")
_PHONE_IN_NUMERALS = re.compile(
    r"(?<![零〇一二三四五六七八九幺])[一幺][三四五六七八九][零〇一二三四五六七八九幺]{9}(?![零〇一二三四五六七八九幺])"
)
_NUMERALS = str.maketrans("零〇一幺二三四五六七八九", "001123456789")
_HALF = re.compile("[\ud800-\udfff]")  # of a sign cut in two: no converter takes it
_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f")
_KEYCAP = "\u20e3"
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−─━ー﹣～〜∼﹏~", "-"),
        **dict.fromkeys("\u3000\u00a0\t\v\f", " "),
        **dict.fromkeys("\u2028\u2029\x85\r", "\n"),
        **dict.fromkeys("【〔「", "["),
        **dict.fromkeys("】〕」", "]"),
        **dict.fromkeys("｜丨│┃", "|"),
        "∶": ":",
        "；": ";",
    }
)


@dataclass(frozen=True, slots=True)
class Letters:
    """`text`: the plain form; `at[i]`: where its i-th character stood in the message."""

    text: str
    at: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """The place in the message, in characters, of a piece of the plain form that is not empty."""
        return self.at[start], self.at[end - 1] + 1

    def hide(self, spans: list[Span]) -> Letters:
        """The same with the characters of these pieces of the plain form made unreadable."""
        text = self.text
        for start, end in spans:
            text = text[:start] + HIDDEN * (end - start) + text[end:]
        return Letters(text, self.at)


def plain(message: str) -> Letters:
    """The plain form of a message: simplified, half width, small letters, one dash, marks for faces. Never raises."""
    message = _HALF.sub(MARK, message)
    letters: list[str] = []
    at: list[int] = []
    dropped = _faces_and_gaps(message)
    for index, char in enumerate(_simplified(message)):
        if index in dropped or char in _UNSEEN or "\U0001f3fb" <= char <= "\U0001f3ff":
            continue
        if char == "\r" and message[index + 1 : index + 2] == "\n":
            continue
        letters.append(_letter(char))
        at.append(index)
    text = "".join(letters)
    for match in _PHONE_IN_NUMERALS.finditer(text):
        text = text[: match.start()] + match[0].translate(_NUMERALS) + text[match.end() :]
    return Letters(text, tuple(at))


def _faces_and_gaps(message: str) -> set[int]:
    """Positions that fall away: all but the first sign of [玫瑰], and the gaps of 急 招 普 工."""
    dropped: set[int] = set()
    for match in _FACE.finditer(message):
        dropped.update(range(match.start() + 1, match.end()))
    for match in _SPACED.finditer(message):
        for place, (left, right) in enumerate(pairwise(match[0])):
            if " " in (left, right) and right == " ":
                dropped.add(match.start() + place + 1)
    return dropped


@cache
def _opencc() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def _simplified(message: str) -> str:
    whole: str = _opencc().convert(message)
    if len(whole) == len(message):
        return whole
    return "".join(one if len(one := _opencc().convert(char)) == 1 else char for char in message)


def _letter(char: str) -> str:
    """One character for one character."""
    if char == _KEYCAP:
        return "、"  # 1️⃣ is the number of a list
    folded = unicodedata.normalize("NFKC", char) if "\uff00" <= char <= "\uffee" else char
    char = folded if len(folded) == 1 else char
    char = char.translate(_ALIKE).lower()
    if len(char) != 1:
        return MARK
    if unicodedata.category(char) in {"So", "Cn", "Cs", "Co", "Sk"} or char in "★☆●■◆▶►➤√✓✔":
        return MARK
    return MARK if unicodedata.category(char) == "Cc" and char != "\n" else char
