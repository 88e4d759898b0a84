"""A person of 55 to 66 looks for work near home."""

from __future__ import annotations

from tests.relevance.conftest import Hits, Page


def test_a_gate_at_58(page: Page, hits: Hits) -> None:
    """The one who writes 50 to 65 first; limits without a lawful reason cost points and are said, but hide nothing."""
    assert page("看大门", age=58)[0] == "门卫章贡"
    found = hits("保安", age=58)
    assert next(iter(found)) == "夜班保安水西"
    assert "要求 18-50 岁，您 58 岁，可先问一问" in [reason.text for reason in found["保安章贡"].reasons]


def test_cleaning_at_55(page: Page) -> None:
    assert page("保洁", age=55)[0] == "保洁员章贡"
    assert page("清洁工", age=55)[:2] == ["清洁工水西", "保洁员章贡"]


def test_limits_that_are_only_written_keep_nobody_from_asking(page: Page) -> None:
    assert page("洗碗", age=55)[0] == "洗碗工章贡"
    assert "普工章贡" in page("普工", age=66)


def test_lawful_limits_leave_out(page: Page) -> None:
    assert page("押运员", age=44) == ["押运员章贡"]
    assert page("押运员", age=50) == []
    assert "塔吊司机章贡" not in page("塔吊司机", age=60)


def test_no_words_only_age_and_a_wish_for_lodging(page: Page) -> None:
    found = page(age=58, tags_wanted=frozenset({"包住"}), limit=60)
    assert found[:2] == ["门卫章贡", "保姆章贡"]
    assert found.index("门卫章贡") < found.index("电子厂普工水西")


def test_within_eight_kilometres_at_62(page: Page) -> None:
    found = page(age=62, radius_km=8.0, limit=60)
    assert found[:2] == ["门卫章贡", "绿化工章贡"]
    assert not {"仓库看守南康", "木工南康", "二保焊工南康", "普工昆山"} & set(found)


def test_an_easy_day(page: Page) -> None:
    """No more than eight hours: the known longer ones go, those that do not say stay."""
    assert page("保洁", hours_max=6.0, age=60)[0] == "开荒保洁章贡"
    assert "保洁员章贡" not in page("保洁", hours_max=6.0, age=60)
    assert "保洁赣县" in page("保洁", hours_max=6.0, age=60)
