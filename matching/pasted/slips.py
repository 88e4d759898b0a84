"""Words typed or dictated wrongly that sound like what was meant: 保结 is 保洁, 师付 师傅, 公资 工资.

Only trade words, and only where a word for hiring or a count says that a trade stands there; beside them a short list of words of
adverts. One character for one, so that every place stays true.
"""

from __future__ import annotations

import re
from functools import cache

from matching.pasted.heads import COUNT
from matching.rules import trade

_WORDS = {
    "师付": "师傅",
    "师父": "师傅",
    "公资": "工资",
    "工姿": "工资",
    "工自": "工资",
    "月新": "月薪",
    "新资": "薪资",
    "待玉": "待遇",
    "年令": "年龄",
    "年岭": "年龄",
    "年玲": "年龄",
    "电活": "电话",
    "店话": "电话",
    "地只": "地址",
    "包柱": "包住",
    "包往": "包住",
    "包池": "包吃",
    "管池": "管吃",
    "夫期": "夫妻",
    "照故": "照顾",
    "护里": "护理",
    "护李": "护理",
    "电仔厂": "电子厂",
    "模版": "模板",
    "电悍": "电焊",
    "旱工": "焊工",
    "安装公": "安装工",
    "操做": "操作",
    "搬云": "搬运",
    "般运": "搬运",
    "家正": "家政",
    "保母": "保姆",
    "收银圆": "收银员",
    "底心": "底薪",
    "底新": "底薪",
    "年领": "年龄",
    "年另": "年龄",
    "阿一": "阿姨",
    "食唐": "食堂",
    "混泥土": "混凝土",
    "结帐": "结账",
    "提层": "提成",
    "接代": "接待",
    "喷七": "喷漆",
}
_BY_NEIGHBOUR = (
    (re.compile(r"(?<=岁)(?:一|已|以)(?:下|夏)(?![班周个])|(?<=[2-7]\d)(?:一|已)下(?=[的 ,，。可包工]|$)"), "以下"),
    (re.compile(r"(?:(?<=[2-7]\d)|(?<=十[一二三四五六七八九])|(?<=[二三四五六七]十))随(?=以[下上]|[左上下]|[ ,，。]|$)"), "岁"),
    (re.compile(r"(?<=[一二两三四五六七八九])白(?=[一二两三四五六七八九块元])(?!.班)"), "百"),
)
"""Slips that only the words beside them give away: 五十五岁一下, 55随以下, 一白六."""
_KNOWN_SLIP = re.compile("|".join(map(re.escape, _WORDS)))
_COUNT = re.sub(r"\?P<\w+>", "?:", COUNT)
_HIRED = re.compile(
    rf"(?:招聘|招收|急招|诚聘|招|聘|找|要(?!求)|缺|请|需要?)(?:大量|长期|[个位名]|(?:{_COUNT})(?:男|女)?)?(?=[\u4e00-\u9fff]{{2,5}})"
)
_COUNTED = re.compile(rf"[\u4e00-\u9fff]{{2,5}}(?=(?:师傅)?[ ]?(?:{_COUNT}))")
_LONGEST = 5
_SHORTEST = 2
_OPENS = "招聘找要缺请需名个位人和及与各再"
_NOT_WORK = frozenset({"男工", "女工", "人工", "急工", "时间", "事情", "什么"})


def righted(text: str) -> str:
    """The plain text with such words put right; as long as it was."""
    text = _KNOWN_SLIP.sub(lambda m: _WORDS[m[0]], text)
    for pattern, meant in _BY_NEIGHBOUR:
        text = pattern.sub(meant, text)
    for match in _HIRED.finditer(text):
        text = _righted_at(text, match.end(), at_start=True)
    for match in _COUNTED.finditer(text):
        text = _righted_at(text, match.end(), at_start=False)
    return text


def _righted_at(text: str, place: int, *, at_start: bool) -> str:
    for length in range(_LONGEST, _SHORTEST - 1, -1):
        start, end = (place, place + length) if at_start else (place - length, place)
        piece = text[max(start, 0) : end]
        if len(piece) < length or not all("\u4e00" <= char <= "\u9fff" for char in piece) or piece in _NOT_WORK:
            continue
        if trade.find_words(piece):
            return text
        if not at_start and start and "\u4e00" <= text[start - 1] <= "\u9fff" and text[start - 1] not in _OPENS:
            continue
        alike = sorted(((_shared(piece, word), word) for word in _by_sound().get(_sound(piece), ())), reverse=True)
        if alike and alike[0][0] >= length - 1 and (len(alike) == 1 or alike[1][0] < alike[0][0]):
            return text[:start] + alike[0][1] + text[end:]
    return text


def _shared(one: str, other: str) -> int:
    return sum(a == b for a, b in zip(one, other, strict=True))


@cache
def _syllable(char: str) -> str:
    from pypinyin import lazy_pinyin  # noqa: PLC0415  0.2 s to load, and most messages have no such word

    return str(lazy_pinyin(char)[0])


def _sound(word: str) -> str:
    return " ".join(map(_syllable, word))


@cache
def _by_sound() -> dict[str, set[str]]:
    """Trade words of the hand-made tables by their sound."""
    words = [row.word for row in trade.pairs()] + [row.trade for row in trade.pairs()]
    found: dict[str, set[str]] = {}
    for word in dict.fromkeys(words):
        if _SHORTEST <= len(word) <= _LONGEST and all("\u4e00" <= char <= "\u9fff" for char in word):
            found.setdefault(_sound(word), set()).add(word)
    return found
