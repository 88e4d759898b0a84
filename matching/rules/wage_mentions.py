"""The amounts of money in a folded text, each with the words beside it: what is the wage, in which unit, from or up to.

Input is text after `numerals.plain` and `wage_words.without_other_numbers`. Source: forms of real adverts and the readings of the
API document, named in `wage.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from matching.rules import wage_words as words

_MULTIPLIER = {c: Fraction(n) for c, n in (("万", 10000), ("w", 10000), ("千", 1000), ("k", 1000), ("百", 100), ("", 1))} | {
    c: Fraction(1, 10) for c in "毛角"
}


@dataclass(frozen=True, slots=True)
class Mention:
    """One amount or range in the text and what the words beside it make of it."""

    low: Fraction | None
    high: Fraction | None
    unit: str | None
    assumed: str | None  # how the unit was decided when it was not written
    before: str
    written: str
    strong: bool  # a wage word, a unit or a currency stands beside it
    piece_word: str | None = None
    broken: str | None = None


_A = (
    r"(?P<n{0}>[0-9]+(?:\.[0-9]+)?)(?:(?P<m{0}>万|千|百|毛|角|[kw](?![a-z]))"
    r"(?:(?P<t{0}>[0-9]{{1,4}})(?P<u{0}>千|百)?(?![0-9.薪]|[-至到]?[万千百]))?)?"  # 1万5, 1万5千, 1万5000
)
_BETWEEN = rf"(?:{words.CURRENCY})?(?:/(?:月|天|日|小?时|h|年|件))?"
_AMOUNT = re.compile(rf"¥?{_A.format(1)}(?:{_BETWEEN}(?:-|至|到)¥?{_A.format(2)}(?P<chain>{_BETWEEN}(?:-|至|到)[0-9])?)?")
_SUFFIX = re.compile(
    rf"(?P<cur>{words.CURRENCY})|(?P<open>以上|及以上|\(含\)以上|往上|起步|起(?![点步薪早])|保底|打底|多(?![劳种少])|余(?!额)|\+(?=$|元|块|/|以上|[(,;。]))"
    r"|(?P<cap>(?:及)?以下|(?:及)?以内|之内|封顶)|(?P<about>左右|上下|前后|来(?=块))|(?P<tax>\((?:税前|税后|到手|含税|实发|底薪|含绩效|综合)\)|税[前后])"
    r"|(?P<per>" + words.UNIT_AFTER.pattern.replace("(?P<", "(?P<u_") + r")"
)
_HARD_STOP = re.compile(r"[;。□]")
_PART_STOP = re.compile(r"[;。□,、+]")


def _amount(m: re.Match[str], i: int) -> tuple[Fraction, str]:
    """The i-th amount of a match and its multiplier letter: 1万5 is 15000, 8千5 is 8500, 1万5千 too."""
    letter = m[f"m{i}"] or ""
    power = _MULTIPLIER[letter]
    value = Fraction(m[f"n{i}"]) * power
    tail = m[f"t{i}"]
    if tail:
        small = Fraction(tail) * _MULTIPLIER[m[f"u{i}"] or ""]
        value += small if m[f"u{i}"] or len(tail) > 1 else small * power / 10
    return value, letter


def find_mentions(s: str, settlement: str | None) -> list[Mention]:
    """Every amount of money in the text that may be a wage, in order; subsidies and grants are left out."""
    found: list[Mention] = []
    position = 0
    while m := _AMOUNT.search(s, position):
        start = max(position, _part_start(s, m.start()))
        mention, position = _mention(s, m, s[start : m.start()], settlement)
        if mention is not None:
            found.append(mention)
    return found


def _part_start(s: str, end: int) -> int:
    """Where the words that belong to the amount at `end` begin: after the last stop, unless the stop is right before it."""
    stop = 0
    for m in _PART_STOP.finditer(s, max(0, end - 24), end):
        if m.end() < end or _HARD_STOP.match(m[0]) or m[0] == "+":
            stop = m.end()
    return max(stop, end - 24)


def _mention(s: str, m: re.Match[str], before: str, settlement: str | None) -> tuple[Mention | None, int]:
    low, letter = _amount(m, 1)
    high: Fraction | None = None
    broken: str | None = None
    header = words.MULTIPLIER_BEFORE.search(before)
    if m["n2"] is None:
        if header and not letter:
            letter = header["m"]
            low *= _MULTIPLIER[letter]
    else:
        low, high, letter = _range(m, header["m"] if header else "")
        backwards = not m["m1"] and low < 100 and bool(m["m2"]) and low > Fraction(m["n2"])  # 8-1万
        if m["chain"] or high < low or low <= 0 or backwards:
            broken = f"工资范围写得不对：{m[0]}"
    if low <= 0:
        broken = f"工资数额不对：{m[0]}"
    marks, unit, piece, end = _suffixes(s, m.end())
    rest = s[end : end + 24]
    if words.EXTRA_BEFORE.search(before) and not re.search(
        r"(?:工资|薪资|薪酬|月薪|年薪|收入)[:为]?$", before.removesuffix("绩效工资")
    ):
        return None, end
    if ("cur" in marks or letter) and words.EXTRA_AFTER.match(rest):
        return None, end
    if len(s) > 30 and words.OFFICIAL_PACKAGE.search(s) and not words.PAY_WORD.search(before) and unit not in ("month", "year"):
        return None, end  # a talent programme's grants: 引进待遇30万元, 专利1000元/项
    currency = "cur" in marks or m[0].startswith("¥") or letter in ("毛", "角")
    word = words.WAGE_WORD.search(before) is not None or words.BASE.search(before) is not None
    strong = unit is not None or word or (currency and len(s) <= 40)
    assumed: str | None = None
    if unit is None:
        unit, piece = _unit_before(before, high or low, letter)
    if unit is None and s.startswith("天", end) and words.BARE_DAY_AFTER.match(s, end) and 80 <= low < 1000:
        unit, strong = "day", True
    if unit is not None and low < {"month": 100, "year": 1000, "day": 10}.get(unit, 0) and not letter and broken is None:
        broken = f"“{before[-6:]}{m[0]}”没有写明是元、千元还是万元"
    if unit is None and broken is None and words.AGENCY_RATE.search(before) and low >= 10 and (high or low) <= 60:
        unit, assumed = "hour", "写的是工价，没有写单位，按小时工资看"
    elif unit is None and broken is None and (m_lump := words.LUMP_SUM.search(before)):
        broken = f"“{m_lump[0]}{m[0]}”是整个活的价钱，不能按月比较"
    elif unit is None and broken is None and words.UNKNOWN_UNIT.match(rest):
        broken = f"“{m[0]}{rest[:4]}”没认出按什么计算"
    elif unit is None and broken is None:
        whole = len(s.replace(words.GAP, "")) - (end - m.start())
        unit, assumed = _assumed_unit(low, high, marks, letter, settlement, currency or word, s, whole)
    floor, cap, about = _openness(before, rest, marks, ranged=high is not None)
    top = high if high is not None else low
    if cap and high is None:
        bounds: tuple[Fraction | None, Fraction | None] = (None, top)
    elif floor:
        bounds = (low, None)
    else:
        bounds = (low, top)
    note = "“左右”按同一数额看" if about else None
    return Mention(*bounds, unit, assumed or note, before, m[0], strong, piece, broken), end


def _range(m: re.Match[str], header: str) -> tuple[Fraction, Fraction, str]:
    """Both ends of a range; a multiplier written once serves both (6-8千, 1-1.5万, 6k-8) when that keeps them in order."""
    low, first = _amount(m, 1)
    high, second = _amount(m, 2)
    if not first and not second and header:
        first = second = header
        low, high = low * _MULTIPLIER[header], high * _MULTIPLIER[header]
    elif second and not first and low <= Fraction(m["n2"]) * (10 if second == "万" and low == high else 1):
        low *= _MULTIPLIER[second]
    elif first and not second and high < 1000 and high >= Fraction(m["n1"]):
        high *= _MULTIPLIER[first]
    return low, high, first or second


def _suffixes(s: str, position: int) -> tuple[set[str], str | None, str | None, int]:
    """What follows an amount: marks (open, cap, about, cur, tax), the unit, the word for a piece, and where it ends."""
    marks: set[str] = set()
    unit: str | None = None
    piece: str | None = None
    while m := _SUFFIX.match(s, position):
        if m["per"]:
            if unit is not None:
                break
            unit = next(name for name, _ in words.UNIT_WORDS if m[f"u_{name}"])
            piece = m["u_piece"]
        else:
            marks.add(next(name for name in ("cur", "open", "cap", "about", "tax") if m[name]))
        position = m.end()
    return marks, unit, piece, position


def _unit_before(before: str, top: Fraction, letter: str) -> tuple[str | None, str | None]:
    """The unit named before the amount (月薪, 每天, 一亩) and the word for a piece."""
    nearest: tuple[int, str, str | None] | None = None
    for unit, pattern in words.UNIT_BEFORE:
        m = pattern.search(before)
        if m and (nearest is None or m.start() > nearest[0]):
            nearest = (m.start(), unit, m.groupdict().get("piece"))
    if nearest:
        return nearest[1], nearest[2]
    if words.PIECEWORK.search(before) and top < 500 and not letter:
        return "piece", "件"
    return None, None


def _assumed_unit(
    low: Fraction, high: Fraction | None, marks: set[str], letter: str, settlement: str | None, told: bool, s: str, others: int
) -> tuple[str | None, str | None]:
    """A unit for an amount without one, where only one is plausible; (None, None) where a person could not be sure either.

    Month: 1,000 to under 60,000 yuan. Year: from 60,000 (nobody in these lists earns that in a month). Day: 80-999 yuan with a
    currency, a wage word or 日结 beside it. Smaller ones may be an hour, a piece, an age or a head count: not read.
    """
    top = high if high is not None else low
    if settlement == "job":
        return None, None  # paid when the work is done: how long that takes is not said
    if letter in ("万", "w") and not told and others > 30:
        return None, None  # in a long text a sum in 万 without the word wage is a grant or a turnover
    if not told and not letter and others > (16 if high is None else 60) and not marks:
        return None, None
    if settlement == "day" and low >= 30 and top <= 2000:
        return "day", "写了日结，按日工资看"
    if low >= 60000 and ("cap" not in marks or high is not None):
        return "year", f"没有写单位，{_short(low)}以上不会是月工资，按年工资看"
    if low >= 1000 and top < 100000:
        if high is None and low >= 40000:
            return None, None  # 5万以上: a sailor's month or a family's year
        return "month", "没有写单位，按月工资看"
    if told and low >= 80 and top < 1000 and not letter and not re.search(r"学费|房租", s):
        return "day", "没有写单位，按日工资看"
    return None, None


def _openness(before: str, rest: str, marks: set[str], *, ranged: bool) -> tuple[bool, bool, bool]:
    """(minimum only, maximum only, about)."""
    cap = "cap" in marks or words.CAP_BEFORE.search(before) is not None
    floor = "open" in marks or words.FLOOR_BEFORE.search(before) is not None
    if words.COMMISSION_BEFORE.search(before) or words.BASE.search(before) or words.JOINED_COMMISSION.match(rest):
        floor = True
    if not ranged and (words.COMMISSION_AFTER.match(rest) or words.BASE_IN_BRACKETS.match(rest)):
        floor = True
    about = "about" in marks or words.ABOUT_BEFORE.search(before) is not None
    if words.BASE.search(before) and words.TOTAL.search(before):
        floor = floor and ("open" in marks or words.BASE.search(before[-6:]) is not None)
    if cap and floor and "cap" in marks:
        floor = False
    return floor, cap, about and not floor


def wage_mentions(found: list[Mention]) -> list[Mention]:
    """The mentions that are the wage itself, those of one unit only, the first named unit first."""
    regular = [m for m in found if not words.PROBATION.search(m.before) or words.REGULAR.search(m.before)]
    found = regular or found
    strong = [m for m in found if m.strong]
    found = strong or [m for m in found if words.REGULAR.search(m.before)] or found[:1]
    promoted = [m for m in found if words.REGULAR.search(m.before)]
    found = promoted or found
    now = [m for m in found if not words.LATER.search(m.before) or (m.low is None and len(found) == 2)]
    found = now or found
    total = [m for m in found if words.TOTAL.search(m.before) and not words.BASE.search(m.before)]
    if total and any(words.BASE.search(m.before) for m in found):
        found = total
    return [m for m in found if m.unit == found[0].unit]


def _short(value: Fraction) -> str:
    """12000 as 1.2万, 8500 as 8500."""
    if value >= 10000 and (value / 100).denominator == 1:
        return f"{float(value / 10000):g}万"
    return f"{float(value):g}"
