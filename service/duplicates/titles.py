"""A title, taken apart: the work itself, and what makes two jobs of the same work different (shift, plant, rank, terms).

急招普工300名（長白班，包吃住） and 普工 三百人 长白班 are one title; 普工（二厂） and 普工（一厂）, 焊工 and 焊工学徒 are not.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from matching import advert_words, normalise
from matching.rules import trade
from matching.rules.numerals import plain
from service.duplicates.words import words

_COUNT = re.compile(r"(?:需|要|缺|招)?\d+(?:-\d+)?\s*(?:多|余|来)?(?:名|人|位|个(?!月))(?:左右|以上)?")
_WAGE = re.compile(
    r"(?:月薪|工资|底薪|保底|综合|年薪|日薪|时薪|薪资|薪)?\d+(?:\.\d+)?[kw万千]?(?:[-到至]\d+(?:\.\d+)?[kw万千]?)?\+?"
    r"(?:元|块|/|每)(?:元|块|钱)?(?:/|每|一)?(?:个?月|天|日|小?时|h|年|件|单)?(?:左右|以上|起|加提成)?"
    r"|(?<=日结)\d{2,3}|\d{2,3}(?=日结)|[1-9]\d{3,4}(?:[-到至]\d{4,5})?(?:元|块|左右|以上|起|\+)?|\d+(?:\.\d+)?(?:[-到至]\d+(?:\.\d+)?)?[kw](?![a-z0-9])"
)
_AGE = re.compile(r"\d{2}(?:[-到至]\d{2})?(?:周)?岁(?:以[上下内]|左右)?")
_HOURS = re.compile(r"\d{1,2}(?:\.\d)?(?:个)?小时(?:制)?(?!工)")
_CLOCK = re.compile(r"\d{1,2}[:点]\d{0,2}半?(?:[-到至]\d{1,2}[:点]\d{0,2}半?)?")
_DATE = re.compile(r"\d{1,2}月\d{1,2}[日号]|(?:周|星期)[一二三四五六日天]")
_SHIFTS = (
    (re.compile(r"(?:只上|纯|固定|正常|长|常)?(?:白|日)班(?!.{0,2}夜班)"), "day"),
    (re.compile(r"(?:只上|纯|固定|长|常|专上)?(?:夜|晚|大夜)班"), "night"),
    (re.compile(r"[两2]班(?:倒|制|运转)|对班|白夜班|白晚班|(?:白|日)班.{0,2}(?:夜|晚)班"), "two"),
    (re.compile(r"[三3]班(?:倒|制|运转|两倒)|[四4]班[三3]倒|[四4][三3]倒"), "three"),
    (re.compile(r"倒班|轮班|翻班"), "rotating"),
    (re.compile(r"早班"), "early"),
)
_ROTATING = frozenset({"two", "three", "rotating"})
_NUMBERED = r"(?:第?\d{1,3}|[a-z]|[一二三四五六七八九十]|东|西|南|北|新|老|总)"
_PLANT = re.compile(
    rf"({_NUMBERED})(?:号|\#|#)?((?:厂区|厂房|分厂|车间|门店|校区|院区|园区|仓库|厂|店|仓|区|期|栋|幢|线))(?!长|员|工(?!厂))"
)
_SHOP = re.compile(r"([\u4e00-\u9fffa-z0-9]{2,8}店)(?![员长])")
_SEVERAL = re.compile(r"[\u4e00-\u9fff]\s*[/、,+&;]\s*[\u4e00-\u9fff]")
_CODE = re.compile(r"[a-z]*\d+[a-z]?")
_DRIVING = re.compile(r"(?<![a-z0-9])[abc][123](?![a-z0-9])(?:照|证|驾)?")
_PIECES = re.compile(r"[\u3400-\u9fffa-z0-9+#]+")
_ENDING = re.compile(r"(?:操作工人|操作工|操作员|作业员|挡车工|挡车|工人|人员|专员|师傅|阿姨|小哥|员|工|师|岗)$")
_HAN = {"一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6", "七": "7", "八": "8", "九": "9", "十": "10", "两": "2"}


class Title(NamedTuple):
    """``trades``: the usual words of the trades it names; ``rest``: its other telling words; ``written``: all, joined, sorted;
    ``pieces``: what is left of the title itself, between brackets and strokes; ``several``: it offers one work or another."""

    trades: frozenset[str]
    codes: frozenset[str]
    rest: frozenset[str]
    written: str
    pieces: tuple[str, ...]
    several: bool
    shifts: frozenset[str]
    plants: frozenset[str]
    levels: frozenset[str]
    terms: frozenset[str]
    marks: frozenset[str]


@lru_cache(maxsize=1 << 17)
def title_of(written: str) -> Title:
    """What a written title says. Never raises."""
    text = plain(normalise(written))
    shifts = shifts_in(text)
    for pattern, _ in _SHIFTS:
        text = pattern.sub(" ", text)
    plants, text = _plants(text)
    for pattern in (_COUNT, _AGE, _HOURS, _CLOCK, _DATE, _WAGE):
        text = pattern.sub(" ", text)
    terms, text = _taken(text, "terms")
    named = frozenset(_usual(word) for word, _, _ in trade.find_words(_noise().sub(" ", text)))
    levels, text = _taken(text, "levels")
    text = _noise().sub(" ", text)
    driving = {match[0][:2] for match in _DRIVING.finditer(text)}
    marks = frozenset(_CODE.findall(_DRIVING.sub(" ", text))) | frozenset(driving)
    text = _CODE.sub(" ", text)
    pieces, several = tuple(_PIECES.findall(text)), bool(_SEVERAL.search(text))
    found = trade.find_words(text)
    trades = frozenset(_usual(word) for word, _, _ in found) or named
    for word, _, _ in found:
        text = text.replace(word, " ").replace(word.lower(), " ")
    rest = frozenset(word for word in advert_words(text) if word not in words()["noise"])
    codes = frozenset(known.code[:7] for word in trades if (known := trade.lookup(word)) is not None and known.code)
    return Title(trades, codes, rest, " ".join(sorted({*trades, *rest})), pieces, several, shifts, plants, levels, terms, marks)


def shifts_in(text: str) -> frozenset[str]:
    """The shifts that a plain text names."""
    if "班" not in text and "倒" not in text:
        return frozenset()
    found = {name for pattern, name in _SHIFTS if pattern.search(text)}
    if {"day", "night"} <= found:
        found = (found - {"day", "night"}) | {"two"}
    return frozenset(found - {"day", "night"} if found & _ROTATING else found)


def shifts_differ(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether both say a shift and the shifts cannot be the same."""
    if not one or not other or one & other:
        return False
    return not ("rotating" in one | other and one <= _ROTATING and other <= _ROTATING)


SAME, CLOSE, WEAK, OTHER = 3, 2, 1, 0


@lru_cache(maxsize=1 << 18)
def titles_alike(one: Title, other: Title) -> int:
    """How far two titles name the same work: ``SAME``, ``CLOSE``, ``WEAK`` (one says more), ``OTHER``. Symmetric."""
    if one.levels != other.levels or one.terms != other.terms or _told_apart(one.plants, other.plants):
        return OTHER
    if _told_apart(one.marks, other.marks) or shifts_differ(one.shifts, other.shifts):
        return OTHER
    likeness = fuzz.token_sort_ratio(one.written, other.written)
    if likeness >= 97 or _letters(one) == _letters(other):
        return SAME
    strangers = _strangers(one, other)
    # 厨工 and 厨师 have one stem and are two; 外贸业务 only leaves its ending out.
    if _stem(one) and _stem(one) == _stem(other) and (not strangers or _stem(one) in (_letters(one), _letters(other))):
        return SAME
    if one.levels and not (one.pieces and other.pieces):
        return CLOSE  # 生产经理 and 生产经理（注塑厂）: the rank is the work, and one says more of it
    if _within(one, other, strangers=strangers) or _within(other, one, strangers=strangers):
        return CLOSE
    if one.trades and other.trades:
        return _by_trades(one, other, likeness)
    if likeness >= 80:
        return CLOSE
    return WEAK if likeness >= 65 else OTHER


def stem(title: Title) -> str:
    """The signs of a title in order of the alphabet, endings of trades left out: 厨师（食堂） and 食堂厨师 have the same."""
    return _stem(title)


def _letters(title: Title) -> str:
    return "".join(sorted("".join(title.pieces)))


@lru_cache(maxsize=1 << 17)
def _stem(title: Title) -> str:
    return "".join(sorted("".join(_ENDING.sub("", piece) for piece in title.pieces)))


def _strangers(one: Title, other: Title) -> bool:
    """Whether both name trades, and none of one is any relation of one of the other: 厨工 and 厨师, 车工 and 叉车工."""
    if not one.trades or not other.trades or one.trades & other.trades:
        return False
    return not any(trade.relation(a, b) in ("narrower", "broader") for a in one.trades for b in other.trades)


def _within(short: Title, long: Title, *, strangers: bool) -> bool:
    """Whether one title only says more: 护工 in 医院护工 (the work stands last), 打包工 in 包装工（打包）, said twice."""
    if not short.pieces or not long.pieces or long.several or not set(_stem(short)) < set(_stem(long)):
        return False
    mine, theirs = short.pieces[0], long.pieces[0]
    if (theirs.endswith(mine) or mine.endswith(theirs)) and (not strangers or min(len(mine), len(theirs)) >= 3):
        return True
    bare, first = _ENDING.sub("", mine), _ENDING.sub("", theirs)
    if first.endswith(bare) and len(bare) >= 2 and not strangers:
        return True
    again = [_ENDING.sub("", piece) for piece in long.pieces[1:]]
    return mine in long.pieces[1:] or any(len(said) >= 2 and said in mine for said in again)


def _by_trades(one: Title, other: Title, likeness: float) -> int:
    if one.trades == other.trades:
        if one.rest == other.rest:
            return SAME
        if not one.rest or not other.rest or one.rest <= other.rest or other.rest <= one.rest:
            return CLOSE
        return WEAK if one.rest & other.rest and likeness >= 70 else OTHER
    return WEAK if one.trades & other.trades or not _strangers(one, other) else OTHER


def _told_apart(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other and not one & other)


def _usual(word: str) -> str:
    known = trade.lookup(word)
    return word if known is None else known.word


def _plants(text: str) -> tuple[frozenset[str], str]:
    found: set[str] = set()

    def take(match: re.Match[str]) -> str:
        number = _HAN.get(match[1].removeprefix("第"), match[1].removeprefix("第"))
        kind = "厂" if match[2] in {"厂区", "厂房", "分厂", "厂"} else match[2]
        found.add(number + kind)
        return " "

    text = _PLANT.sub(take, text)
    for match in _SHOP.finditer(text):
        kind = match[1]
        if not any(kind.endswith(known) for known in words()["shop_kinds"]):
            found.add(kind)
            text = text.replace(kind, " ")
    return frozenset(found), text


def _taken(text: str, name: str) -> tuple[frozenset[str], str]:
    pattern, meaning = _lines(name)
    found = frozenset(meaning[match] for match in pattern.findall(text))
    return found, pattern.sub(" ", text) if found else text


@cache
def _lines(name: str) -> tuple[re.Pattern[str], dict[str, str]]:
    meaning = {word: line.split()[0] for line in words()[name] for word in line.split()}
    return re.compile("|".join(map(re.escape, sorted(meaning, key=lambda word: (-len(word), word))))), meaning


@cache
def _noise() -> re.Pattern[str]:
    """Calls and promises of two characters and more; single ones are only left out as words of their own."""
    found = sorted((word for word in words()["noise"] if len(word) > 1), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, found)))
