"""Broken text put right: what was meant is found and cut as if it had been written so.

Adverts on the web carry HTML left in the text; readings in brackets that a converter of traditional characters left behind
(業(yè)); UTF-8 read as GBK (鐢电剨宸 was 电焊工) or as Latin-1 (ç”µç„Šå·¥), and GBK read as Latin-1 (µçº¸¹¤); the trail byte of
a character whose lead byte was lost (``?F將`` and, cut one byte later, ``?，F將`` were 。現將); signs of bytes that are gone
(U+FFFD, 锟斤拷). Bytes are read anew only if they decode without a fault to Han that holds a known word. One look at the
characters tells whether anything may be broken at all, which for nearly all text is the whole cost.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import pypinyin

Cut = Callable[[str], list[str]]
"""From a run of Han to its words, known words in one piece."""

_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
_WINDOWS = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"  # what Windows shows for the bytes 0x80 to 0x9f
_IN_USE = "°±²³·×÷"  # of Latin-1, in sound Chinese text
# Characters whose GBK bytes are the first two of a Han character in UTF-8: one in three of text misread so, all of them rare.
_MISREAD = "".join(bytes((lead, trail)).decode("gbk") for lead in range(0xE4, 0xEA) for trail in range(0x80, 0xC0))
_LATIN = "".join(map(chr, range(0xA0, 0x100)))
SUSPECT: Final = "&<?？\ufffd锟" + _TONED + _MISREAD + "".join(sorted(set(_LATIN) - set(_IN_USE) - {"\xa0"}))
"""Only text with one of these characters can be broken in a way that this module knows."""

_MAY_BE_BROKEN = re.compile(f"[{SUSPECT}]")
_INLINE_TAG = re.compile(r"</?(?:b|i|u|a|em|strong|font|span)(?:\s[^<>]*)?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:p|br|hr|div|section|ul|ol|li|h[1-6]|table|tbody|tr|td|th|img)(?:\s[^<>]*)?/?>|<!--.{0,400}?-->", re.IGNORECASE
)
_READING = re.compile(rf"([\u3400-\u9fff])[(（]([a-zɑɡü]*[{_TONED}][a-zɑɡü]*)[)）]")
_GONE = re.compile(r"\ufffd+|锟(?:斤拷锟?)+|(?<![ -~])[?？][,，]?[@-~](?=[\u4e00-\u9fff])")
_READ_AS_LATIN = re.compile(f"[{_LATIN}{_WINDOWS}\u0080-\u009f]{{4,}}")
_READ_AS_GBK = re.compile("[^\u0000-\u007f]+(?:\\?[^\u0000-\u007f]+)*\\??")
_NO_BYTE = "?€\ufffd"
_LOST = re.compile(f"[{_NO_BYTE}]")
_PIECE = re.compile(f"[^{_NO_BYTE}]+[{_NO_BYTE}]*|[{_NO_BYTE}]+")
_ANY_MISREAD = re.compile(f"[{_MISREAD}]")
_SOUND = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e“”‘’—…·]+")
_HAN = re.compile(r"[\u4e00-\u9fff]+")


def repaired(text: str, cut: Cut) -> str:
    """``text`` as it was meant; the same text when nothing is broken or nothing is sure. Repairing twice changes nothing."""
    while _MAY_BE_BROKEN.search(text):
        before = text
        if "&" in text:
            text = html.unescape(text)
        if "<" in text:
            text = _TAG.sub("\n", _INLINE_TAG.sub("", text))
        text = _READ_AS_LATIN.sub(lambda match: _from_latin(match.group(), cut), text)
        if _ANY_MISREAD.search(text):
            text = _READ_AS_GBK.sub(lambda match: _from_gbk(match.group(), cut), text)
        text = _READING.sub(_without_reading, text)
        text = _GONE.sub(" ", text)
        if text == before:
            break
    return text


def _holds_word(text: str, cut: Cut) -> bool:
    return any(len(word) > 1 for run in _HAN.findall(text) for word in cut(run))


def _from_latin(run: str, cut: Cut) -> str:
    try:
        data = b"".join(_windows_byte(character) for character in run)
    except UnicodeEncodeError:
        return run
    for encoding in ("utf-8", "gb18030"):
        try:
            meant = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _SOUND.fullmatch(meant) and _holds_word(meant, cut):
            return meant
    return run


def _windows_byte(character: str) -> bytes:
    return character.encode("latin-1") if character <= "\xff" else character.encode("cp1252")


def _from_gbk(run: str, cut: Cut) -> str:
    """A run of UTF-8 read as GBK: whole, where a lost byte inside can be 0x80, which GBK lacks; else the pieces between them."""
    whole = _decoded(_LOST.split(run.rstrip(_NO_BYTE)), run, cut)
    if whole is not None and _holds_word(whole, cut):
        return whole
    meant = [(piece, _decoded([piece.rstrip(_NO_BYTE)], piece, cut)) for piece in _PIECE.findall(run)]
    if not any(text is not None and _holds_word(text, cut) for _, text in meant):
        return run
    return " ".join(piece if text is None else text for piece, text in meant)


def _decoded(parts: list[str], run: str, cut: Cut) -> str | None:
    """What the bytes of ``run``, in ``parts`` with one lost byte between two, say in UTF-8; the last byte may be lost too."""
    if not all(parts) or not _ANY_MISREAD.search(run):
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        meant = decoder.decode(b"\x80".join(part.encode("gb18030") for part in parts))
        if len(parts) > 1:
            meant.encode("gb2312")  # a guessed byte must give a character in daily use
    except UnicodeError:
        return None
    rest = bytes(decoder.getstate()[0])
    if not _SOUND.fullmatch(meant):
        return None
    if len(rest) == 2:
        meant += _last_character(meant, rest, cut)
    elif not rest and run[-1] == "?":
        meant += "?"  # no byte is missing: somebody asked
    return meant


def _last_character(before: str, rest: bytes, cut: Cut) -> str:
    """The character of which only two of three bytes are left, if just one makes the longest word with what stands before."""
    longest, found = 1, ""
    for last in range(0x80, 0xC0):
        character = (rest + bytes((last,))).decode("utf-8", "ignore")
        length = len(cut(before[-4:] + character)[-1]) if character else 0
        if length >= longest:
            longest, found = length, character if length > longest else ""
    return found


def _without_reading(match: re.Match[str]) -> str:
    character, reading = match.groups()
    return character if reading.replace("ɑ", "a").replace("ɡ", "g") in _readings(character) else match.group()


@lru_cache(maxsize=4096)
def _readings(character: str) -> frozenset[str]:
    return frozenset(pypinyin.pinyin(character, style=pypinyin.Style.TONE, heteronym=True)[0])
