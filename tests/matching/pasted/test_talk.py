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
        "我想找份工作，会电焊",
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
        ("五十五岁一下", "五十五岁以下"),
        ("等一下再说", "等一下再说"),
        ("55随以下", "55岁以下"),
        ("随时来", "随时来"),
        ("男的一白六", "男的一百六"),
        ("底心四千", "底薪四千"),
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
        ("男的一百六女的一百二一天", 120, 160, "day"),
        ("墙砖一平方38，地砖32", 32, 38, "piece"),
        ("男45以下3500，女40以下3200", 3200, 3500, "month"),
        ("两车总共八百", 800, 800, "piece"),
        ("五毛钱一串", 0.5, 0.5, "piece"),
        ("九千五到一万一十一月三十号上班", 9500, 11000, "month"),
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
        ("吃的我们管", {"包吃"}),
        ("报销来厂车费", {"报销路费"}),
        ("当天上班当天拿钱", set()),
        ("早饭中饭都在食堂吃", {"工作餐"}),
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
        ("一对一护工招人，5000", None),
        ("送外卖的要二十个月入7k到9k", 20),
        ("理货员，收银员，各要三个，三千", 3),
        ("招打钉子的师傅，一天打一百个，三千", None),
        ("招做饭阿姨，三十个人的饭，3500", None),
        ("找个手脚利索的切菜，三千", 1),
    ],
)
def test_counts(message: str, heads: int | None) -> None:
    assert parse_message(message, TODAY)[0].headcount == heads


@pytest.mark.parametrize(
    ("message", "jobs"),
    [
        (
            "招保安\n章贡区水南镇\n形象岗 18-35岁 4200\n普通岗 3300\n监控岗 持消防证 3500",
            [("形象岗", 4200), ("普通岗", 3300), ("监控岗", 3500)],
        ),
        (
            "招护工 章贡区\n一对一护工：220元/天\n病区护工：5800元/月\n食堂阿姨1名：3500元/月",
            [("一对一护工", 220), ("病区护工", 5800), ("食堂阿姨", 3500)],
        ),
        ("余姚泗门镇\n夜班质检 23元/小时\n白班质检 21元/小时\n18-45岁", [("夜班质检", 23), ("白班质检", 21)]),
        (
            "招家政\n住家保姆：6000\n不住家保姆：4500\n钟点工：30元/小时",
            [("住家保姆", 6000), ("不住家保姆", 4500), ("钟点工", 30)],
        ),
        ("招焊工，二保焊的六个一天三百八，氩弧焊的两个四百二，管住", [("二保焊", 380), ("氩弧焊", 420)]),
        ("白班普工 200元/天\n夜班普工 230元/天\n流水线打螺丝，18-45岁", [("白班普工", 200), ("夜班普工", 230)]),
        ("钣金、喷漆各1名 7500-10000\n学徒2名 2500", [("钣金", 7500), ("喷漆", 7500), ("学徒", 2500)]),
        ("[普工]日薪180-220；[叉车工]6500-7500；[仓管]5000。包吃住", [("普工", 180), ("叉车工", 6500), ("仓管", 5000)]),
        ("招工：1.普工 20元/小时 2.质检 月薪4500 3.搬运工 6000", [("普工", 20), ("质检", 4500), ("搬运工", 6000)]),
        ("岗位一：普工\n薪资：6000-7500\n岗位二：焊工\n薪资：9000", [("普工", 6000), ("焊工", 9000)]),
        ("想找个洗碗打杂的，再找个煮面师傅。洗碗的一个月2800，师傅5000起", [("洗碗", 2800), ("煮面师傅", 5000)]),
        ("客房阿姨三个三千五，传菜两个三千二，还有个洗碗的三千", [("客房阿姨", 3500), ("传菜", 3200), ("洗碗的", 3000)]),
        ("招机修钳工，7000\n熟悉注塑机、冲床维修", [("机修钳工", 7000)]),
        ("房子要刷漆，找两个外墙漆师傅，三百一天", [("外墙漆师傅", 300)]),
    ],
)
def test_which_are_the_jobs(message: str, jobs: list[tuple[str, int]]) -> None:
    assert [(draft.title, draft.wage and draft.wage.min) for draft in parse_message(message, TODAY)] == jobs
