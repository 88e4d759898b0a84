"""Ways of talking that the reader knows as ideas: who is wanted by what he does, slips, pay, lists in one breath, benefits."""

from __future__ import annotations

import pytest

from matching.pasted import parse_message
from matching.pasted.pay import read_wage
from matching.pasted.slips import righted
from matching.rules import trade
from matching.rules.benefits import read_tags
from tests.matching.pasted.cases import TODAY

_DOINGS = (
    "煮粉",
    "看园",
    "剥毛豆",
    "端茶",
    "搭架子",
    "搬砖",
    "拔草",
    "捞鱼",
    "卖鱼",
    "送水",
    "扫地",
    "串珠子",
    "砍竹子",
    "包包子",
    "采茶",
    "发传单",
)
_FRAMES = (
    ("要3个{}的，一天150，章贡区", 3),
    ("{}的要两个，三千，包住，章贡区", 2),
    ("缺个{}的师傅，四千，章贡区", 1),
    ("工厂招{}阿姨两名，3000，章贡区", 2),
)


@pytest.mark.parametrize("frame", _FRAMES)
@pytest.mark.parametrize("doing", _DOINGS)
def test_who_is_wanted_by_what_he_does(frame: tuple[str, int], doing: str) -> None:
    (draft,) = parse_message(frame[0].format(doing), TODAY)
    assert draft.trade is not None
    assert draft.headcount == frame[1]


@pytest.mark.parametrize(
    "message",
    [
        "要能吃苦的，章贡区",
        "转让奶茶店，月租三千，13800000001",
        "驾校招生，C1两千八包过，13800000001",
        "出租房两室一厅，八百一个月，章贡区",
        "夫妻两个找事做，会做饭会开车，要求四千以上",
    ],
)
def test_what_offers_no_work(message: str) -> None:
    assert parse_message(message, TODAY) == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("要保结两个", "要保洁两个"),
        ("招文园一名", "招文员一名"),
        ("招普公10名", "招普工10名"),
        ("急需洗晚工2名", "急需洗碗工2名"),
        ("招夫妻工一对", "招夫妻工一对"),
        ("招四级证的", "招四级证的"),
        ("招熟手", "招熟手"),
    ],
)
def test_words_that_sound_like_a_trade(typed: str, meant: str) -> None:
    assert righted(typed) == meant


@pytest.mark.parametrize(
    ("said", "low", "high", "unit"),
    [
        ("男的一百八女的一百四", 140, 180, "day"),
        ("码一万块砖一百五十块", 150, 150, "piece"),
        ("八十块半天一百五全天", 150, 150, "day"),
        ("会编程九千起，不会编程六千", 6000, None, "month"),
        ("做六休一两千三一月", 2300, 2300, "month"),
        ("180包中餐", 180, 180, "day"),
        ("十二个小时两百二", 220, 220, "day"),
        ("三百一场", 300, 300, "piece"),
        ("三千一包吃住", 3100, 3100, "month"),
        ("司机c1一个六千五", 6500, 6500, "month"),
        ("底薪一千五，一个月五千左右", 5000, 5000, "month"),
        ("一个袋子五分钱", 0.05, 0.05, "piece"),
        ("五到八千", 5000, 8000, "month"),
        ("一百二", 120, 120, "day"),
    ],
)
def test_pay(said: str, low: float, high: float | None, unit: str) -> None:
    wage = read_wage(said)
    assert (wage.min, wage.max, wage.unit) == (low, high, unit)


def test_a_subsidy_is_the_pay_only_where_nothing_else_is() -> None:
    wage = parse_message("护林员2名，补助900元/月，上犹县", TODAY)[0].wage
    assert wage is not None
    assert wage.min == 900
    wage = parse_message("护林员2名，工资2000元/月，交通补助300元/月，上犹县", TODAY)[0].wage
    assert wage is not None
    assert wage.min == 2000


def test_a_list_in_one_breath() -> None:
    message = "工地要钢筋工八个模板工十个都是三百八一天小工五个两百二在章贡区水西镇包住不包吃13800000001"
    drafts = parse_message(message, TODAY)
    assert [(draft.title, draft.headcount, draft.wage and draft.wage.min) for draft in drafts] == [
        ("钢筋工", 8, 380),
        ("模板工", 10, 380),
        ("小工", 5, 220),
    ]
    for draft in drafts:
        assert (draft.benefits, draft.contact_phone) == (("包住",), "13800000001")
        assert draft.region is not None


def test_a_list_of_makers() -> None:
    message = "今日在招\n➤昆山 电子厂 18-40岁 26元/小时 包住\n➤太仓 汽配厂 18-45岁 25元/小时 包吃住\n报名13800000001"
    first, second = parse_message(message, TODAY)
    assert first.wage is not None
    assert second.wage is not None
    assert (first.wage.min, second.wage.min) == (26, 25)
    assert first.benefits == ("包住",)
    assert first.trade is not None
    assert second.trade is not None


def test_a_shop_says_what_its_staff_does() -> None:
    known = trade.lookup("奶茶店员")
    assert known is not None
    (draft,) = parse_message("奶茶店招人\n兼职店员3名：14元/小时", TODAY)
    assert draft.trade == known.code


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        ("吃住都在我家", {"包吃", "包住"}),
        ("食宿公司全包", {"包吃", "包住"}),
        ("吃住自理", set()),
        ("包住不包吃", {"包住"}),
        ("有工棚睡", {"包住"}),
        ("没有住的地方", set()),
        ("家住附近优先", set()),
        ("饭我管", {"包吃"}),
        ("午餐公司出", {"工作餐"}),
        ("中饭自带", set()),
        ("加班费另算", {"加班费"}),
        ("社保自己交", set()),
        ("按双算", {"计件"}),
        ("按平方算", set()),
        ("饭店管理专业", set()),
        ("有空调宿舍", {"包住"}),
        ("周末不用来", {"双休"}),
    ],
)
def test_benefits(said: str, tags: set[str]) -> None:
    assert set(read_tags(said)) == tags


@pytest.mark.parametrize(
    ("message", "heads"),
    [
        ("要十来号人搬砖，两百一天", 10),
        ("急需木工x5，400一天", 5),
        ("招3保安，3000", 3),
        ("包装工男3女5，4000", 8),
        ("要保洁两个白班，2300", 2),
        ("招做饭阿姨，三十个人的饭，3500", None),
        ("找个手脚利索的切菜，三千", 1),
    ],
)
def test_counts(message: str, heads: int | None) -> None:
    assert parse_message(message, TODAY)[0].headcount == heads
