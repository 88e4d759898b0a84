"""Benefits as tags: what is promised is found, what is denied is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching.rules import benefits
from matching.rules.benefits import TAGS, read_tags


@pytest.mark.parametrize(
    ("text", "there", "absent"),
    [
        ("包吃住", {"包吃", "包住"}, set()),
        ("包吃不包住", {"包吃"}, {"包住"}),
        ("不包吃住", set(), {"包吃", "包住"}),
        ("吃住自理", set(), {"包吃", "包住"}),
        ("包吃，住宿自理", {"包吃"}, {"包住"}),
        ("不提供住宿，有餐补", {"餐补"}, {"包住"}),
        ("五险一金，做六休一", {"五险", "公积金", "单休"}, {"双休"}),
        ("不交社保", set(), {"五险"}),
        ("无社保", set(), {"五险"}),
        ("日结230", {"日结"}, {"周结", "月结"}),
        ("长白班，不上夜班", {"长白班"}, {"夜班"}),
        ("不倒班，没有夜班", set(), {"夜班"}),
        ("夫妻房，夫妻工优先", {"夫妻房", "夫妻工"}, set()),
        ("无需经验，学历不限", {"无经验可", "学历不限"}, set()),
        ("不穿无尘服，空调车间", {"空调车间"}, {"无尘车间"}),
        ("厂车接送，报销路费", {"班车", "报销路费"}, set()),
        ("没有年终奖", set(), {"年终奖"}),
        ("果品厂车间招普工", set(), {"班车"}),
        ("开厂车的司机，接送领导", set(), {"班车"}),
        ("住家保姆，接送孩子", set(), {"班车"}),
        ("早晚班轮换", {"两班倒"}, {"夜班", "长白班"}),
        ("白班夜班两周一换", {"两班倒"}, {"夜班", "长白班"}),
        ("白夜班", {"两班倒"}, {"夜班", "长白班"}),
        ("长白班/夜班可选", set(), {"夜班", "两班倒"}),
        ("白班12小时，夜班11小时", set(), {"长白班", "夜班"}),
        ("白班保安", {"长白班"}, {"夜班"}),
        ("夜班保安", {"夜班"}, {"长白班"}),
        ("管中饭", {"工作餐"}, {"包吃"}),
        ("管午饭", {"工作餐"}, {"包吃"}),
        ("中午管饭", {"工作餐"}, {"包吃"}),
        ("管两餐，有夜宵", {"工作餐"}, {"包吃"}),
        ("免费工作餐", {"工作餐"}, {"包吃"}),
        ("管饭管住", {"包吃", "包住"}, {"工作餐"}),
        ("一日三餐免费，住宿免费", {"包吃", "包住"}, set()),
        ("食宿全包", {"包吃", "包住"}, set()),
        ("有食堂（自费）", set(), {"工作餐", "包吃"}),
        ("学校食堂厨师", set(), {"工作餐"}),
        ("居家养老护理员", set(), {"在家做"}),
        ("单双休，8小时外算加班", set(), {"双休", "八小时"}),
        ("上六休一，宿舍有空调", {"单休"}, {"空调车间"}),
        ("吃饭不要钱，宿舍有", {"包吃", "包住"}, set()),
        ("不管饭，没有宿舍", set(), {"包吃", "包住"}),
        ("管住不管吃，中午一顿饭", {"包住", "工作餐"}, {"包吃"}),
        ("住的自己解决，吃饭自己刷卡", set(), {"包吃", "包住"}),
        ("夫妻更好，开车来接，车票报销", {"夫妻工", "班车", "报销路费"}, set()),
        ("没做过的可以教，料拿回家做", {"包培训", "无经验可", "在家做"}, set()),
        ("有社保的不要", set(), {"五险"}),
        ("每十天结一次", set(), {"日结"}),
        ("", set(), set(TAGS)),
    ],
)
def test_read(text: str, there: set[str], absent: set[str]) -> None:
    found = set(read_tags(text))
    assert there <= found
    assert not absent & found


def test_each_once_and_in_the_order_of_the_table() -> None:
    assert read_tags("日结 日结", "包住包吃", "日结") == ("包吃", "包住", "日结")


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_every_word_of_the_table_gives_its_tag(tag: str) -> None:
    for word in TAGS[tag]:
        assert tag in read_tags(word), word


def test_insurance_given_up_is_no_insurance() -> None:
    assert "五险" not in read_tags("自愿放弃社保的来")


def test_leaving_out_what_cannot_stand_there_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        line
        for path in sorted((Path(__file__).parents[1] / "pasted").glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    found = [read_tags(text) for text in texts]
    monkeypatch.setattr(benefits, "_NEEDED", {tag: (words, frozenset()) for tag, (words, _) in benefits._NEEDED.items()})
    assert found == [read_tags(text) for text in texts]
    assert len({tag for tags in found for tag in tags}) > 40
