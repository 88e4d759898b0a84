"""A job written for a group and read again is the same job, and no text for a group is longer than one is read."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from matching.classify import classify
from matching.pasted import GroupJob, group_text, parse_message
from matching.pasted.group_text import MOST_TEXT
from matching.pasted.kinds import SETTLEMENTS, SHIFTS
from matching.rules import region
from matching.rules.benefits import TAGS
from matching.rules.wage import parse_wage
from tests.matching.pasted.cases import TODAY

TITLES = [
    "普工", "焊工", "叉车司机", "保安", "保洁员", "服务员", "厨师", "洗碗工", "缝纫工", "快递员", "搬运工", "电工", "木工",
    "月嫂", "家政服务员", "收银员", "营业员", "注塑工", "质检员", "包装工", "仓管员", "挖掘机司机", "泥瓦工", "钢筋工", "饲养员",
    "采摘工", "骑手", "货车司机", "文员", "客房服务员",
]  # fmt: skip
BENEFITS = [tag for tag in TAGS if tag not in SHIFTS and tag not in SETTLEMENTS]


def _jobs(count: int, seed: int) -> list[tuple[GroupJob, str, str]]:
    """Jobs with their division and the rest of the address."""
    chance = random.Random(seed)
    places = [
        place for code in ("360700", "360100", "441900", "440300") for place in (region.get(code), *region.descendants(code))
    ]
    made = []
    for number in range(count):
        low = chance.randrange(3000, 9000, 500)
        place = chance.choice(places)
        rest = chance.choice(["", "沙河工业园", "和谐大道18号", "中心小学对面"])
        sexes = chance.random() < 0.15
        job = GroupJob(
            title=chance.choice(TITLES),
            wage=chance.choice(
                [
                    f"{low}-{low + 1500}元/月",
                    f"{low}元/月",
                    f"{chance.randrange(12, 35)}元/小时",
                    f"{chance.randrange(120, 400, 10)}元/天",
                    f"{low}元以上/月",
                    "面议",
                ]
            ),
            place=place.full_name + rest,
            look=f"岗位编号 {number}，详情和报名：https://example.com/v1/jobs/{number}",
            headcount=chance.choice([None, 1, 2, 10, 35, 200]),
            age=(18, 55) if sexes else chance.choice([(18, 45), (None, 55), (18, None), (None, None), (20, 60)]),
            men=(18, 55) if sexes else None,
            women=(18, 50) if sexes else None,
            employer=chance.choice(["", "演示电子厂", "演示物业公司"]),
            tags=tuple(chance.sample(BENEFITS, chance.randrange(6))),
            shift=chance.choice([None, "day", "night", "rotating", "flexible"]),
            settlement=chance.choice([None, "day", "week", "month", "job"]),
            phone=chance.choice(["", "13800000001"]),
            label=chance.choice(["", "演示"]),
        )
        made.append((job, place.code, rest))
    return made


def test_two_hundred_jobs_are_read_back_the_same() -> None:
    for job, code, rest in _jobs(200, seed=7):
        text = group_text(job)
        assert len(text) <= MOST_TEXT, text
        (draft,) = parse_message(text, TODAY)
        wage = parse_wage(job.wage)
        assert draft.wage is not None, text
        assert (draft.wage.min, draft.wage.max, draft.wage.unit) == (wage.min, wage.max, wage.unit), text
        assert draft.wage.negotiable == wage.negotiable, text
        assert (draft.title, draft.trade, draft.headcount) == (job.title, classify(job.title).code, job.headcount), text
        assert ((draft.age.min, draft.age.max) if draft.age else (None, None)) == job.age, text
        assert (draft.region, draft.address or "") == (code, rest), text
        assert draft.employer == job.employer, text
        assert set(draft.benefits) == set(job.tags), text
        assert (draft.shift, draft.settlement, draft.contact_phone or "") == (job.shift, job.settlement, job.phone), text


@pytest.mark.parametrize("name", ["title", "wage", "place", "employer", "source", "label", "all"])
def test_no_text_is_longer_than_one_is_read(name: str) -> None:
    job, code, _ = _jobs(1, seed=3)[0]
    job = replace(job, tags=tuple(BENEFITS), headcount=12, source="演示来源", wage="5000-6000元/月")
    names = ("title", "wage", "place", "employer", "source", "label") if name == "all" else (name,)
    job = replace(job, **{one: (getattr(job, one) + "很长\n的话" * 200) for one in names})
    text = group_text(job)
    assert len(text) <= MOST_TEXT
    assert text.splitlines()[-1] == job.look, "where to look is never cut"
    drafts = parse_message(text, TODAY)
    assert len(drafts) == 1, "a line break in a name begins no other job"
    assert drafts[0].region == code
    assert drafts[0].headcount == 12
    assert "演示" in text


def test_a_link_as_long_as_the_text_keeps_its_end() -> None:
    job = replace(_jobs(1, seed=3)[0][0], look="https://example.com/" + "a" * 220)
    text = group_text(job)
    assert len(text) <= MOST_TEXT
    assert text.endswith("a" * 220)
    assert text.startswith(("招聘：", "〔"))
