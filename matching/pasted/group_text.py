"""The way back: a job as a short text for a chat group, in lines that `parse_message` reads the same.

Plain labels and no faces: it has to survive copying, be read aloud, and fit on one screen of a small phone.
"""

from __future__ import annotations

from dataclasses import dataclass

from matching.pasted.kinds import SETTLEMENTS, SHIFTS
from matching.rules.benefits import TAGS, read_tags

_SHIFT_WORDS = {"day": "长白班", "night": "夜班", "rotating": "两班倒", "flexible": "时间灵活"}
_SETTLEMENT_WORDS = {"day": "日结", "week": "周结", "month": "月结", "job": "完工结"}
MOST_TEXT = 300
"""Characters of a whole text: what is longer is folded away in a chat and not read."""
_MEASURES = ((60, 80, 60, 8), (20, 80, 60, 8), (20, 50, 40, 8), (16, 40, 40, 5), (12, 30, 24, 3), (12, 26, 16, 0), (6, 20, 10, 0))
"""Most characters of a name, the place, title and pay, and most benefits: the first that fits is taken, names give way first."""
Bounds = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class GroupJob:
    """What a group is told. Ages in full years, None = open; `wage`, `begins`, `place` as they are to be read.

    `look`: where more is to be found, always the last line; `phone`: "" for none. `label`: 演示 and the like, which must not get
    lost on the way.
    """

    title: str
    wage: str
    place: str
    look: str
    headcount: int | None = None
    age: Bounds = (None, None)
    men: Bounds | None = None
    women: Bounds | None = None
    employer: str = ""
    tags: tuple[str, ...] = ()
    shift: str | None = None
    settlement: str | None = None
    begins: str = ""
    phone: str = ""
    label: str = ""
    source: str = ""


def group_text(job: GroupJob) -> str:
    """The lines, what is not known left out.

    >>> print(group_text(GroupJob("普工", "5000-6000元/月", "赣州市章贡区", "岗位编号 7", headcount=3, age=(18, 45))))
    招聘：普工 3名
    工资：5000-6000元/月
    年龄：18-45岁
    地点：赣州市章贡区
    岗位编号 7
    """
    text = ""
    for names, place, words, benefits in _MEASURES:
        text = _text(job, names, place, words, benefits)
        if len(text) <= MOST_TEXT:
            return text
    # a link that is as long as all the rest may be: it is what the text is for, and half of it leads nowhere
    return text[: max(0, MOST_TEXT - len(job.look) - 1)].rpartition("\n")[0] + f"\n{job.look}"


def _text(job: GroupJob, names: int, place: int, words: int, most_benefits: int) -> str:
    said_elsewhere = {*SHIFTS, *SETTLEMENTS}
    benefits = "、".join([_as_read(tag) for tag in job.tags if tag not in said_elsewhere][:most_benefits])
    rotating = next((tag for tag in job.tags if job.shift == "rotating" and SHIFTS.get(tag) == "rotating"), "")
    shift = rotating or _SHIFT_WORDS.get(job.shift or "", "")
    paid = _SETTLEMENT_WORDS.get(job.settlement or "", "")
    rows = (
        ("", job.label and f"〔{_cut(job.label, names)}〕"),
        ("招聘", _cut(job.title, words) + (f" {job.headcount}名" if job.headcount else "")),
        ("单位", _cut(job.employer, names)),
        ("工资", "，".join(part for part in (_cut(job.wage, words), paid) if part)),
        ("年龄", _ages(job)),
        ("地点", _cut(job.place, place)),
        ("时间", job.begins),
        ("班次", shift),
        ("福利", benefits),
        ("电话", job.phone),
        ("来源", _cut(job.source, names)),
        ("", job.look),
    )
    return "\n".join(f"{name}：{said}" if name else said for name, said in rows if said)


def _cut(said: str, most: int) -> str:
    """One line of at most so many characters: a line break in a name would begin another job."""
    said = " ".join(said.split())
    return said if len(said) <= most else said[: most - 1] + "…"


def _as_read(tag: str) -> str:
    """A word that is read as this tag alone: 可预支 for 预支."""
    return tag if read_tags(tag) == (tag,) else next((word for word in TAGS.get(tag, ()) if read_tags(word) == (tag,)), tag)


def _ages(job: GroupJob) -> str:
    if job.men is not None and job.women is not None:
        return "，".join(part for part in (_bounds(job.men, "男"), _bounds(job.women, "女")) if part)
    return _bounds(job.age, "")


def _bounds(bounds: Bounds, whose: str) -> str:
    low, high = bounds
    if low is not None and high is not None:
        return f"{whose}{low}-{high}岁"
    if high is not None:
        return f"{whose}{high}岁以下"
    return f"{whose}{low}岁以上" if low is not None else ""
