"""Words of a source as staff read them: enough to see what is wrong, nobody's number and nobody's name."""

from __future__ import annotations

import pytest

from service.feeds.masked import LONGEST, masked, sentence
from tests.service.employers import made_up


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("普工10名，电话13800000001", "普工10名，电话***0001"),
        ("电话 138 0000 0001", "***0001"),
        ("座机0797-8000001", "座机***"),
        ("联系人：张三，包吃住", "联系人：张**，包吃住"),
        ("请找李经理报到", "请找李**经理报到"),
        ("联系电话见公告", "联系电话见公告"),
        ("找工作的请来", "找工作的请来"),
        ("月薪6000-8000元", "月薪6000-8000元"),
    ],
)
def test_text(said: str, shown: str) -> None:
    assert shown in masked({"content": said})["content"]


def test_an_identity_number_is_gone_whole() -> None:
    number = made_up.id_number(1)
    assert number not in str(masked({"content": f"身份证{number}"}))
    assert number not in sentence(f"“{number}”不能写在广告里。")


@pytest.mark.parametrize("field", ["联系人", "contact_name", "经办人姓名", "linkman"])
def test_a_field_for_a_name(field: str) -> None:
    assert masked({field: "张三丰"}) == {field: "张**"}


def test_a_field_for_a_number_of_a_person() -> None:
    assert masked({"contact_phone": "13800000001"}) == {"contact_phone": "***0001"}


def test_empty_fields_are_left_out_and_long_ones_cut() -> None:
    shown = masked({"a": "", "b": None, "c": "字" * 500, "d": 7})
    assert set(shown) == {"c", "d"}
    assert len(shown["c"]) == LONGEST + 1
    assert shown["d"] == "7"
