"""Days in a wish: when somebody can start (明天, 下周一, 12月1号, 三天后) and when somebody was born (70后, 1968年生).

A day becomes a date, and a year of birth an age, only when today is known; else days stay words.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from matching.wish_reader import Fact, Reader

_START = re.compile(
    r"(?P<word>大后天|后天|明天|明日|明早|今天|今晚|今日|马上|立马|立刻|立即|随时|这几天|这两天|过几天|过两天|过段时间|下周[一二三四五六日天]?|下星期[一二三四五六日天]?|下礼拜[一二三四五六日天]?|周[一二三四五六日天](?!结)"
    r"|月底|月初|下个?月初?底?|年后|春节后|过完年后?|过了年|节后|过年后|春节以后|开春|正月(?:初[一二三四五六七八九十]+|十五|里)?(?:以?后)?|元宵后|年底|年前|过年前|国庆后|国庆节后|中秋后|五一后|暑假(?!工)|寒假(?!工))"
    r"(?:就|都|之后|以后|后)?(?:能|可以?|想)?(?:去|来)?(?:上班|上岗|到岗|开工|入职|开始|干活|报到|过来)?(?:的)?"
)
_AT_ONCE: Final = {"马上", "立马", "立刻", "立即"}
_DAYS: Final = {"今天": 0, "今晚": 0, "明晚": 1, "今日": 0, "明天": 1, "明日": 1, "明早": 1, "后天": 2, "大后天": 3}
_WEEKDAYS: Final = {character: number for number, character in enumerate("一二三四五六日")} | {"天": 6}


def starts(reader: Reader) -> None:
    """Take the words for a day out of a wish; only offered, since no advert says from when on somebody is needed."""
    for match in _START.finditer(reader.rest):
        word = match["word"]
        if word[0] == "周" and match[0] == word:
            continue  # 周六 alone may be a day off
        value = day_of(word, reader.today)
        reader.add(match.start(), "start", value, reader.take(*match.span()), 0.7, applied=False)


def day_of(word: str, today: date | None) -> str:
    """An ISO date where the word means one day, else the word."""
    if word in _AT_ONCE:
        return "马上"
    if today is None:
        return word
    if word in _DAYS:
        return (today + timedelta(days=_DAYS[word])).isoformat()
    if word[-1] in _WEEKDAYS and ("周" in word or "星期" in word or "礼拜" in word):
        monday = today - timedelta(days=today.weekday())
        ahead = _WEEKDAYS[word[-1]] + (7 if word[0] == "下" else 0)
        meant = monday + timedelta(days=ahead)
        return (meant if meant >= today else meant + timedelta(days=7)).isoformat()
    return word


_DIGITS: Final = {character: str(value) for value, character in enumerate("零一二三四五六七八九")} | {"〇": "0"}
_BORN = re.compile(r"年(?:生人|出生|生的?|的)(?:人)?")
_OF_BIRTH: Final = frozenset("后年")
_ERA = re.compile(r"后(?![天年])(?:的)?")


def born(text: str, match: re.Match[str], today: date | None) -> Fact | None:
    """70后, 九五后, 1968年生: an age by the year of ``today``; without it, nothing is applied."""
    said, start, end = match["one"], match.start(), match.end()
    if match["two"] or text[end : end + 1] not in _OF_BIRTH:
        return None
    digits = "".join(_DIGITS.get(character, character) for character in said)
    if not digits.isdecimal():
        return None
    era, year = _ERA.match(text, end), _BORN.match(text, end)
    if era and len(digits) == 2 and digits[1] in "05":
        first = 1900 + int(digits) if int(digits) >= 30 else 2000 + int(digits)
        last = first + (9 if digits[1] == "0" else 4)
        stop = era.end()
    elif year and ((len(digits) == 4 and digits[:2] in {"19", "20"}) or (len(digits) == 2 and digits[0] in "4567890")):
        first = last = int(digits) if len(digits) == 4 else 1900 + int(digits) if int(digits) >= 30 else 2000 + int(digits)
        stop = year.end()
    else:
        return None
    if today is None:
        return Fact(start, stop, ())
    ages = (("age_min", today.year - last, 0.8, True), ("age_max", today.year - first, 0.8, True))
    return Fact(start, stop, ages if 16 <= today.year - last <= 99 else ())


_DATE = re.compile(
    r"\s?月(?P<part>份|初|底|中旬|上旬|下旬)?(?:\s?(?P<day>\d{1,2})[号日])?(?:以后|之后|后|左右)?(?:就?(?:能|可以|可)?(?:上班|到岗|入职|开工|开始|去))?"
)
_DAY = re.compile(r"[号日](?=$|[\s,.;后以之能可上到入开])(?:以后|之后|后)?就?(?:能|可以|可)?(?:上班|到岗|入职|开工|开始|去)")
_IN_DAYS = re.compile(r"天(?:以后|之后|后|内)就?(?:能|可以|可)?(?:上班|到岗|入职|开工|开始|去)?")


def day(text: str, start: int, end: int, number: float, today: date | None, *, ranged: bool) -> Fact | None:
    """12月1号, 15号能上班, 三天后: a date when ``today`` is known, else the words."""
    if ranged or number != int(number):
        return None
    whole = int(number)
    if (match := _IN_DAYS.match(text, end)) is not None and ("后" in match[0] or "内" in match[0]) and whole <= 60:
        meant = None if today is None else today + timedelta(days=whole)
    elif (match := _DAY.match(text, end)) is not None and 1 <= whole <= 31:
        meant = coming(today, None, whole)
    elif (
        1 <= whole <= 12
        and (match := _DATE.match(text, end)) is not None
        and (match["part"] or match["day"] or text[start].isdigit())
    ):
        if not match["day"]:
            return Fact(start, match.end(), (("start", text[start : match.end()], 0.7, False),))
        meant = coming(today, whole, int(match["day"]))
    else:
        return None
    said = meant.isoformat() if meant is not None else text[start : match.end()]
    return Fact(start, match.end(), (("start", said, 0.7, False),))


def coming(today: date | None, month: int | None, day: int) -> date | None:
    """The next day of that number (and month), today included; None when there is none, or no ``today``."""
    if today is None:
        return None
    days = (today + timedelta(days=ahead) for ahead in range(366))
    return next((at for at in days if at.day == day and month in {None, at.month}), None)
