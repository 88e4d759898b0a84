"""What an advert says about pay, read into numbers: `parse_wage`.

The words are kept, the numbers are what the words say, and what was assumed on the way is named in Chinese. A text that holds no
wage (按政策执行, 五险一金, 24-36) gives null and the reason; nothing is invented.

Readings that two people could differ on follow the project's API document: pay for an amount of work is `piece`; 左右 means
min = max; a base with commission is a minimum with an open maximum; subsidies beside a wage are not the wage; of 试用期
and 转正 the regular wage counts; reversed or impossible ranges are null.
Law behind the units: 保障农民工工资支付条例 (State Council order 724) art. 11-14: wages are money, by month, week, day,
hour or piece.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from matching.rules import wage_words as words
from matching.rules.numerals import plain

Unit = Literal["month", "week", "day", "hour", "piece", "year"]
Settlement = Literal["day", "week", "month", "job"]

# 21.75 paid days a month and 8 hours a day: 劳社部发〔2008〕3号, art. 2. Weeks and years: the calendar.
_MONTHS: dict[str, Fraction] = {
    "month": Fraction(1),
    "week": Fraction(52, 12),
    "day": Fraction(87, 4),
    "hour": Fraction(174),
    "year": Fraction(1, 12),
}
_CONVERSION = {
    "week": "按一年52周、12个月折算成月工资",
    "day": "按每月21.75天折算成月工资",
    "hour": "按每天8小时、每月21.75天折算成月工资",
    "year": "按一年12个月折算成月工资",
    "piece": "按件（量）计酬，不折算成月工资",
}
_READ_LIMIT = 5000  # characters; no advert says its pay later than that, and the time stays bounded
_MULTIPLIER = {c: Fraction(n) for c, n in (("万", 10000), ("w", 10000), ("千", 1000), ("k", 1000), ("百", 100), ("", 1))} | {
    c: Fraction(1, 10) for c in "毛角"
}


@dataclass(frozen=True, slots=True)
class Wage:
    """A wage as read.

    `min`, `max`: yuan in `unit` (int; float only when the advert has a fraction of a yuan), None = open or not read.
    `min_yuan_month`, `max_yuan_month`: for comparison only, never to be shown as promised.
    `months_per_year`: 13薪 = 13, not counted in. `settlement`: how often it is paid out, when the advert says so.
    `assumptions`: what was assumed or converted, `reason`: why there are no numbers, both in Chinese.
    `piece_word`: what is counted when the unit is `piece` (件, 亩, 单, 米 ...), as the advert writes it.
    """

    text: str
    min: int | float | None
    max: int | float | None
    unit: Unit | None
    min_yuan_month: int | None
    max_yuan_month: int | None
    negotiable: bool
    months_per_year: int | None
    settlement: Settlement | None
    assumptions: tuple[str, ...]
    reason: str | None
    piece_word: str | None = None


@dataclass(frozen=True, slots=True)
class _Mention:
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


def yuan_month(amount: float, unit: str) -> int | None:
    """Yuan a month for comparison: hour x 8 x 21.75, day x 21.75, week x 52 / 12, year / 12; None for piece.

    Rounded to the yuan, halves up. Source: the API document's settled readings; 21.75 days from 劳社部发〔2008〕3号.

    >>> yuan_month(22, "hour")
    3828
    """
    factor = _MONTHS.get(unit)
    if factor is None:
        return None
    value = Fraction(amount).limit_denominator(10000) * factor
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def parse_wage(text: str) -> Wage:
    """Reads the pay out of an advert's wage field (or a whole short advert). Never raises.

    Without numbers `reason` says in Chinese why; 面议 sets `negotiable`; 计件 alone gives unit `piece` without an amount.
    Source: forms of real adverts, see tests/matching/rules/wage_cases.csv; readings: the API document.
    """
    s = plain(text[:_READ_LIMIT])
    months = words.MONTHS_PER_YEAR.search(s)
    s = words.MONTHS_PER_YEAR.sub(words.GAP, s)
    negotiable = words.NEGOTIABLE.search(s) is not None
    settlement = _settlement(s)
    s = words.without_other_numbers(words.OVER_TEN_THOUSAND.sub(r"\1 10000以上", s))
    mentions = _mentions(s, settlement)
    good = _wage_mentions([m for m in mentions if m.broken is None and m.unit is not None])
    assumptions: list[str] = []
    low = high = None
    unit: Unit | None = None
    reason: str | None = None
    if good:
        low, high, unit = _bounds(good, assumptions)
    else:
        reason = _reason(text, s, mentions, negotiable=negotiable)
        if words.PIECEWORK.search(s) and not any(m.broken for m in mentions):
            unit, reason = "piece", "计件工资，没有写单价"
    if good and unit in _CONVERSION:
        assumptions.append(_CONVERSION[unit])
    if months and good:
        assumptions.append(f"{months[1]}薪没有折算进月工资")
    return Wage(
        text=text,
        min=_number(low),
        max=_number(high),
        unit=unit,
        min_yuan_month=None if low is None or unit is None else yuan_month(float(low), unit),
        max_yuan_month=None if high is None or unit is None else yuan_month(float(high), unit),
        negotiable=negotiable,
        months_per_year=int(months[1]) if months else None,
        settlement=settlement,
        assumptions=tuple(assumptions),
        reason=reason,
        piece_word=good[0].piece_word if good else None,
    )


def _settlement(s: str) -> Settlement | None:
    for name, pattern in words.SETTLEMENTS:
        if pattern.search(s):
            return name  # type: ignore[return-value]  # the table's names are the Literal's
    return None


def _number(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(round(value, 4))


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


def _mentions(s: str, settlement: str | None) -> list[_Mention]:
    found: list[_Mention] = []
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


def _mention(s: str, m: re.Match[str], before: str, settlement: str | None) -> tuple[_Mention | None, int]:
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
    return _Mention(*bounds, unit, assumed or note, before, m[0], strong, piece, broken), end


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


def _wage_mentions(found: list[_Mention]) -> list[_Mention]:
    """The mentions that are the wage itself, those of one unit only, the first named unit first."""
    strong = [m for m in found if m.strong]
    found = strong or found[:1]
    regular = [m for m in found if not words.PROBATION.search(m.before) or words.REGULAR.search(m.before)]
    found = regular or found
    promoted = [m for m in found if words.REGULAR.search(m.before)]
    found = promoted or found
    now = [m for m in found if not words.LATER.search(m.before) or (m.low is None and len(found) == 2)]
    found = now or found
    total = [m for m in found if words.TOTAL.search(m.before) and not words.BASE.search(m.before)]
    if total and any(words.BASE.search(m.before) for m in found):
        found = total
    return [m for m in found if m.unit == found[0].unit]


def _bounds(found: list[_Mention], assumptions: list[str]) -> tuple[Fraction | None, Fraction | None, Unit]:
    lows = [m.low for m in found if m.low is not None]
    highs = [m.high for m in found if m.high is not None]
    capped = any(m.low is None for m in found)
    low = min(lows) if lows else None
    high = max(highs) if highs and (capped or len(highs) == len(found)) else None
    if low is not None and high is not None and high < low:
        high = None
    for m in found:
        if m.assumed and m.assumed not in assumptions:
            assumptions.append(m.assumed)
    if len({(m.low, m.high) for m in found}) > 1:
        assumptions.append("文中写了几个工资，取最低到最高")
    return low, high, found[0].unit  # type: ignore[return-value]  # only units of the table get here


def _short(value: Fraction) -> str:
    """12000 as 1.2万, 8500 as 8500."""
    if value >= 10000 and (value / 100).denominator == 1:
        return f"{float(value / 10000):g}万"
    number = _number(value)
    return f"{number:g}" if number is not None else ""


def _reason(text: str, s: str, mentions: list[_Mention], *, negotiable: bool) -> str:
    if not text.strip():
        return "没有写工资"
    for m in mentions:
        if m.broken:
            return m.broken
    if negotiable:
        return "工资面议，没有写数额"
    if mentions:
        return f"“{mentions[0].written}”没有写单位，不能确定是不是工资、按什么算"
    if words.POLICY.search(s):
        return "只说按什么政策或标准执行，没有写工资数额"
    if words.BENEFITS.search(s):
        return "只写了福利待遇，没有写工资数额"
    return "没有找到工资数额"


_SHOWN_UNIT = {"month": "月", "week": "周", "day": "天", "hour": "小时", "piece": "件", "year": "年"}


def show_wage(wage: Wage) -> str:
    """A short Chinese form for a card: 6000-8000元/月, 22元/小时起, 面议; the advert's own words when nothing was read.

    Only what the advert says is shown, never the converted yuan a month (D-15).
    """
    if wage.min is None and wage.max is None:
        if wage.negotiable:
            return "面议"
        if wage.unit == "piece":
            return "计件"
        return wage.text.strip()[:20] or "工资未写"
    unit = f"元/{wage.piece_word or _SHOWN_UNIT[wage.unit]}" if wage.unit else "元"
    if wage.max is None:
        shown = f"{wage.min:g}{unit}起" if isinstance(wage.min, float) else f"{wage.min}{unit}起"
    elif wage.min is None:
        shown = f"不超过{wage.max}{unit}"
    elif wage.min == wage.max:
        shown = f"{wage.min}{unit}"
    else:
        shown = f"{wage.min}-{wage.max}{unit}"
    return f"{shown}·{wage.months_per_year}薪" if wage.months_per_year else shown
