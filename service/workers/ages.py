"""Ages of a person of whom only the month of birth is known, computed on the day they are used and never stored.

The person may have been born on the last day of the month, and nobody may be taken for 16 or 18 too early: so the birthday
counts as the first day of the month after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast

from matching.rules import age as age_rules
from service import clock
from service.errors import Forbidden, Invalid
from service.workers.choices import help_lines
from service.workers.models import Worker


@dataclass(frozen=True, slots=True)
class Ages:
    """What follows from a month of birth on a day. ``brackets``: older, young (they open doors and close none);
    ``over_age``: no, maybe, yes, with ``note`` in words."""

    age: int | None
    protected: bool
    brackets: tuple[str, ...]
    over_age: str
    note: str


UNKNOWN = Ages(None, protected=False, brackets=(), over_age="no", note="")


def day_of(now: datetime) -> date:
    """The day in China."""
    return now.astimezone(clock.BEIJING).date()


def sure_birthday(birth_month: date) -> date:
    """The day from which the years are complete whatever day of the month it was."""
    return date(birth_month.year + birth_month.month // 12, birth_month.month % 12 + 1, 1)


def age_on(day: date, birth_month: date) -> int:
    """Whole years that somebody born in a month has for sure on a day."""
    return day.year - birth_month.year - (day.month <= birth_month.month)


def ages(row: Worker, now: datetime) -> Ages:
    """All of it for a worker at ``now``, by the settings of the worker's area."""
    born, day = row.birth_month, day_of(now)
    if born is None or sure_birthday(born) > day:
        return UNKNOWN
    birthday = sure_birthday(born)
    sex = cast("age_rules.Sex | None", row.sex)
    track = cast("Literal[50, 55] | None", row.female_track)
    over = age_rules.over_age(birthday, sex, day, track)
    state = age_rules.working_age(birthday, day)
    groups = age_rules.brackets(birthday, sex, day, row.region_code or None)
    return Ages(
        age=age_rules.age_on(birthday, day),
        protected=state is age_rules.WorkingAge.PROTECTED,
        brackets=tuple(sorted(groups)),
        over_age=over.state,
        note=over.note,
    )


def minor_age(birth_month: date | None, now: datetime) -> int | None:
    """The age of somebody of 16 or 17, for whom some work is closed (未成年工特殊保护规定 art. 2, 3); None for everybody else."""
    if birth_month is None:
        return None
    birthday, day = sure_birthday(birth_month), day_of(now)
    if birthday > day or age_rules.working_age(birthday, day) is not age_rules.WorkingAge.PROTECTED:
        return None
    return age_on(day, birth_month)


def refuse_minors(birth_month: date | None, now: datetime) -> None:
    """Raises Forbidden for somebody of 16 or 17. Who offers or passes on work that is closed to them asks it first."""
    if minor_age(birth_month, now) is not None:
        raise Forbidden(
            "minor_barred", "这个岗位的活不能安排未满 18 周岁的人（《未成年工特殊保护规定》第三条），请看看别的岗位。"
        )


def is_child(birth_month: date, now: datetime) -> bool:
    """Whether somebody is under the age of work on the day of ``now`` (禁止使用童工规定 art. 2, rows of minimum_age.csv)."""
    birthday, day = sure_birthday(birth_month), day_of(now)
    return birthday > day or age_rules.working_age(birthday, day) is age_rules.WorkingAge.CHILD


def refuse_children(birth_month: date, now: datetime) -> None:
    """Raises Invalid, with who can help, for somebody who may not be placed in work. Nothing of a child is kept."""
    if not is_child(birth_month, now):
        return
    lines = "；".join(f"{name} {phone}" for phone, name in help_lines())
    message = f"未满 16 周岁不能登记找工作（《禁止使用童工规定》第二条），您填的内容没有保存。需要帮助可以打：{lines}。"
    raise Invalid(
        "under_16",
        message,
        errors={"birth_month": [message]},
        details={"help": [{"phone": phone, "name": name} for phone, name in help_lines()]},
    )
