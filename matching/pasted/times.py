"""When the work begins, and from when to when somebody works, out of the pieces of a message."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from matching.pasted.fields import Read
from matching.pasted.letters import Span
from matching.wish_days import coming, day_of

_DAY = re.compile(
    r"(?P<word>大后天|明后(?:两)?天|后天|明天|明日|明早|明晚|今天|今晚|今日|下周[一二三四五六日天]|下星期[一二三四五六日天]|马上|"
    r"立即|立刻|随时|年后|节后)"
    r"|(?P<month>\d{1,2})月(?P<day>\d{1,2})[号日]?"
)
_NOT_A_START = re.compile(
    r"[^,，。;\n]{0,3}(?:面试|报名|体检|截止|结束|放假|停|休|联系|在招|招聘|急招|更新|岗位)|[^,，。;\n]{0,2}(?:结|预支|发工资)"
)
_START_WORDS = re.compile(
    r"^能|^[^,，。;\n]{0,12}(?:上班|开工|到岗|上岗|入职|干活|开始|来|集合|要|需|搬|卸|做|干|就|两天|三天|\d+天|\d+点|早|"
    r"晚|班|摘)|^[^,，。;\n]{0,3}(?:[,，。;\n¦|]|$)"
)
_DATE_ONLY = re.compile(r"(?:日结|招|岗|更新|用工|[^,，。;\n]{0,3}(?:[,，。;\n¦|\]]|$))")
_AT_ONCE = frozenset({"马上", "立即", "立刻"})
_CLOCK = r"(?P<{0}w>凌晨|早上?|早晨|上午|中午|下午|晚上?|夜里|傍晚)?(?P<{0}h>\d{{1,2}})(?:[:点时](?P<{0}m>\d{{2}}|半)?)"
_HOURS = re.compile(
    rf"{_CLOCK.format('a')}(?:分)?[ ]?(?:-|到|至)[ ]?(?:次日|第二天)?{_CLOCK.format('b')}"
    r"|(?P<morning>早)(?P<from>\d{1,2})(?:点)?晚(?P<to>\d{1,2})(?:点)?"
)
_AFTERNOON = frozenset({"下午", "晚", "晚上", "傍晚", "夜里"})


class Hours(NamedTuple):
    """From when to when somebody works, in minutes of the day; an end before the begin lies in the next day."""

    begins: int
    ends: int


def hours_in(text: str, pieces: list[Span]) -> Read[Hours] | None:
    """The hours of work: of 7点-11点，下午2点-6点 the first and the last."""
    found = [match for piece in pieces for match in _HOURS.finditer(text, *piece)]
    read = [(hours, match.span()) for match in found if (hours := _hours(match)) is not None]
    if not read:
        return None
    return Read(Hours(read[0][0].begins, read[-1][0].ends), tuple(span for _, span in read))


def _hours(match: re.Match[str]) -> Hours | None:
    if match["morning"]:
        begins, ends = int(match["from"]) * 60, (int(match["to"]) + 12) * 60
    else:
        word = match["aw"]
        begins = _minutes(match["ah"], match["am"], word)
        ends = _minutes(match["bh"], match["bm"], match["bw"] or (word if word in _AFTERNOON else None))
    return Hours(begins, ends) if begins < 24 * 60 and ends <= 24 * 60 and begins != ends else None


def _minutes(hour: str, minute: str | None, word: str | None) -> int:
    whole = int(hour)
    if word in _AFTERNOON and whole < 12:
        whole += 12
    return whole * 60 + (30 if minute == "半" else int(minute or 0))


def start_in(text: str, pieces: list[Span], today: date | None) -> Read[str] | None:
    """The day on which the work begins, as an ISO date when `today` is known and the word means one day; else the word.

    The day of the interview is not the day of the work.
    """
    for piece in pieces:
        for match in _DAY.finditer(text, *piece):
            rest = text[match.end() : match.end() + 16]
            if _NOT_A_START.match(rest) or not _START_WORDS.match(rest):
                continue
            word = match["word"]
            if word is not None:
                value = "马上" if word in _AT_ONCE else day_of("明天" if word.startswith("明后") else word, today)
                return Read(value, (match.span(),))
            meant = coming(today, int(match["month"]), int(match["day"]))
            if meant == today and _DATE_ONLY.match(rest):
                continue  # the day of the list, not of the work
            return Read(match[0] if meant is None else meant.isoformat(), (match.span(),))
    return None
