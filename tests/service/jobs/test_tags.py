"""Benefits as tags: what is promised is found, what is denied is not."""

from __future__ import annotations

import pytest

from service.jobs.tags import TAGS, read_tags


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
