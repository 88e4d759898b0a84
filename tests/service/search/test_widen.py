"""Wider and wider: further away first, then less; never other work."""

from __future__ import annotations

from matching.model import Query
from service.search.widen import steps


def test_distance_comes_first_and_words_stay() -> None:
    query = Query(now=0, text="焊工", lat=25.8, lng=114.9, radius_km=15, wage_floor_yuan_month=5000, kinds=frozenset({"gig"}))
    made = list(steps(query))
    assert [wider.radius_km for _, wider in made[:5]] == [20, 50, 100, 200, None]
    assert all(wider.text == "焊工" for _, wider in made)
    assert made[-1][1].kinds == frozenset()
    assert made[-1][1].wage_floor_yuan_month is None
    assert all(sentence for sentence, _ in made)


def test_a_county_grows_to_its_city_its_province_and_the_country() -> None:
    made = [wider.regions for _, wider in steps(Query(now=0, regions=("360702000000",)))]
    assert made == [("360700000000",), ("360000000000",), ()]


def test_a_question_without_conditions_cannot_be_widened() -> None:
    assert list(steps(Query(now=0, text="焊工"))) == []


def test_loose_words_go_first() -> None:
    (sentence, wider), *_ = steps(Query(now=0, text="有活", regions=("360702000000",)), "有活")
    assert wider.text == ""
    assert wider.regions == ("360702000000",)
    assert "有活" in sentence


def test_wishes_of_benefits_stay_as_wishes() -> None:
    (_, wider), *_ = steps(Query(now=0, tags_all=frozenset({"包住"})))
    assert wider.tags_all == frozenset()
    assert wider.tags_wanted == frozenset({"包住"})
