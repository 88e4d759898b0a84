"""Where the work is: the division and the rest of the address, out of the pieces of a message."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from matching.pasted.letters import HIDDEN, Span
from matching.pasted.lines import clauses, label_at
from matching.pasted.tasks import TASK
from matching.rules import region

_NOT_WHERE = re.compile(
    r"修水[库渠塘管]|专线|跑[^,，]{0,8}[到线]|[籍]|口味|[菜](?!市场|园|基地)|话|老乡|方言|风味|特产|总部|连锁"
)
_TASK = TASK.pattern
_END = re.compile(
    rf"[,，。;；!！|¦\n()\[\] {HIDDEN}\"“”]|招|大量|诚聘|急聘|聘|急|需要|要(?!地)|需|电话|联系|有意|报名|均有|都有|长期|"
    rf"包吃|包住|工资|日结|月薪|等地|\d{{1,2}}月\d|年纪|年龄|价格|请人|找一|集合|一百|{_TASK}|今天|今晚|明天|后天|下周|那边|打(?=$|{HIDDEN})|找(?=演示|[\u4e00-\u9fff]{{1,3}}{HIDDEN})|的(?:最好|优先|更好)|附近的|过年|年前|\d{{2}}岁|小时工|自取|自提|合适的|随时|男女|女的|男的"
)
_ROAD = re.compile(r"[路街道巷]\d|\d号|[路街]|园|大道|大厦|广场|小区|村|对面|附近|旁")
_EMPLOYER_BEHIND = re.compile(r"某[\u4e00-\u9fff]{0,10}(?:厂|公司|集团|企业)$")
_TAIL = re.compile(r"(?:集合|报到|上班|面试|那边|这边|干活|施工|做事|一带|位于|发布)+$")
_EMPLOYER = re.compile(r"(?:某|本|一家|大型|知名)?[^路街园区镇村号]{0,12}?(?:厂|公司|集团|企业|工地)$")
_WORK = re.compile(r"^(?:招|零工驿站|人力资源|人社)")
_NAMED_AND = re.compile(r"和[谐平睦顺兴美悦园苑]")
"""和谐大道 is a road, 和于都 another place."""
_NOTHING = frozenset({"城", "县城", "城里", "市内", "境内", "本地", "上", "里", "内", "的", "区", "那里"})


_WHOLE = "00000000"
"""The end of the code of a city or a province, which says too little to be the place of the work."""
_STREET = re.compile(r"[\u4e00-\u9fff]{0,2}?(?:大道|大街|[路桥])")


class Where(NamedTuple):
    """`code`: 12 digits or None; `ambiguous`: the codes it could be; `address`: the rest, "" when there is none; two places."""

    code: str | None
    ambiguous: tuple[str, ...]
    region_span: Span | None
    address: str
    address_span: Span | None


def where(text: str, pieces: list[Span], titles: list[Span], home: str = "") -> Where:
    """The first place that the pieces name: behind a label before all else. `home` (a code) settles what is ambiguous.

    `titles`: where titles stand; no address reaches into one.
    """
    spans = [clause for piece in pieces for clause in clauses(text, piece)]
    labelled = [(at, span[1]) for span in spans if (at := label_at(text, *span, "place")) is not None and at < span[1]]
    # 培训地点, 面试地址 stand in the label table; what no label names and no road leads to is left alone
    plain = [span for span in spans if not _NOT_WHERE.search(text, *span)]
    sure = set(plain)
    doubtful = [span for span in spans if span not in sure]
    open_code: tuple[str, ...] = ()
    best: Where | None = None
    in_title: Where | None = None
    for span in (*labelled, *plain, *doubtful):
        found = _read(text, span, titles, home)
        if found is None:
            continue
        if found.code is None:
            open_code = open_code or found.ambiguous
            continue
        if in_title is None and found.region_span is not None and _within(found.region_span, titles):
            in_title = found  # 宁德时代普工 … 📍宜春: a name in a title says where only when nothing else does
            continue
        if best is None:
            best = found
            if span in labelled:
                break
        elif (
            best.code is not None
            and found.code != best.code
            and best.code[4:] == _WHOLE
            and region.is_within(found.code, best.code)
        ):
            best = found  # 赣州某厂 … 📍章贡区沙河镇: the second says where in the first
            break
    best = best or in_title
    if best is not None and best.address:
        return best
    address = next((_address(text, span, titles) for span in labelled if _find(text[slice(*span)]).code is None), None)
    if best is not None:
        return best if address is None else best._replace(address=text[slice(*address)], address_span=address)
    if address is None:
        address = next((rest for span in plain if (rest := _road(text, span, titles))), None)
    return Where(None, open_code, None, "" if address is None else text[slice(*address)], address)


def _within(place: Span, titles: list[Span]) -> bool:
    return any(start <= place[0] and place[1] <= stop for start, stop in titles)


_find = lru_cache(maxsize=8192)(region.find)
_may_name = lru_cache(maxsize=8192)(region.may_name)


def _read(text: str, span: Span, titles: list[Span], home: str) -> Where | None:
    piece = text[slice(*span)]
    if _may_name(piece) < 0:
        return None
    found = _find(piece)
    if not found.matched:
        return None
    at = span[0] + max(piece.find(found.matched), 0)
    end = min(at + len(found.matched), span[1])
    if any(start < at and end <= stop for start, stop in titles):
        return None
    code = found.code
    if code is None and home:
        inside = [one for one in found.ambiguous if region.is_within(one, home) or region.is_within(home, one)]
        code = inside[0] if len(inside) == 1 else None
    if code is not None and text[end - 1] not in "省市区县旗镇乡道村" and _STREET.match(text, end):
        above = region.find(found.matched[: -len(_last_name(found.matched, code))])
        if above.code is not None and region.is_within(code, above.code):  # 章贡区赣江源大道 is no 赣江街道
            cut = at + len(above.matched)
            address = _address(text, (cut, _line_end(text, cut)), titles)
            return Where(above.code, (), (at, cut), "" if address is None else text[slice(*address)], address)
    if text[end - 1] not in "省市区县旗镇乡道" and text.startswith(("港", "站", "西站", "东站", "南站", "北站"), end):
        address = _address(text, (at, _line_end(text, end)), titles)  # 赣州港物流园
    elif found.matched.endswith("市") and text.startswith("区", end) and len(found.matched) > 2:
        address = _address(text, (end - 1, _line_end(text, end)), titles)  # 瑞金市区站点
    else:
        address = _address(text, (end, _line_end(text, end)), titles)
    if address is None:
        return Where(code, found.ambiguous, (at, end), "", None)
    return Where(code, found.ambiguous, (at, end), text[slice(*address)], address)


def _last_name(matched: str, code: str) -> str:
    """The end of what was matched that stands for the division itself: 赣江 of 章贡区赣江."""
    name = region.get(code).name
    size = next((size for size in range(min(len(name), len(matched)), 0, -1) if matched.endswith(name[:size])), len(matched))
    return name[:size] if size < len(matched) else matched


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _address(text: str, span: Span, titles: list[Span]) -> Span | None:
    """What follows a division and belongs to the address: up to a seam, a word for hiring, a title."""
    start, end = span
    while start < end and text[start] in " -·:：,，":
        if text[start] in ",，:：" and start > span[0]:
            return None
        if text[start] in ",，":
            return None
        start += 1
    stop = _END.search(text, start, end)
    end = stop.start() if stop else end
    for title_start, title_end in titles:
        if start < title_end and title_start < end:
            end = max(start, title_start)
    for pattern in (_TAIL, _EMPLOYER_BEHIND):
        if tail := pattern.search(text, start, end):
            end = tail.start()
    said = text[start:end]
    if said[:1] and said[0] in "到至跑、/和及" and not _NAMED_AND.match(said):
        return None
    if len(said) < 2 or said in _NOTHING or _EMPLOYER.fullmatch(said) or _WORK.match(said):
        return None
    return start, end


def _road(text: str, span: Span, titles: list[Span]) -> Span | None:
    """An address without a division and without a label: 章江新区, 学府路12号."""
    found = re.compile(
        r"[\u4e00-\u9fff]{2,8}(?:新区|开发区|工业园区?|产业园|大道|[路街]\d+号|广场|小区)[\u4e00-\u9fff\d]{0,8}"
    ).search(text, *span)
    return None if found is None else _address(text, found.span(), titles)
