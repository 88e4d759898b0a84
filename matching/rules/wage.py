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

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, cast

from matching.rules import wage_words as words
from matching.rules.numerals import plain
from matching.rules.wage_mentions import Mention, find_mentions, wage_mentions

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
    s = words.TEN_THOUSAND.sub("10000元", words.OVER_TEN_THOUSAND.sub(r"\1 10000以上", s))
    s = words.PER_SHIFT_BARE.sub(r"\1\2元/班", words.base_with_commission(words.without_other_numbers(s)))
    mentions = find_mentions(s, settlement)
    good = wage_mentions([m for m in mentions if m.broken is None and m.unit is not None])
    assumptions: list[str] = []
    low = high = None
    unit: Unit | None = None
    reason: str | None = None
    probation_only = all(words.PROBATION.search(m.before) for m in good) and words.REGULAR_NEGOTIABLE.search(s)
    if good and probation_only:
        good, reason = [], "只写了试用期工资，转正后的工资面议"
    elif good:
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
            return cast("Settlement", name)
    return None


def _number(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(round(value, 4))


def _bounds(found: list[Mention], assumptions: list[str]) -> tuple[Fraction | None, Fraction | None, Unit]:
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
    return low, high, cast("Unit", found[0].unit)


def _reason(text: str, s: str, mentions: list[Mention], *, negotiable: bool) -> str:
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
