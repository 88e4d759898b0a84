"""Pay that is too low for the place, or so high that it is bait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from matching.rules.minimum_wage import last_known
from service import clock
from service.jobs.advert import Advert
from service.jobs.findings import Finding
from service.jobs.rules import Rule, found_by

ONE_DAY = timedelta(days=1)
_UNITS = {"hour": "小时", "day": "天", "month": "月", "year": "年"}


@dataclass(frozen=True, slots=True)
class UsualWage:
    """What a trade is paid in a place: the median of the pool in yuan a month, from how many adverts of how many employers."""

    median_yuan_month: int
    jobs: int
    employers: int
    place: str
    on: date


def below_minimum(fields: dict[str, Any], now: datetime) -> list[Finding]:
    """Pay below the local minimum wage. Only by the month or the hour, as the standards are written; it warns and never blocks,
    since no standard was read in its own text (rows of matching/rules/data/minimum_wages.csv)."""
    unit, lowest = fields["wage_unit"], fields["wage_min"]
    if lowest is None or unit not in {"month", "hour"} or not fields["region_code"]:
        return []
    if unit == "month" and fields["contract_kind"] in {"part_time", "internship"}:
        return []
    row = last_known(fields["region_code"], now.astimezone(clock.BEIJING).date())
    least = None if row is None else row.month_yuan if unit == "month" else row.hour_yuan
    if row is None or least is None or lowest >= least:
        return []
    kind = "每月" if unit == "month" else "每小时"
    known = f"{row.rule.effective_from.year} 年{row.class_name}区域{kind} {least:g} 元"
    advice = f"工资低于当地最低工资标准（我们记录的是{known}），请以当地人社部门公布的为准。"
    rule = row.rule
    return [Finding(rule.rule_id, "wage", fields["wage_text"], advice, "warn", rule.text, rule.source, rule.verified)]


def day_below(rule: Rule, advert: Advert, fields: dict[str, Any], now: datetime) -> Finding | None:
    """Pay by the day below the local minimum: of an hour times the hours said, else of a month by its paid days. A gig that says
    no hours may be shorter than a day: its own time counts where that asks for less."""
    lowest = fields["wage_min"]
    if lowest is None or fields["wage_unit"] != "day" or not fields["region_code"]:
        return None
    row = last_known(fields["region_code"], now.astimezone(clock.BEIJING).date())
    if row is None or row.month_yuan is None:
        return None
    hours = fields["hours_per_day"]
    of_month = row.month_yuan / rule.limits["paid_days"]
    least, how = of_month, f"每月 {row.month_yuan} 元 ÷ {rule.limits['paid_days']:g} 天"
    if row.hour_yuan is not None:
        if hours is None and advert.gig is not None and advert.gig.ends_at - advert.gig.starts_at <= ONE_DAY:
            span = (advert.gig.ends_at - advert.gig.starts_at) / timedelta(hours=1)
            hours = span if span * row.hour_yuan < of_month else None
        if hours is not None:
            least, how = row.hour_yuan * hours, f"每小时 {row.hour_yuan:g} 元 × {hours:g} 小时"
    if lowest >= least:
        return None
    known = f"我们记录的是 {row.rule.effective_from.year} 年{row.class_name}区域{how}，约 {least:.0f} 元"
    return found_by(rule, fields["wage_text"], least=known)


def far_above(rule: Rule, fields: dict[str, Any], usual: UsualWage | None) -> Finding | None:
    """Whether even the lowest pay said is ``rule.factor`` times what the trade is paid around there. Without enough adverts to
    compare with there is no verdict."""
    offered = fields["wage_min_yuan_month"] or fields["wage_max_yuan_month"]
    if usual is None or offered is None or offered < rule.factor * usual.median_yuan_month:
        return None
    compared = f"{usual.place}同工种 {usual.jobs} 个岗位的中位数约 {usual.median_yuan_month} 元/月"
    advice = f"{rule.advice.removesuffix('。')}（{compared}，统计到 {usual.on.isoformat()}）。"
    return Finding(rule.rule, "wage", fields["wage_text"], advice, rule.effect, rule.article, rule.source, rule.verified)


def above_ceiling(rule: Rule, fields: dict[str, Any]) -> Finding | None:
    """Whether the highest pay said is more than anybody is paid by that unit of time: needs no adverts to compare with."""
    unit, offered = fields["wage_unit"], fields["wage_max"] or fields["wage_min"]
    ceiling = rule.limits.get(unit or "")
    if ceiling is None or offered is None or offered <= ceiling:
        return None
    return found_by(rule, fields["wage_text"], ceiling=f"每{_UNITS[unit]} {ceiling:.0f} 元")
