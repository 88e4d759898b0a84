"""Two who look for work together, and small groups."""

from __future__ import annotations

from tests.relevance.conftest import Page


def test_a_room_for_two(wish: Page) -> None:
    assert wish("有夫妻房的织布厂", near=False)[0] == "挡车工昆山"
    assert wish("想做挡车工，要有夫妻房", near=False)[0] == "挡车工昆山"


def test_that_two_come_takes_nothing_from_the_trade(wish: Page) -> None:
    """两口子 is no word that adverts hold: the work asked for is found all the same."""
    assert wish("两口子看大门")[0] == "门卫章贡"
    assert wish("夫妻两个人摘橙子")[0] == "摘橙工定南"
    assert wish("我们三个人想找工地小工")[0] == "小工章贡"


def test_a_room_is_a_wish_and_no_filter(wish: Page) -> None:
    """A welder's wife may find a room: work of the trade without one is still shown."""
    found = wish("焊工，最好有夫妻房")
    assert {"焊工赣县", "电焊工水西"} <= set(found)
