"""What the law and the local settings say about ages: the floor, protection, retirement, and the brackets 大龄 and 青年.

All figures are dated rows of `data/minimum_age.csv`, `statutory_retirement.csv`, `over_age.csv` and `age_brackets.csv`; nothing
here is a constant. Ages are always computed from the birth date at the date of use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal, NamedTuple

from matching.rules.dated import Row, Rule, rows

Sex = Literal["male", "female"]
FemaleTrack = Literal[50, 55]


class WorkingAge(StrEnum):
    """Under 16, 16 and 17, from 18 on (D-01, D-02)."""

    CHILD = "child"
    PROTECTED = "protected"
    ADULT = "adult"


class Bracket(StrEnum):
    """大龄 and 青年: groups that the policies ask to help. They steer inclusion and never shut anybody out (D-06)."""

    OLDER = "older"
    YOUNG = "young"


class YearsMonths(NamedTuple):
    """An age in full years and months."""

    years: int
    months: int


@dataclass(frozen=True, slots=True)
class StatutoryAge:
    """A statutory retirement age and the month it is reached (its first day).

    `about` is True for a woman whose track (50 or 55) is not known: then `age`, `month` are the earlier of the two
    possibilities and `latest_age`, `latest_month` the later; otherwise both pairs are equal.
    `rules`: the rows it was computed from.
    """

    age: YearsMonths
    month: date
    latest_age: YearsMonths
    latest_month: date
    about: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class OverAge:
    """Whether a person is past the statutory retirement age, as information: it bars nobody from applying or being hired (D-04).

    `state` is maybe when it depends on what was not said (sex, or a woman's track). `note`: one Chinese sentence for people,
    empty for no.
    """

    state: Literal["no", "maybe", "yes"]
    statutory: StatutoryAge | None
    rules: tuple[Rule, ...]
    note: str


def age_on(birth_date: date, on: date) -> int:
    """Full years (周岁) on a day; the year is completed on the birthday, for 29 February in a common year on 1 March.

    Raises ValueError when `on` lies before the birth. Source: ID card birth date; counting by 民法典 art. 1259, 1260.
    """
    if on < birth_date:
        raise ValueError("出生日期晚于计算日期")
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def working_age(birth_date: date, on: date) -> WorkingAge:
    """Child (may not be hired or introduced), protected 16-17, or adult.

    Source: 禁止使用童工规定 art. 2 and 劳动法 art. 15 (D-01); 劳动法 art. 58, 64 (D-02); rows of minimum_age.csv.
    """
    age = age_on(birth_date, on)
    for row in rows("minimum_age"):
        if row.rule.in_force(on) and (row.number("age_from") or 0) <= age < (row.number("age_below") or 0):
            return WorkingAge(row.fields["state"])
    return WorkingAge.ADULT


def working_age_rule(state: WorkingAge, on: date) -> Rule | None:
    """The row to quote for a child or a protected worker on a day; None for adults. Source: minimum_age.csv."""
    for row in rows("minimum_age"):
        if row.fields["state"] == state and row.rule.in_force(on):
            return row.rule
    return None


def brackets(birth_date: date, sex: Sex | None, on: date, area_code: str | None = None) -> frozenset[Bracket]:
    """The brackets a person is in on a day in an area (6, 9 or 12 digits of GB/T 2260; None = the default setting).

    The most local setting of each bracket counts (county, city, province, default). A person whose sex is not known is in
    a bracket only when both sexes would be. Source: age_brackets.csv (D-06); no national definition exists, so the default
    is unverified.
    """
    age = age_on(birth_date, on)
    return frozenset(b for b in Bracket if _in_bracket(_bracket_rows(b, on, area_code), age, sex))


def bracket_rules(bracket: Bracket, on: date, area_code: str | None = None) -> tuple[Rule, ...]:
    """The rows that `brackets` used for a bracket, to be quoted beside it. Source: age_brackets.csv (D-06)."""
    return tuple(row.rule for row in _bracket_rows(bracket, on, area_code))


def _bracket_rows(bracket: Bracket, on: date, area_code: str | None) -> list[Row]:
    in_force = [r for r in rows("age_brackets") if r.fields["bracket"] == bracket and r.rule.in_force(on)]
    for area in _areas(area_code):
        local = [r for r in in_force if r.fields["area_code"] == area]
        if local:
            return local
    return []


def _areas(area_code: str | None) -> list[str]:
    """12-digit codes from the place itself up to its province, then "" for the default."""
    if not area_code:
        return [""]
    full = area_code.ljust(12, "0")[:12]
    wider = [full] + [full[:n].ljust(12, "0") for n in (9, 6, 4, 2)]
    return [*dict.fromkeys(wider), ""]


def _in_bracket(settings: list[Row], age: int, sex: Sex | None) -> bool:
    def fits(wanted: str) -> bool:
        return any(
            r.fields["sex"] in (wanted, "any")
            and (r.number("age_min") or 0) <= age
            and ((top := r.number("age_max")) is None or age <= top)
            for r in settings
        )

    return fits(sex) if sex else fits("male") and fits("female")


def statutory_age(sex: Sex, birth_month: date, female_track: FemaleTrack | None = None) -> StatutoryAge:
    """The statutory retirement age of somebody born in a month (any day of it), and the month it is reached.

    Since 2025-01 the age moves up one month for every 4 (women of the former 50: every 2) months by which the old age is
    reached later. A woman's track, 50 (worker) or 55 (cadre), must be asked; without it the answer is a span marked
    `about`. Early or late retirement of up to three years by choice is not in it. Raises ValueError when no row fits.
    Source: decision of 2024-09-13 and 国务院办法 art. 1 (D-03); rows of statutory_retirement.csv.
    """
    if sex == "male":
        tracks: tuple[int, ...] = (60,)
    else:
        tracks = (female_track,) if female_track else (50, 55)
    results = [_on_track(birth_month, sex, track) for track in tracks]
    (first_age, first_month, _), (last_age, last_month, _) = results[0], results[-1]
    return StatutoryAge(first_age, first_month, last_age, last_month, len(results) > 1, tuple(r for _, _, r in results))


def _on_track(birth_month: date, sex: Sex, track: int) -> tuple[YearsMonths, date, Rule]:
    born = birth_month.year * 12 + birth_month.month - 1
    for row in rows("statutory_retirement"):
        if row.fields["sex"] != sex or row.number("track") != track:
            continue
        old_months = (row.number("old_age_years") or 0) * 12
        reached = born + old_months
        if not row.rule.in_force(_first_day(reached)):
            continue
        step, cap = row.number("step_months"), row.number("cap_months") or 0
        start = row.rule.effective_from.year * 12 + row.rule.effective_from.month - 1
        delay = min(cap, -(-(reached - start + 1) // step)) if step else 0
        return YearsMonths(*divmod(old_months + delay, 12)), _first_day(reached + delay), row.rule
    raise ValueError(f"没有适用的退休年龄规定：{birth_month:%Y-%m}")


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def over_age(birth_date: date, sex: Sex | None, on: date, female_track: FemaleTrack | None = None) -> OverAge:
    """Whether somebody has reached the statutory retirement age on a day, with the rows used. Information, never a bar.

    Source: D-03 for the age, 超龄劳动者基本权益保障暂行规定 for what then holds (D-04, secondary until its text is read).
    """
    sexes: tuple[Sex, ...] = (sex,) if sex else ("male", "female")
    found = [statutory_age(s, birth_date, female_track if s == "female" else None) for s in sexes]
    earliest = min(_reached(birth_date, f.month) for f in found)
    latest = max(_reached(birth_date, f.latest_month) for f in found)
    rules = tuple(rule for f in found for rule in f.rules)
    statutory = found[0] if len(found) == 1 else None
    if on < earliest:
        return OverAge("no", statutory, rules, "")
    rules += tuple(row.rule for row in rows("over_age") if row.rule.in_force(on))
    if on >= latest:
        return OverAge(
            "yes", statutory, rules, "已过法定退休年龄，可以工作：用人单位要签书面协议、报酬不低于当地最低工资、缴工伤保险。"
        )
    asked = "性别" if sex is None else "原退休年龄是50岁还是55岁"
    return OverAge("maybe", statutory, rules, f"可能已过法定退休年龄，要看{asked}；过了也可以工作。")


def _reached(birth_date: date, month: date) -> date:
    """The day of that month on which the age is complete: the birthday's day, or the last one where it has no such day."""
    for day in range(birth_date.day, 0, -1):
        try:
            return month.replace(day=day)
        except ValueError:
            continue
    return month
