"""Bytes to text whatever the encoding, and text that was read with the wrong one back to what was meant.

Which reading is right, the characters themselves say: adverts are written with a few hundred common ones (98.4 % of the running
text of the feeds are the 1,400 of ``data/common_characters.txt``), and a wrong reading gives rare ones.
"""

from __future__ import annotations

import codecs
from functools import cache
from importlib.resources import files

import opencc

CLEAR = 0.6
"""The share of common characters from which a text is taken to be read rightly; right ones have 0.9 and more, wrong ones 0.3 at
most (measured on names of trades and places)."""
ODD = 0.4
LEAST = 2
"""So many common characters at least: 「é」 read in another way can be one by chance."""
BROKEN = ("\ufffd", "锟斤拷", "烫烫烫", "屯屯屯")
"""What stands where bytes were lost for good."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WRONG_WAYS = (("gb18030", "utf-8"), ("cp1252", "utf-8"), ("latin-1", "utf-8"), ("latin-1", "gb18030"), ("gb18030", "big5hkscs"))
"""How a text was read, and how it should have been."""
_TRADITIONAL_SHARE = 0.08


class NoEncoding(ValueError):  # noqa: N818  what was found, not a fault of ours
    """Bytes that are no text in any encoding we know."""


@cache
def _common() -> frozenset[str]:
    return frozenset((files("service.feeds") / "data" / "common_characters.txt").read_text(encoding="utf-8").split()[0]) | (
        frozenset((files("service.feeds") / "data" / "common_characters.txt").read_text(encoding="utf-8").split()[1])
    )


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def likeness(text: str) -> float:
    """The share of common characters among those that are not ASCII; 1 when there are none."""
    strange = [c for c in text if c > "\x7f" and c not in "，。、；：？！“”‘’（）《》【】…—－·～￥　％＋／"]
    return sum(c in _common() for c in strange) / len(strange) if strange else 1.0


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """Text and the encoding it was really in. A wrong declaration does not mislead: valid UTF-8 is UTF-8, and between GB18030
    and Big5, in which nearly every bytes are valid, the likelier text decides. Raises NoEncoding."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _strictly(data, encoding), encoding.removesuffix("-sig")
    try:
        return _strictly(data, "utf-8"), "utf-8"
    except NoEncoding:
        pass
    found: list[tuple[float, bool, str, str]] = []
    for encoding in ("gb18030", "big5hkscs"):
        try:
            text = _strictly(data, encoding)
        except NoEncoding:
            continue
        found.append((likeness(text[:20_000]), encoding.startswith(declared.lower()[:2] or "gb"), encoding, text))
    if not found:
        raise NoEncoding("no encoding")
    _, _, encoding, text = max(found)
    return text, encoding


def _strictly(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise NoEncoding(encoding) from wrong
    if "\x00" in text:
        raise NoEncoding(encoding)
    return text


def repaired(text: str) -> str:
    """The text as it was meant, when it was plainly read in a wrong encoding; else the text itself."""
    if text.isascii() or likeness(text) > ODD:
        return text
    best, most = text, CLEAR
    for read_as, meant in _WRONG_WAYS:
        try:
            other = text.encode(read_as).decode(meant)
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        score = likeness(other)
        if score >= most and other.isprintable() and sum(c in _common() for c in other) >= LEAST:
            best, most = other, score
    return best


def broken(text: str) -> bool:
    """Whether characters of it are lost."""
    return any(sign in text for sign in BROKEN)


def simplified(text: str) -> str:
    """A text in traditional characters in simplified ones. A single traditional character may be meant so (a name): it stays."""
    if text.isascii():
        return text
    other = str(_simplifier().convert(text))
    changed = sum(a != b for a, b in zip(text, other, strict=False))
    han = sum("\u4e00" <= c <= "\u9fff" for c in text)
    return other if changed >= 2 and changed >= _TRADITIONAL_SHARE * han else text
