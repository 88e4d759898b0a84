"""Where a message has its seams: lines, the marks of a list before a line, clauses inside a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from matching.pasted.letters import Span
from matching.rules import region

_MARK = re.compile(
    r"[ ¦·•*#>\-=+_.|]*"
    r"(?:(?:\(\d{1,2}\)|\[\d{1,2}\]|\d{1,2}[、.)](?!\d)|\d{1,2}:(?=[\u4e00-\u9fff])|[①-⑳❶-❿]|"
    r"[一二三四五六七八九十]{1,2}[、.:]|\([一二三四五六七八九十]{1,2}\)|第[一二三四五六七八九十\d]{1,2}[个种]?[、:]|"
    r"\d{1,2}号链接[:、]?)[ ¦·、.]*)?"
)
_CLAUSE_END = re.compile(r"[,，。;；!！?？¦|\n]|(?<!\d)\.(?!\d)|  +|(?<=\)) ")
_RUN_ON = re.compile(
    r"(?<![不又也都均还可没无和])(?=[包管](?:吃|住|餐|饭|中饭|午饭|中餐|午餐|工作餐|[一两]餐)|提供[食住]宿)"
    r"|(?<=[^\d])(?=(?:月薪|月工资|工资|公资|薪资|底薪|工价|保底)[\d一二两三四五六七八九是])|(?<=[^\d每按第十])(?=一个?月[\d一二两三四五六七八九])"
    r"|(?<=.)(?=(?:工资|工钱)(?:月结|日结|周结|天结|现结|当天结|一天一结|每月|准时|按时|不拖))"
    r"|(?<=[月日周现]结)(?![算清帐账工款一])(?=[\u4e00-\u9fff])|(?<=[包管][住吃]|[中午][饭餐])(?=(?!住|吃)[\u4e00-\u9fff]{2,7}?[县区市镇乡])|(?<=包吃住|管吃住|包食宿|包吃喝)"
    r"(?![的也都均全])(?=[\u4e00-\u9fff])"
    r"|(?=(?:上班|工作|面试|干活)?(?:地址|地点|地方)(?:就?在|是|:|(?=[\u4e00-\u9fff]{2,7}[县区市镇乡])))"
    r"|(?<![现住家人店厂就地址点方吃])(?=在[\u4e00-\u9fff]{2,7}[县区市镇乡])"
    r"|(?=(?:有意者?|要来的)?(?:联系)?电话)|(?<![电请可以])(?=(?:请?打|联系|请?找我)□)"
    r"|(?=男女不限|男的[一二两三四五六\d]|女的[一二两三四五六\d]|年龄)|(?=(?:活|工)?(?:干完|做完)就?结)"
    r"|(?=都[交买包管有给](?!要))"
    r"|(?<=[\d一二三四五六七八九百千万])(?=(?:买|交|有)?(?:保险|社保|五险|意外险))"
    r"|(?=都是?[\d一二两三四五六七八九][\d千百万])"
)
"""Where a new thing begins in what is dictated without a stop."""
_LONG = 17
_BEFORE_PLACE = 8
_INLINE = re.compile(r"(?=[①-⑳])")
_BRACKETED = re.compile(r"(?<=[;；。 ])(?=\[[\u4e00-\u9fff]{2,7}\])")
_TWO = 2
_NUMBERED = re.compile(r"(?<![\d.\-])(\d{1,2})[.、](?=[\u4e00-\u9fff])")
_BEFORE_NUMBER = re.compile(r"(?<![\d.\-])(?=\d{1,2}[.、][\u4e00-\u9fff])")
_STOP = re.compile(r"(?<=。)(?=.)")
_SEMICOLON = re.compile(r"(?<=[;；])")
_PEOPLE = re.compile(r"[1-9\d一二两三四五六七八九十](?:[名位]|个(?=[,，。;；]|$)|人(?=[,，。;；]|$))")
_COMMA = re.compile(r"[,，。;；]")
_SPACES = re.compile(r"[ !！?？¦|]+")
_PARTED_BY_SPACES = 2
_LONGEST = 300
"""Characters: nobody dictates more without a seam, and what rules read of one piece stays bounded."""
LABELS: dict[str, str] = {
    "title": r"(?:招聘)?(?:岗位|职位|工种)(?:[一二三四五六七八九十]|\d{1,2})(?=[:、])|"
    r"招聘岗位|招聘职位|招聘工种|岗位名称|职位名称|需求岗位|岗位|职位|工种|职务|招工",
    "headcount": r"招聘人数|需求人数|人数|名额|数量",
    "wage": r"薪资待遇|工资待遇|薪酬待遇|工资|薪资|薪酬|月薪|日薪|时薪|报酬|待遇|工价|单价|收入",
    "age": r"年龄要求|年龄",
    "place": r"(?:工作|上班|公司|工厂|厂区|项目|集合|面试)?(?:地点|地址)|位置|厂址|店址",
    "contact": r"联系电话|报名电话|咨询电话|联系方式|报名热线|招聘热线|电话|热线|联系人|手机号?|微信|联系",
    "benefits": r"福利待遇|福利|吃住",
    "shift": r"上班时间|工作时间|班次|班制|时间",
}
_LABELLED = {name: re.compile(rf"[\[(]?(?:{words})[\])]?[:：]?[ ]*") for name, words in LABELS.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """A line that says something: where it begins and ends, where its words begin after the mark of a list, its paragraph."""

    start: int
    end: int
    words: int
    listed: bool
    paragraph: int


def lines_of(text: str) -> list[Line]:
    """The lines of a plain text that hold more than marks."""
    found: list[Line] = []
    paragraph = position = 0
    for piece, stop in _pieces(text):
        end = position + len(piece)
        mark = _MARK.match(text, position, end)
        words = mark.end() if mark else position
        if re.search(r"[\w□]", piece):
            listed = bool(text[position:words].strip())
            found.append(Line(position, end, words, listed, paragraph))
        else:
            paragraph += 1
        position = end + stop
    return found


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """The lines of a text and how many characters part each from the next; of a list in one line (①前台，②司机) its items."""
    for line in text.split("\n"):
        items = _INLINE.split(line) if len(_INLINE.findall(line)) >= _TWO else _openings(line)
        for number, item in enumerate(items):
            yield item, int(number == len(items) - 1)


def _openings(line: str) -> list[str]:
    """A line cut where openings stand behind one another in it (分拣工，180一晚，6人；派件员，4人，6000, or each title in
    brackets), and where a full stop parts the last of them from what holds for all.
    """
    parts = _BRACKETED.split(line) if line.startswith("[") else [line]
    numbers = [int(number) for number in _NUMBERED.findall(line)]
    if len(numbers) >= _TWO and numbers == list(range(1, len(numbers) + 1)):
        parts = _BEFORE_NUMBER.split(line)
    if len(parts) < _TWO:
        parts = _SEMICOLON.split(line)
        counted = [_PEOPLE.search(part) is not None for part in parts]
        if sum(counted) < _TWO or not all(counted[:_TWO]):
            return [line]
    return [*parts[:-1], *_STOP.split(parts[-1], maxsplit=1)]


def clauses(text: str, span: Span) -> list[Span]:
    """The clauses of a piece of text, trimmed, empty ones left out. 、 parts nothing (五险、包住), spaces do
    only in a line that has several of them and no comma.
    """
    return list(_clauses(text, span))


@lru_cache(maxsize=8192)
def _clauses(text: str, span: Span) -> tuple[Span, ...]:
    found: list[Span] = []
    start = span[0]
    while start <= span[1]:
        stop = text.find("\n", start, span[1])
        stop = span[1] if stop < 0 else stop
        line = text[text.rfind("\n", 0, start) + 1 : stop if text.find("\n", stop) < 0 else text.find("\n", stop)]
        ends = _SPACES if line.count(" ") >= _PARTED_BY_SPACES and not _COMMA.search(line) else _CLAUSE_END
        position = start
        for match in ends.finditer(text, start, stop):
            found.append((position, match.start()))
            position = match.end()
        found.append((position, stop))
        start = stop + 1
    found = [part for piece in found for part in _run_on(text, piece)]
    short = [(at, min(at + _LONGEST, end)) for begin, end in found for at in range(begin, end, _LONGEST)]
    return tuple(trimmed for piece in short if (trimmed := trim(text, piece))[0] < trimmed[1])


def _run_on(text: str, piece: Span) -> list[Span]:
    start, end = piece
    if end - start < _LONG:
        return [piece]
    cuts = {start, end, *(match.start() for match in _RUN_ON.finditer(text, start + 1, end))}
    place = region.find(text[start : min(end, start + _LONGEST)])
    at = text.find(place.matched, start + _BEFORE_PLACE, end) if place.code and place.matched else -1
    if at > 0 and text[at - 1] not in "在到去于是跑:：([":
        cuts.add(at)
    return list(pairwise(sorted(cuts)))


def trim(text: str, span: Span) -> Span:
    """The piece without the spaces and marks at its ends."""
    start, end = span
    while start < end and (text[start] in " ¦,，。;；、:|!！\n-"):
        start += 1
    while end > start and (text[end - 1] in " ¦,，。;；、:|!！\n-"):
        end -= 1
    return start, end


def label_at(text: str, start: int, end: int, name: str) -> int | None:
    """Where the words behind a label of that name begin, when the piece opens with one; 地址:, [地点], 工资6000 alike."""
    found = _LABELLED[name].match(text, start, end)
    return None if found is None or found.end() == found.start() else found.end()
