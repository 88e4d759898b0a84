"""Money today: work that pays by the day, and wishes for pay."""

from __future__ import annotations

from tests.relevance.conftest import Hits, Page

DAILY = {"包装工章贡", "开荒保洁章贡", "护工章贡", "搬运工章贡", "快递分拣水西", "瓦工章贡", "小工章贡", "摘橙工定南"}


def test_only_what_pays_by_the_day(page: Page) -> None:
    found = page(settlements=frozenset({"day"}), limit=60)
    assert set(found) == DAILY
    assert found[-1] == "摘橙工定南"


def test_daily_pay_as_a_tag(page: Page) -> None:
    assert set(page(tags_all=frozenset({"日结"}), limit=60)) == DAILY


def test_carrying_by_the_day(page: Page) -> None:
    assert page("搬运工", settlements=frozenset({"day"}))[:2] == ["搬运工章贡", "小工章贡"]


def test_cleaning_by_the_day(page: Page) -> None:
    assert page("保洁", settlements=frozenset({"day"}))[0] == "开荒保洁章贡"
    assert not {"保洁员章贡", "保洁赣县"} & set(page("保洁", settlements=frozenset({"day"})))


def test_gigs_only(page: Page) -> None:
    found = page(kinds=frozenset({"gig"}), limit=60)
    assert set(found) == DAILY - {"包装工章贡", "护工章贡"}


def test_a_wish_for_pay_ranks_and_a_floor_leaves_out(page: Page, hits: Hits) -> None:
    wished = page("焊工", wage_min_yuan_month=7000)
    assert wished[0] == "氩弧焊工章贡"
    assert "电焊学徒赣县" in wished
    assert "电焊学徒赣县" not in page("焊工", wage_floor_yuan_month=7000)
    assert "没有写明工资，可先问一问" in [reason.text for reason in hits("销售", wage_min_yuan_month=3000)["销售章贡"].reasons]


def test_board_and_lodging_far_away(page: Page) -> None:
    """Two like jobs, the place all the same: the one with what was wished for."""
    assert page("普工", near=False)[:2] == ["普工章贡", "普工昆山"]
    assert page("普工", near=False, tags_wanted=frozenset({"包吃", "包住"}))[:2] == ["普工昆山", "普工章贡"]
