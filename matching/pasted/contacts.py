"""Telephone numbers and accounts in a message: found first, so that no number of them is read as anything else."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from typing import NamedTuple

from matching.pasted.letters import Span

_GAP = r"[ \-.·_/*、¦'|()]{0,3}"
_BOUND = r"(?<!\d)(?<!\d\.)"
_MOBILE = re.compile(rf"{_BOUND}(?:(?:\+|00)?86{_GAP})?(?P<number>1{_GAP}[3-9](?:{_GAP}\d){{9}})(?!\d)")
_FIXED = re.compile(
    rf"{_BOUND}(?:(?:\(0\d{{2,3}}\)|0\d{{2,3}})[ \-]{{0,3}}[2-9](?:[ \-]?\d){{6,7}}|400[ \-]{{0,2}}\d{{3,4}}[ \-]{{0,2}}\d{{3,4}}"
    r"|(?:(?<=电话)|(?<=座机)|(?<=固话)|(?<=热线)|(?<=电话:)|(?<=座机:)|(?<=固话:)|(?<=热线:))[2-9]\d{6,7})(?!\d)"
)
_ACCOUNT = re.compile(
    r"(?:微信|薇信|威信|卫星|加v|v信|vx|wx|wechat|qq群?|扣扣|企鹅号?)(?:号码?|同号)?(?:是|为)?[\s:：¦]{0,3}"
    r"(?:[a-z][a-z0-9_-]{4,19}|[0-9][0-9 _-]{3,18}[0-9])(?<!-)",
    re.IGNORECASE,
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.ASCII)
_CITIZEN = re.compile(r"(?<!\d)\d{6}[ \-]?\d{8}[ \-]?\d{3}[\dx](?!\d)", re.IGNORECASE)
_TOO_LONG = re.compile(r"\d{12,}")
"""No amount has so many digits; a telephone number with a digit too many has."""
_LINK = re.compile(r"https?://[^\s，。]+|www\.[^\s，。]+")
_GROUPS = frozenset(
    {(11,), (3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (4, 3, 4), (3, 3, 5), (3, 5, 3), (3, 3, 3, 2), (3, 2, 2, 2, 2), (5, 6), (1, 10)}
)
"""How people part the digits of a number; 15000-18000 6 is none."""
_MANY = 5
_ASKED = re.compile(r"(?:电话|手机|微信|联系|热线|咨询|报名|打|加|拨|号码?|同号)[^\d\n]{0,6}$")
_NUMERALS = str.maketrans("零〇一幺壹二贰三叁四肆五伍六陆七柒八捌九玖", "001112233445566778899")


class Contact(NamedTuple):
    """A way to reach somebody; `phone` holds the digits of a telephone number, and is empty for anything else."""

    start: int
    end: int
    phone: str


def contacts(text: str, *, links: bool = True) -> list[Contact]:
    """The contacts of a plain text in their order, none inside another. ``links``: addresses of pages are contacts, too."""
    found: list[Contact] = []
    taken = bytearray(len(text))

    def take(span: Span, phone: str = "") -> None:
        if not any(taken[slice(*span)]):
            taken[slice(*span)] = b"\1" * (span[1] - span[0])
            found.append(Contact(*span, phone))

    for pattern in (_CITIZEN, *((_LINK,) if links else ()), _MAIL):
        for match in pattern.finditer(text):
            take(match.span())
    # 一三八, ①③⑧ and 1三8 after the plain digits: 五险一 before a number is no part of it
    for written in (text, _as_digits(text)):
        for match in _MOBILE.finditer(written):
            if _is_number(written, match):
                take(match.span(), re.sub(r"\D", "", match["number"]))
        for match in _FIXED.finditer(written):
            take(match.span(), re.sub(r"\D", "", match[0]))
    for pattern in (_ACCOUNT, _TOO_LONG):
        for match in pattern.finditer(text):
            take(match.span())
    return sorted(found)


def _as_digits(text: str) -> str:
    return "".join(_digit(char) for char in text.translate(_NUMERALS))


def _digit(char: str) -> str:
    value = unicodedata.digit(char, -1)
    return char if value < 0 else str(value)


def _is_number(text: str, match: re.Match[str]) -> bool:
    """Whether the gaps between eleven digits are those of a telephone number: single digits in a row count as one piece."""
    sizes = [len(piece) for piece in re.findall(r"\d+", match["number"])]
    pieces: list[int] = []
    for single, group in groupby(sizes, key=lambda size: size == 1):
        group_sizes = list(group)
        pieces += [sum(group_sizes)] if single else group_sizes
    if tuple(pieces) in _GROUPS or len(sizes) > _MANY:
        return True
    return _ASKED.search(text, max(0, match.start() - 12), match.start()) is not None
