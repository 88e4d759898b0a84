"""A place is named, or nearness asked for: what lies there comes, then its neighbours, and nothing from a day's journey away."""

from __future__ import annotations

from tests.relevance.conftest import Hits, Page

NEAR = ("章贡", "水西", "赣县")
CITY = (*NEAR, "南康", "定南")


def test_a_county_named_beside_the_trade(wish: Page) -> None:
    assert wish("赣县电工", near=False)[0] == "水电工赣县"
    assert wish("南康木工", near=False)[0] == "木工南康"
    assert wish("章贡区看大门", near=False)[0] == "门卫章贡"


def test_a_place_far_away_is_where_the_person_wants_to_go(wish: Page) -> None:
    """Whoever stands in 章贡 and writes 昆山 wants the work in 昆山."""
    assert wish("昆山普工")[0] == "普工昆山"
    assert wish("昆山焊工") == ["焊工昆山"]


def test_nothing_of_the_trade_there_then_the_neighbours(wish: Page) -> None:
    """The county has no welder: the city's come, the nearest province's do not."""
    found = wish("定南焊工", near=False)
    assert {"焊工赣县", "电焊工水西", "二保焊工南康"} <= set(found)
    assert all(name.endswith(CITY) for name in found)
    assert {"保洁赣县", "保洁员章贡"} <= set(wish("定南保洁", near=False))
    assert "家政保洁员南昌" not in wish("定南保洁", near=False)


def test_a_city_means_all_its_counties_and_a_province_all_its_cities(wish: Page) -> None:
    city = wish("赣州保安", near=False)
    assert {"保安章贡", "保安赣县", "夜班保安水西"} <= set(city)
    province = wish("江西保洁", near=False)
    assert {"保洁员章贡", "保洁赣县", "家政保洁员南昌"} <= set(province)


def test_near_home(wish: Page) -> None:
    for line in ("附近的焊工", "离家近的焊工", "家门口的焊工", "十公里以内的焊工"):
        found = wish(line)
        assert found[:2] == ["氩弧焊工章贡", "电焊工水西"], line
        assert all(name.endswith(NEAR) for name in found), line


def test_across_the_county_border_before_the_far_end_of_the_own_county(hits: Hits) -> None:
    """赣县 begins eight kilometres from 章贡: borders cost nothing, kilometres do."""
    found = hits("保安")
    assert list(found).index("保安赣县") < list(found).index("门卫章贡")
    kilometres = [hit.distance_km or 0.0 for hit in found.values()]
    assert max(kilometres[:4]) < 10
