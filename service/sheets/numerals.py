"""Numbers that people write in Chinese in a cell of a table: 四, 十二号, 三十人."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = {word: number for number, word in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_POWERS = {"十": 10, "百": 100, "千": 1000}
_RUN = re.compile(r"(?!一[批些般定律切起直])[零〇一二两三四五六七八九十百千]+")


def arabic(text: str) -> str:
    """The text with Arabic figures of half width; 一批 and 一些 count nothing and stay."""
    return _RUN.sub(lambda run: str(_value(run[0])), unicodedata.normalize("NFKC", text))


def _value(run: str) -> int:
    if not any(word in _POWERS for word in run):
        return int("".join(str(_DIGITS[word]) for word in run))  # 二〇三 is read figure by figure
    whole, digit = 0, 0
    for word in run:
        if word in _POWERS:
            whole += (digit or 1) * _POWERS[word]
            digit = 0
        else:
            digit = _DIGITS[word]
    return whole + digit
