"""Words typed wrongly: each way of being wrong, and the near spellings held equal to a plain scan of all words."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cached_property
from importlib import resources

import pytest
from rapidfuzz import fuzz, process

from matching import text
from matching.spelling import LEAST_RATIO, MOST, Spelling, loose_sound, pinyin_of

WORDS = (
    "焊工",
    "电焊工",
    "保洁",
    "保安",
    "叉车司机",
    "服装厂",
    "重庆",
    "服务员",
    "厨师",
    "护士",
    "木工",
    "水电工",
    "长白班",
    "cnc",
)
COUNTS = (5, 9, 4, 4, 2, 1, 1, 3, 3, 1, 2, 2, 1, 1)


def spelling_of(words: tuple[str, ...], counts: tuple[int, ...], trusted: frozenset[str]) -> Spelling:
    return Spelling(words, ["" if word.isascii() else pinyin_of(word) for word in words], counts, trusted)


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return spelling_of(WORDS, COUNTS, frozenset(WORDS))


@pytest.fixture(scope="module")
def whole() -> Spelling:
    """All words of the trade."""
    words = text.vocabulary()
    return spelling_of(words, tuple(len(word) for word in words), frozenset(words))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("汗工", ["焊工"]),
        ("保结", ["保洁"]),
        ("虫庆", ["重庆"]),
        ("dhg", ["电焊工"]),
        ("baojie", ["保洁"]),
        ("焊工", []),
        ("桌子", []),
        ("bg", []),
    ],
)
def test_homophones(spelling: Spelling, typed: str, meant: list[str]) -> None:
    assert [one.word for one in spelling.homophones(typed)] == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("叉车师机", ["叉车司机"]), ("电旱工", ["电焊工", "水电工"]), ("保", []), ("天文学", []), ("x" * 50, []), ("cnb", ["cnc"])],
)
def test_near_spellings(spelling: Spelling, typed: str, meant: list[str]) -> None:
    found = spelling.near(typed)
    assert [one.word for one in found] == meant
    assert all(one.percent <= 90 for one in found)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("又车司机", ["叉车司机"]),  # shape
        ("保诘", ["保洁"]),
        ("本工", ["木工"]),
        ("水申工", ["水电工"]),
        ("长日班", []),  # 日 is taken for 曰 and 目, never for 白
        ("焊上", []),
    ],
)
def test_characters_taken_for_each_other(spelling: Spelling, typed: str, meant: list[str]) -> None:
    assert [one.word for one in spelling.look_alikes(typed)] == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("户务员", ["服务员"]),  # h for f
        ("粗师", ["厨师"]),  # c for ch
        ("福士", ["护士"]),
        ("粗司", []),  # of two characters none is right
        ("dianhangong", ["电焊工"]),
        ("huwuyuan", ["服务员"]),
        ("han", []),
    ],
)
def test_sounds_that_some_do_not_tell_apart(spelling: Spelling, typed: str, meant: list[str]) -> None:
    assert [one.word for one in spelling.loosely_sounding(typed)] == meant


def test_sounds_are_loose_where_speakers_are() -> None:
    assert loose_sound("zhang") == loose_sound("zan")
    assert loose_sound("ning") == loose_sound("lin")
    assert loose_sound("fu") == loose_sound("hu")
    assert loose_sound("hangong") == loose_sound("hanggong")
    assert loose_sound("gong") != loose_sound("geng")


def test_the_surest_correction_comes_first_and_is_worth_most(spelling: Spelling) -> None:
    sure = [spelling.corrections(typed)[0] for typed in ("保结", "又车司机", "户务员", "叉车工司机")]
    assert [one.word for one in sure] == ["保洁", "叉车司机", "服务员", "叉车司机"]
    assert sure[0].percent > sure[1].percent > sure[2].percent
    assert all(60 <= one.percent <= 90 for one in sure)
    assert spelling.corrections("量子") == []


def _corrupted(word: str, chance: random.Random, letters: str) -> str:
    at, letter = chance.randrange(len(word)), chance.choice(letters)
    cut = at + chance.randrange(2)
    return word[:at] + chance.choice((letter, "", letter + letter)) + word[cut:]


def test_near_is_what_a_scan_of_all_words_finds(whole: Spelling) -> None:
    """Words, ratio and order equal rapidfuzz over the whole vocabulary, for 500 spoiled words."""
    chance = random.Random(7)
    letters = "".join(sorted(set("".join(whole.words))))
    found = 0
    for _ in range(500):
        typed = _corrupted(chance.choice(whole.words), chance, letters)
        scan = process.extract(typed, whole.words, scorer=fuzz.ratio, processor=None, limit=None, score_cutoff=LEAST_RATIO)
        ratios = {word: ratio for word, ratio, _ in scan if word != typed} if 2 <= len(typed) <= 8 else {}
        best = max(ratios.values(), default=0.0)
        expected = sorted((word for word, ratio in ratios.items() if ratio == best), key=lambda word: (-len(word), word))
        corrections = whole.near(typed)
        assert [one.word for one in corrections] == expected[:MOST], typed
        assert all(one.percent == int(best * 90) // 100 for one in corrections)
        found += bool(corrections)
    assert found > 250


def test_near_counts_repeated_characters() -> None:
    words = ("工工工", "工厂", "工工工工工工工工")
    known = spelling_of(words, (1, 1, 1), frozenset(words))
    assert [one.word for one in known.near("工工")] == ["工工工"]
    assert [one.word for one in known.near("工工工工工工工")] == ["工工工工工工工工"]


def test_typeahead(spelling: Spelling) -> None:
    assert spelling.starting("保", 5) == ["保安", "保洁"]
    assert spelling.starting("baoj", 5) == ["保洁"]
    assert spelling.starting("dh", 5) == ["电焊工"]
    assert spelling.starting("zz", 5) == []
    assert spelling.starting("c", 1) == ["厨师"]
    assert spelling.starting("c", 9) == ["厨师", "叉车司机", "重庆", "cnc"]


def test_typeahead_of_one_letter_is_the_most_used_of_all_that_begin_so(whole: Spelling) -> None:
    for letter in "abdgs":
        begun = [
            word for word in whole.words if word.startswith(letter) or (not word.isascii() and pinyin_of(word).startswith(letter))
        ]
        begun.sort(key=lambda word: (-len(word), word))
        assert whole.starting(letter, 7) == begun[:7]
        assert set(whole.starting(letter, 100_000)) == set(begun)


def test_no_words_correct_nothing() -> None:
    empty = spelling_of((), (), frozenset())
    assert empty.corrections("焊工") == []
    assert empty.starting("h", 3) == []


def test_a_repair_takes_the_longest_part_and_the_surest_way(spelling: Spelling) -> None:
    for _ in range(2):  # the second time from memory
        assert [spelling.repair(typed)[0] for typed in ("请找汗工", "的户务员", "又车司机", "虫庆保结")] == [
            "汗工",
            "户务员",
            "又车司机",
            "虫庆",
        ]
        assert spelling.repair("阿斯顿发") == ("阿斯顿发", ())
        assert [one.word for one in spelling.repair("baojie")[1]] == ["保洁"]


def test_the_table_of_shapes_is_sound() -> None:
    lines = resources.files("matching").joinpath("data", "near_shapes.txt").read_text(encoding="utf-8").splitlines()
    groups = [line for line in lines if not line.startswith("#")]
    assert len(groups) == len(set(groups)) > 100
    for group in groups:
        assert len(group) == len(set(group)) >= 2, group
        assert group == text.normalise(group), group
        assert all("\u4e00" <= character <= "\u9fff" for character in group), group


def test_opened_for_people_nothing_is_left_to_be_made(tables_at_first_use: Callable[[Spelling], None]) -> None:
    made = spelling_of(WORDS, COUNTS, frozenset(WORDS))
    lazy = {name for name, value in vars(Spelling).items() if isinstance(value, cached_property)}
    assert lazy
    assert not lazy & set(vars(made))
    tables_at_first_use(made)
    assert lazy <= set(vars(made))
