"""How many people are wanted, as group messages say it: 10名, 两个, 男女各5个, 2对, x3, 若干."""

from __future__ import annotations

import re
from typing import NamedTuple

from matching.rules.numerals import chinese_number

_N = r"\d{1,4}|[一二两三四五六七八九十百壹贰叁肆伍陆柒捌玖拾]{1,4}"
_UNIT = (
    r"(?:名|位|个人|号人|人(?!间)|个(?!月(?![入薪休结])|小时|钟|"
    r"[早中晚夜白]班|工作日|点|多|班|半|休|儿|工(?![人匠]))|对(?![一多1]))"
)
COUNT = (
    rf"男工?(?P<men>{_N})[名人个位]?[、,，和]?女工?(?P<women>{_N})[名人个位]|"
    rf"(?:(?P<both>男女各|男女工?各)|(?P<each>各[要招需]?)|约|"
    rf"大概)?(?P<low>{_N})(?:[-至到](?P<high>{_N}))?[多余来几]?[ ]?(?P<unit>{_UNIT})(?:夫妻工?|夫妇)?"
    r"|(?P<m>\d{1,2}|[一二两三四五六七八九十])男(?P<w>\d{1,2}|[一二两三四五六七八九十])女"
    r"|男(?P<only_men>[1-9])女(?P<only_women>[1-9])(?=[,，。;；、 \n]|$)"
    r"|(?P<pair>一对(?![一对多]))(?:夫妻|夫妇|小两口)?|(?P<few>俩|仨)(?!口)人?|(?P<some>若干名?|数名|多名|不限人数|人数不限|几[名位]|几个人?)"
)
_COUNT = re.compile(COUNT)
_ANY = re.compile(rf"(?<![\d.\-])(?:{COUNT})(?![间/])")
_NO_HEADS_BEFORE = re.compile(
    r"(?:每|介绍|推荐|奖励|带|满|规模|员工|现有|共有|夫妻|照顾|看护|老人|小孩|宝宝|住|间|组|工资|一人|试|前|拉|"
    r"家里有?|家)[^,，。;\n请找招聘缺雇]{0,3}$|(?:[分毛角块]钱?|元)$|(?:一天|每天|一个?小时)(?:能|可以?)?[做打包装缝穿剪码摘]到?$|(?:帮|给)[^招要找,，。;\n\d一二三四五六七八九十两]{1,4}$"
)
_NO_HEADS_AFTER = re.compile(
    r"[ ]?(?:间|一间|宿舍|房|一组|一班|/间|老人|小孩|孩子|宝宝|规模|以上规模|合计|轮|倒|月薪|左右车|班|吃饭|吃|"
    r"用餐|[1-9一二两三四五六七八九](?:块|[毛角分])(?!\d)|[搞忙做干吃住弄看]不|的(?=[饭菜伙活量房车])|袋|箱|桶|果|件|盒|珠|月)"
)


class Heads(NamedTuple):
    """A count of people: where it stands, the number (None: 若干), whether it is meant for every trade before it (各2名)."""

    start: int
    end: int
    number: int | None
    each: bool


def heads_in(text: str, start: int, end: int) -> list[Heads]:
    """Every count of wanted people in a piece of plain text."""
    found: list[Heads] = []
    for match in _ANY.finditer(text, start, end):
        couples = match["unit"] == "对" and text[max(start, match.start() - 2) : match.start()] in {"夫妻", "夫妇"}
        if not couples and _NO_HEADS_BEFORE.search(text, max(start, match.start() - 8), match.start()):
            continue
        if _NO_HEADS_AFTER.match(text, match.end(), end):
            continue
        found.append(_heads(match))
    return found


def heads_at(text: str, start: int, end: int) -> Heads | None:
    """The count that begins right at a place, or None."""
    match = _COUNT.match(text, start, end)
    return None if match is None else _heads(match)


_OF_SHIFT = re.compile(r"(\d{1,2}|[一二两三四五六七八九十]{1,2})个(?=[白夜早晚中]班(?![:：是]?[\d一二两三四五六七八九]))")


def heads_of_shift(text: str, start: int, end: int) -> Heads | None:
    """The count of 两个白班, of people for the day shift; none where a pay for the shift stands behind."""
    said = _OF_SHIFT.match(text, start, end)
    return None if said is None else Heads(*said.span(), _number(said[1]), each=False)


_BARE = re.compile(r"(?:(?<=[x×*])|(?<=[:： ])(?=[1-9](?!\d)))(\d{1,3})(?! ?班)(?=[,，。;；、 \n¦]|$)")


def bare_behind(text: str, start: int, end: int) -> Heads | None:
    """The count of 木工x5, 保安:5: a number alone between a title and a seam; without an x a single digit."""
    said = _BARE.match(text, start, end)
    return None if said is None else Heads(*said.span(), int(said[1]) or None, each=False)


def bare_number(text: str, start: int, end: int) -> Heads | None:
    """A number behind the label 人数, which needs no 名: 人数:10."""
    match = re.compile(r"\d{1,4}(?![\d.])").match(text, start, end)
    return heads_at(text, start, end) or (None if match is None else Heads(*match.span(), int(match[0]), each=False))


def _heads(match: re.Match[str]) -> Heads:
    if match["men"]:
        return Heads(*match.span(), (_number(match["men"]) or 0) + (_number(match["women"]) or 0) or None, each=False)
    if match["some"]:
        return Heads(*match.span(), None, each=False)
    if match["m"]:
        return Heads(*match.span(), (_number(match["m"]) or 0) + (_number(match["w"]) or 0) or None, each=False)
    if match["only_men"]:
        return Heads(*match.span(), int(match["only_men"]) + int(match["only_women"]), each=False)
    if match["few"]:
        return Heads(*match.span(), 2 if match["few"] == "俩" else 3, each=False)
    if match["pair"]:
        return Heads(*match.span(), 2, each=False)
    # Of 8-10人 all ten places are open.
    number = _number(match["high"] or match["low"])
    if number is not None:
        number *= 2 if match["both"] or match["unit"] == "对" else 1
    return Heads(*match.span(), number or None, each=bool(match["each"]))


_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾", "一二三四五六七八九十")


def _number(written: str) -> int | None:
    written = written.translate(_FORMAL)
    if written in {"两三", "一两"}:
        return 3 if written == "两三" else 2
    if len(written) == 2 and (place := "一二三四五六七八九".find(written)) >= 0:
        return place + 2  # 五六个人: of 5-6 all six places are open
    return int(written) if written.isdigit() else chinese_number(written) or {"两": 2}.get(written) or _digit(written)


def _digit(written: str) -> int | None:
    place = "零一二三四五六七八九".find(written) if len(written) == 1 else -1
    return place if place > 0 else None
