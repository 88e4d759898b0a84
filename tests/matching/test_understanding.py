"""What a person typed, taken apart."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import understand
from matching.rules.benefits import TAGS, read_tags
from matching.text import normalise
from matching.wish_words import phrases, refusable, refusals
from tests.matching.wishes import WISHES

THURSDAY = date(2026, 11, 26)


def read(written: str, today: date | None = THURSDAY) -> dict[str, object]:
    """Field to value (a list where there are several); not applied ones with a question mark."""
    found: dict[str, object] = {}
    for piece in understand(written, today):
        name = piece.field + ("" if piece.applied else "?")
        before = found.get(name)
        found[name] = piece.value if before is None else [*(before if isinstance(before, list) else [before]), piece.value]
    return found


@pytest.mark.parametrize("group", WISHES)
def test_what_people_write(group: str) -> None:
    wrong = {written: (read(written), expected) for written, expected in WISHES[group].items() if read(written) != expected}
    assert wrong == {}


def test_words_are_taken_once() -> None:
    pieces = understand("不要保安 焊工")
    assert [(piece.field, piece.text) for piece in pieces] == [("not", "不要保安"), ("trade", "焊工")]


def test_pieces_stand_in_the_order_of_their_words() -> None:
    assert [piece.field for piece in understand("章贡区焊工双休")] == ["region", "trade", "benefit"]


def test_without_a_day_days_stay_words_and_births_say_nothing() -> None:
    assert read("70后 明天能上班", None) == {"start?": "明天"}


def test_the_year_of_the_day_counts() -> None:
    assert read("70后", date(2027, 1, 1)) == {"age_min": 48, "age_max": 57}
    assert read("下周一", date(2026, 11, 30)) == {"start?": "2026-12-07"}


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from("岁千万元月天公里近夫妻包吃住不要焊工赣州别除了夜班后年0123456789一二十半-~k,. "), max_size=30
    ).map("".join)
    | st.lists(st.sampled_from([line for group in WISHES.values() for line in group]), max_size=4).map("".join)
)
def test_any_text_is_read_and_nothing_is_made_up(written: str) -> None:
    whole = normalise(written[:400])
    for piece in understand(written, THURSDAY):
        assert 0 < piece.confidence <= 1
        assert piece.text
        assert piece.text in whole


@pytest.mark.parametrize(
    "words", ["包吃住", "管饭", "包住", "夫妻房", "五险一金", "公积金", "双休", "单休", "班车接送", "坐着上班", "不限经验"]
)
def test_benefits_mean_the_same_in_a_wish_and_in_an_advert(words: str) -> None:
    wished = {str(piece.value) for piece in understand(words) if piece.field == "benefit"}
    assert wished
    assert wished <= set(read_tags(words))


def test_the_tables_speak_of_tags_that_exist() -> None:
    said = {m.value for phrase in phrases().values() for m in phrase.meanings if m.field == "benefit"}
    left_out = set().union(*(refusal.tags | refusal.wanted for refusal in refusals().values()))
    assert said | left_out <= set(TAGS)
    meant = {m.value for phrase in phrases().values() for m in phrase.meanings if m.field == "not"}
    assert {str(value) for value in meant} - {"word:显微镜"} <= set(refusals())
    assert set(refusable().values()) == set(refusals())


@pytest.mark.parametrize(
    ("advert", "tag"),
    [
        ("无夜班，长白班", "夜班"),
        ("非劳务派遣，厂家直招", "劳务派遣"),
        ("不坐流水线", "流水线"),
        ("不收中介费", "劳务派遣"),
        ("无需高空作业", "高空作业"),
    ],
)
def test_an_advert_that_denies_what_is_refused_is_not_left_out(advert: str, tag: str) -> None:
    assert any(tag in refusal.tags for refusal in refusals().values())
    assert tag not in read_tags(advert)
