"""From pieces to a query: what filters, what ranks, what is left out, and what was given by name."""

from __future__ import annotations

from typing import Any

from matching import Query, wished
from matching.rules import region
from tests.matching.wishes import WISHES

NOW = 1_795_651_200  # 26 November 2026, 08:00 in China
ZHANGGONG = region.get("360702")


def ask(text: str, **given: Any) -> Query:
    return wished(Query(now=NOW, text=text, **given)).query


def test_a_night_shift_refused_leaves_out_turning_shifts() -> None:
    query = ask("保安 不要夜班")
    assert query.tags_none == {"夜班", "两班倒", "三班倒"}
    assert "夜班" not in query.words_none, "an advert that says 无夜班 holds that word"
    assert query.text == "保安"


def test_refused_work_is_left_out_by_occupation() -> None:
    assert ask("除了保安都行").trades_none == ("4-07-05-01",)
    assert "6-29" in ask("别给我介绍工地").trades_none
    assert ask("不要殡仪馆").words_none == ("殡仪馆",)
    assert ask("不要打螺丝").words_none == ("打螺丝",), "a rest class holds half of all factory work"


def test_what_is_asked_for_is_not_left_out_by_a_wider_refusal() -> None:
    query = ask("不进厂 普工 电子厂")
    assert "6-31-99-00" not in query.trades_none
    assert "6-05" in query.trades_none
    assert "电子厂" not in query.words_none
    assert "服装厂" in query.words_none
    assert "夜班" not in ask("不要夜班 保安", tags_all=frozenset({"夜班"})).tags_none


def test_no_overtime_is_eight_hours() -> None:
    assert ask("不加班").hours_max == 8
    assert ask("不加班 每天6小时").hours_max == 6
    assert ask("不加班", hours_max=10.0).hours_max == 10


def test_near_a_county_is_a_circle_around_its_middle() -> None:
    found = wished(Query(now=NOW, text="离章贡区近点 焊工"))
    assert (found.query.lat, found.query.lng, found.query.radius_km) == (ZHANGGONG.lat, ZHANGGONG.lng, 30)
    assert found.query.regions == ()
    assert found.place == "章贡区"
    assert ask("赣州附近 焊工").radius_km == 50
    assert ask("章贡区10公里内").radius_km == 10


def test_near_a_county_from_a_point_of_ones_own() -> None:
    near = wished(Query(now=NOW, text="离章贡区近点", lat=25.9, lng=114.9))
    assert (near.query.lat, near.query.radius_km, near.query.regions, near.place) == (25.9, 30, (), "")
    far = ask("离章贡区近点", lat=28.7, lng=115.9)
    assert (far.radius_km, far.regions) == (None, ("360702000000",))


def test_in_a_county_is_in_it() -> None:
    assert ask("章贡区焊工").regions == ("360702000000",)
    assert ask("江西省附近").regions == ("360000000000",)
    assert ask("不去外地，赣州的焊工").regions == ("360700000000",)
    assert set(ask("章贡区或者南康").regions) == {"360702000000", "360703000000"}


def test_nearness_needs_a_point() -> None:
    found = wished(Query(now=NOW, text="附近 焊工"))
    assert [piece.applied for piece in found.pieces if piece.field == "near"] == [False]
    assert ask("附近 焊工", lat=25.9, lng=114.9).radius_km == 20


def test_pay_is_compared_by_the_month() -> None:
    assert ask("一天200").wage_min_yuan_month == 4350
    assert ask("3000以上", wage_min_yuan_month=5000).wage_min_yuan_month == 5000


def test_wishes_that_rank() -> None:
    query = ask("夫妻工 长白班 包住")
    assert query.tags_wanted == {"夫妻工", "夫妻房", "长白班", "包住"}
    assert query.tags_all == frozenset()


def test_what_is_refused_of_cycle_and_kind() -> None:
    assert ask("不要日结").tags_none == {"日结"}
    assert ask("不做临时工").kinds == {"public", "live"}
    assert ask("日结周结都行").settlements == {"day", "week"}


def test_ages_are_taken_in_the_middle() -> None:
    assert ask("五十多岁").age == 54
    assert ask("70后").age == 51
    assert ask("五十多岁", age=41).age == 41


def test_each_piece_can_be_switched_off() -> None:
    for line in (line for group in WISHES.values() for line in group):
        found = wished(Query(now=NOW, text=line))
        everything = tuple(piece.key for piece in found.pieces)
        off = wished(Query(now=NOW, text=line), everything)
        assert off.query == Query(now=NOW, text=""), line
        assert not any(piece.applied for piece in off.pieces), line
        for piece in found.pieces:
            one = wished(Query(now=NOW, text=line), (piece.key,))
            assert not any(other.applied for other in one.pieces if other.key == piece.key), (line, piece)


def test_words_alone_are_loose_only_beside_something_understood() -> None:
    assert wished(Query(now=NOW, text="叽里咕噜")).loose == ""
    assert wished(Query(now=NOW, text="包住 叽里咕噜")).loose == "叽里咕噜"
    assert wished(Query(now=NOW, text="包住 叽里咕噜"), ("benefit",)).loose == ""
    assert wished(Query(now=NOW, text="叽里咕噜", age=50)).loose == "叽里咕噜"
    assert wished(Query(now=NOW, text="叽里咕噜", lat=25.9, lng=114.9)).loose == "叽里咕噜"
    assert wished(Query(now=NOW, text="焊工 叽里咕噜", age=50)).loose == ""


def test_named_benefits_are_told_from_other_wishes() -> None:
    assert wished(Query(now=NOW, text="夫妻工 包住", tags_wanted=frozenset({"双休"}))).tags == {"夫妻工", "夫妻房", "包住"}
    assert wished(Query(now=NOW, text="不用站的")).tags == frozenset()


def test_a_trade_typed_apart_is_searched_as_one_word() -> None:
    assert ask("厨 师 包住").text == "厨师"
