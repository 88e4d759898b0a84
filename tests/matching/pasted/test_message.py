"""What every draft keeps to, whatever the message: places that are true, phones in their field only, nothing invented."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.pasted import MOST_CHARS, GroupJob, group_text, parse_message
from matching.pasted.letters import plain
from matching.rules import trade
from tests.matching.pasted.cases import FILES, TODAY, cases

MESSAGES = [case for which in FILES for case in cases(which)]
_ISSUE = "急招！章贡区某电子厂普工10名，18-48岁，长白班，包吃住，6000-7500，明天面试，电话13800000001"
_LONG_NUMBER = re.compile(r"\d{7,}|1[38]\d[- ]?\d{4}[- ]?\d{4}")


def test_every_field_and_where_it_was_read() -> None:
    draft = parse_message(_ISSUE, TODAY)[0]
    said = {name: [_ISSUE[start:end] for start, end in spans] for name, spans in draft.spans.items()}
    assert said["headcount"] == ["10名"]
    assert said["age_min"] == said["age_max"] == ["18-48"]
    assert said["wage"] == ["6000-7500"]
    assert said["region"] == ["章贡区"]
    assert said["benefits"] == ["包吃住"]
    assert said["shift"] == ["长白班"]
    assert said["contact_phone"] == ["13800000001"]
    assert draft.start is None, "the day of the interview is not the day of the work"
    shown = draft.shown()
    assert (shown["age_min"], shown["age_max"], shown["headcount"]) == (18, 48, 10)
    assert (shown["wage"]["min"], shown["wage"]["max"], shown["wage"]["unit"]) == (6000, 7500, "month")
    assert shown["benefits"] == ["包吃", "包住"]


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: case.name)
def test_places_lie_in_the_message_and_phones_only_in_their_field(case: object) -> None:
    message = case.message  # type: ignore[attr-defined]
    for draft in parse_message(message, TODAY):
        for name, spans in draft.spans.items():
            assert spans, name
            assert all(0 <= start < end <= len(message) for start, end in spans), name
        for text in (draft.title, draft.text, draft.address or ""):
            assert not _LONG_NUMBER.search(text), text
            assert "demo" not in text, "an account is a contact too"
        filled = {name for name, value in draft.shown().items() if value not in (None, [], {}) and name != "spans"}
        assert filled == set(draft.shown()["spans"]), "a field without a place, or a place without a field"


def test_letters_know_where_they_stood() -> None:
    message = "急 招 洗 碗 工 2 名👨‍🍳月薪３０００，1️⃣包住[玫瑰]樓面"
    letters = plain(message)
    assert letters.text.startswith("急招洗碗工2名")
    assert "月薪3000" in letters.text
    assert "楼面" in letters.text
    assert "玫瑰" not in letters.text
    at = letters.text.index("3000")
    start, end = letters.span(at, at + 4)
    assert message[start:end] == "３０００"


def test_what_several_jobs_share() -> None:
    message = "大冶某厂招工\n1、焊工5名，6000-9000\n2、保安2名，3000，55岁以下\n以上包吃住\n地址：大冶市灵成工业园\n13800000104"
    welder, guard = parse_message(message, TODAY)
    assert [welder.title, guard.title] == ["焊工", "保安"]
    assert welder.region == guard.region == "420281000000"
    assert welder.contact_phone == guard.contact_phone == "13800000104"
    assert welder.benefits == guard.benefits == ("包吃", "包住")
    assert welder.age is None
    assert guard.age is not None
    assert (welder.wage and welder.wage.max, guard.wage and guard.wage.max) == (9000, 3000)
    assert "保安" not in welder.text


def test_an_ambiguous_place_is_settled_by_who_pastes() -> None:
    message = "鼓楼区饭店招服务员2名，4000，13800000001"
    anywhere = parse_message(message)[0]
    assert anywhere.region is None
    assert len(anywhere.region_open) > 1
    assert parse_message(message, home="320100000000")[0].region == "320106000000"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "   \n\n",
        "大家早上好",
        "本人女40岁，想找个做饭的活",
        "求职：电焊工，有证，13800000001",
        "出售二手叉车一台，13800000001",
        "😀😀😀",
        "13800000001",
    ],
)
def test_no_job(message: str) -> None:
    assert parse_message(message, TODAY) == []


def test_without_today_days_stay_words() -> None:
    assert parse_message("明天上班，招搬运工3名，200一天")[0].start == "明天"
    assert parse_message("明天上班，招搬运工3名，200一天", date(2026, 12, 31))[0].start == "2027-01-01"


def test_a_long_text_is_read_to_its_bound() -> None:
    assert len(parse_message("招普工1名，5000元/月\n" * 2000)) <= 60
    assert parse_message("好" * MOST_CHARS + "招普工1名") == []


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        alphabet="招聘普工焊保安名人岁元月天包吃住地址电话章贡区 ，。\n、：（）1️⃣①0123456789-~～—💰📞\ud83d一二十年男女",
        max_size=80,
    )
)
def test_no_text_is_too_odd(text: str) -> None:
    for draft in parse_message(text, TODAY):
        assert draft.title
        assert all(0 <= start < end <= len(text) for spans in draft.spans.values() for start, end in spans)


def test_the_way_back_is_read_the_same() -> None:
    text = group_text(
        GroupJob(
            title="普工", wage="5000-7000元/月", place="江西省赣州市章贡区沙河工业园", look="岗位编号 7", headcount=20,
            age=(18, 45), employer="演示电子厂", tags=("包吃", "包住", "五险", "两班倒"), shift="rotating", settlement="month",
            phone="13800000001",
        )
    )  # fmt: skip
    assert len(text.splitlines()) <= 12
    drafts = parse_message(text, TODAY)
    assert len(drafts) == 1
    draft = drafts[0]
    assert (draft.title, draft.headcount, draft.region, draft.address) == ("普工", 20, "360702000000", "沙河工业园")
    assert draft.wage is not None
    assert (draft.wage.min, draft.wage.max, draft.wage.unit) == (5000, 7000, "month")
    assert draft.age is not None
    assert (draft.age.min, draft.age.max) == (18, 45)
    assert (draft.shift, draft.settlement, draft.contact_phone) == ("rotating", "month", "13800000001")
    assert draft.benefits == ("包吃", "包住", "五险")


def test_the_way_back_says_only_what_is_known() -> None:
    assert group_text(GroupJob("搬运工", "200元/天", "", "岗位编号 8")) == "招聘：搬运工\n工资：200元/天\n岗位编号 8"
    both = group_text(GroupJob("保安", "面议", "", "x", age=(18, 60), men=(18, 60), women=(18, None), label="演示"))
    assert both.startswith("〔演示〕\n")
    assert "年龄：男18-60岁，女18岁以上" in both


@pytest.mark.parametrize(
    ("message", "each"),
    [
        ("找一对夫妻看果园，两个人一共9000一个月，包吃住", 4500),
        ("夫妻工一对，两人9000元/月，包住", 4500),
        ("找一对夫妻看果园，包住，一个月6000（两个人）", 3000),
        ("夫妻合计1万，饲养员一对", 5000),
        ("夫妻工1对，每人5000，包吃住", 5000),
        ("招保安2人，5000元/月，夫妻优先，有夫妻房", 5000),
        ("招业务员2名，工资一共6000元/月，一对一培训", 6000),
    ],
)
def test_pay_of_a_couple_together_is_half_for_each(message: str, each: int) -> None:
    (draft,) = parse_message(message, TODAY)
    assert draft.headcount == 2
    assert draft.wage is not None
    assert (draft.wage.min, draft.wage.max, draft.wage.unit, draft.wage.min_yuan_month) == (each, each, "month", each)


@pytest.mark.parametrize(
    ("message", "heads"),
    [
        ("保安 白班3200 夜班3500 各2名 60岁以下", [4]),
        ("招分拣员白班夜班各5名，150一天", [10]),
        ("招分拣员白班、夜班轮流，共5名，150一天", [5]),
        ("招服务员、传菜员各2名，白班，3500", [2, 2]),
    ],
)
def test_a_count_for_each_of_two_shifts(message: str, heads: list[int]) -> None:
    assert [draft.headcount for draft in parse_message(message, TODAY)] == heads


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        ("包吃一餐", ("工作餐",)),
        ("包吃两餐，包住", ("包住", "工作餐")),
        ("管吃午饭", ("工作餐",)),
        ("包吃住", ("包吃", "包住")),
        ("包吃，管一餐夜宵", ("包吃", "工作餐")),
    ],
)
def test_one_meal_is_no_board(said: str, tags: tuple[str, ...]) -> None:
    (draft,) = parse_message(f"招小工3名，200一天，{said}", TODAY)
    assert draft.benefits == tags
    assert draft.spans["benefits"]


def test_an_age_that_is_only_about_sets_no_limit() -> None:
    assert parse_message("招保洁1名，45岁左右，章贡区")[0].age is None
    said = parse_message("招保洁1名，50岁以下，章贡区")[0].age
    assert said is not None
    assert said.max == 50


@pytest.mark.parametrize(
    ("message", "low", "high", "unit"),
    [
        ("招小工2个230，章贡区", 230, 230, "day"),
        ("招月嫂：一级5800、二级6800、金牌9800", 5800, 9800, "month"),
        ("招人串珠，做一串3毛5", 0.35, 0.35, "piece"),
        ("招送水工1名，一桶提2块，一个月五六千", 5000, 6000, "month"),
        ("找人刮腻子，按平方8块", 8, 8, "piece"),
    ],
)
def test_pay_in_free_talk(message: str, low: float, high: float, unit: str) -> None:
    wage = parse_message(message)[0].wage
    assert wage is not None
    assert (wage.min, wage.max, wage.unit) == (low, high, unit)


def test_work_said_as_an_action_is_a_trade() -> None:
    for message, word in (
        ("家里带两个小孩，4500一个月，找阿姨", "育儿嫂"),
        ("南康别墅贴外墙砖，要4个师傅，点工380", "贴砖工"),
        ("招人照顾半自理奶奶，6000", "养老护理员"),
    ):
        known = trade.lookup(word)
        assert known is not None
        assert [draft.trade for draft in parse_message(message)] == [known.code], message
