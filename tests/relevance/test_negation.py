"""What a person does not want stays out, and what is asked for beside it stays in."""

from __future__ import annotations

from tests.relevance.conftest import Page


def test_no_night_shifts(wish: Page) -> None:
    """Whoever refuses nights refuses turning shifts too; adverts that say nothing of shifts stay."""
    for line in ("保安，不要夜班", "不上夜班的保安", "找个保安，夜班不要"):
        found = wish(line)
        assert found[0] == "保安赣县", line
        assert "门卫章贡" in found
        assert not {"夜班保安水西", "保安章贡"} & set(found), line


def test_no_turning_shifts(wish: Page) -> None:
    found = wish("普工不要两班倒")
    assert found[:2] == ["普工章贡", "电子厂普工水西"]
    assert not {"SMT操作员水西", "普工昆山"} & set(found)


def test_anything_but_guarding(wish: Page) -> None:
    found = wish("除了保安都行，包住")
    assert {"月嫂章贡", "保姆章贡", "服务员章贡"} <= set(found)
    assert not {"保安章贡", "保安赣县", "夜班保安水西", "门卫章贡"} & set(found)


def test_one_trade_refused_another_wanted(wish: Page) -> None:
    assert wish("不做销售，想找文员")[0] == "文员章贡"
    found = wish("日结，不要搬运")
    assert {"包装工章贡", "开荒保洁章贡", "瓦工章贡"} <= set(found)
    assert "搬运工章贡" not in found


def test_a_factory_refused_says_nothing_of_kitchens(wish: Page) -> None:
    found = wish("不进厂，找个洗碗的")
    assert found[:2] == ["洗碗工章贡", "洗碗阿姨赣县"]
    assert not {"普工章贡", "电子厂普工水西"} & set(found)


def test_pay_by_the_day_refused(wish: Page) -> None:
    found = wish("不要日结的保洁")
    assert found[:2] == ["保洁员章贡", "保洁赣县"]
    assert "开荒保洁章贡" not in found


def test_not_at_home_with_the_family(wish: Page) -> None:
    assert not {"保姆章贡", "月嫂章贡"} & set(wish("家政，不住家"))


def test_what_only_sounds_like_a_refusal(wish: Page) -> None:
    """不要经验 is good news, not a refusal."""
    assert wish("不要经验的普工")[:2] == wish("普工")[:2]
    assert wish("不要中介的焊工") == wish("焊工")
