"""Who hires, read out of the running text: rather nobody than the wrong one."""

from __future__ import annotations

import pytest

from matching.pasted import parse_message
from tests.matching.pasted.cases import TODAY
from tests.matching.pasted.employers import measure_employers, named_jobs

PHONE = "13800000001"


@pytest.mark.parametrize(
    ("message", "employer"),
    [
        ("演示宏达家具厂 打磨工5个 3000左右 包吃住", "演示宏达家具厂"),
        ("演示赣江酒店招洗碗阿姨1名，月薪2800", "演示赣江酒店"),
        ("章贡区演示电子厂急招：\n普工 20名，5000元/月", "演示电子厂"),
    ],
)
def test_a_name_is_read_with_its_place(message: str, employer: str) -> None:
    draft = parse_message(message, TODAY)[0]
    assert draft.employer == employer
    assert draft.said("employer_name", message) == employer


@pytest.mark.parametrize(
    "message",
    [
        "某电子厂招普工10名，6000元/月",
        "服装厂招工，平车15名",
        "本公司招文员1名，3500",
        "演示宏达家具厂对面早餐店请阿姨一名，3000元",
        "有家具厂经验的打磨工5名，7000元/月",
        "招收银员1名，3500，吉安市青原区天虹超市",
        "劳务公司代招：普工30名，6000元",
        "演示甲厂招焊工3名，8000\n招保安2名，3000，章贡区",
    ],
)
def test_nobody_is_named_for_want_of_a_name(message: str) -> None:
    assert parse_message(message, TODAY)[-1].employer == ""


@pytest.mark.parametrize(("which", "found"), [("worked on", 0.90), ("read once", 0.90), ("older", 0.80), ("unmarked", 0.60)])
def test_few_names_are_wrong(which: str, found: float) -> None:
    names = measure_employers(which)
    assert names.precision >= 0.95, names.wrong
    assert names.recall >= found, names.wrong


def test_enough_messages_name_one() -> None:
    named = [one for which in ("worked on", "read once") for one in named_jobs(which) if any(name for _, name in one.jobs)]
    assert len(named) >= 55
    assert len(named) + measure_employers("older").messages_naming >= 60


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (f"联系 {PHONE} 演示老刘", "演示老刘"),
        (f"电话{PHONE}，李经理", "李经理"),
        (f"联系人：演示王小明 {PHONE}", "演示王小明"),
        (f"小陈 {PHONE}", "小陈"),
        (f"电话{PHONE} 周结", ""),
        (f"电话{PHONE}", ""),
        (f"微信电话同号{PHONE}", ""),
        (f"电话都是{PHONE}", ""),
    ],
)
def test_whom_to_call(call: str, name: str) -> None:
    for seam in (" ", "，", "\n"):
        message = f"打磨工5个{seam}3000左右{seam}包吃住{seam}{call}"
        draft = parse_message(message, TODAY)[0]
        assert draft.contact_phone == PHONE
        assert draft.contact_name == name
        assert not name or draft.said("contact_name", message) == name
        rest = draft.text.replace("周结", "").rstrip("，\n ")
        assert rest.endswith("包吃住"), draft.text


def test_about_stays_with_the_amount() -> None:
    for said in ("3000左右", "大概3000元上下", "月薪3000块钱左右"):
        message = f"招打磨工5个，{said}，包吃住"
        assert parse_message(message, TODAY)[0].said("wage", message).endswith(("左右", "上下"))
