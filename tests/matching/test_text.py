"""Words: normalising, lifting facts out, and rjieba held equal to jieba."""

from __future__ import annotations

import random
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import text

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # jieba of 2020 imports pkg_resources and has old escapes
    import jieba


class Jieba:
    """jieba's own tokenizer with our words, in the form of our cutter: the oracle."""

    def __init__(self) -> None:
        self._jieba = jieba.Tokenizer()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for word in text.vocabulary():
                self._jieba.add_word(word, text.WORD_FREQUENCY, "n")

    def cut(self, written: str, hmm: bool) -> list[str]:
        return list(self._jieba.cut(written, HMM=hmm))

    def cut_for_search(self, written: str, hmm: bool) -> list[str]:
        return list(self._jieba.cut_for_search(written, HMM=hmm))


@pytest.fixture(scope="module")
def oracle() -> Jieba:
    return Jieba()


ADVERTS = (
    "急招包吃住电焊二保焊师傅8000起",
    "电子厂普工操作工，长白班，坐班，月薪6000-8000元，18-45周岁",
    "章贡区小区门卫看大门，夫妻房，五险，日结230/天",
    "招CNC操作工3名，会调机优先，联系电话13800000000，2026年11月22日前",
    "家具厂喷漆工、打磨工、油磨工，计件，多劳多得；脐橙采摘分拣临时工",
)


@pytest.mark.parametrize("search", [True, False])
def test_both_cutters_agree_on_adverts(oracle: Jieba, search: bool) -> None:
    for advert in ADVERTS:
        assert text.words_by(text.cutter(), advert, search=search) == text.words_by(oracle, advert, search=search)


def test_both_cutters_agree_on_words_strung_together(oracle: Jieba) -> None:
    chance = random.Random(11)
    words = (*text.vocabulary(), "找", "想", "我们", "师傅", "急招", "小区", "附近", "上班")
    for _ in range(300):
        line = "".join(chance.choice(words) for _ in range(chance.randrange(1, 8)))
        assert text.words_by(text.cutter(), line, search=True) == text.words_by(oracle, line, search=True)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=40))
def test_both_cutters_agree_on_any_han(oracle: Jieba, written: str) -> None:
    words = text.words_by(oracle, written, search=True)
    assert text.words_by(text.cutter(), written, search=True) == words
    assert text.clause_words(written, True) == tuple(words)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gives_words_and_never_fails(written: str) -> None:
    for word in (*text.query_words(written), *text.advert_words(written)):
        assert word
        assert word == text.normalise(word)
        assert word not in text.STOP_WORDS


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("招普工", ("普工",)),
        ("包吃住", ("包吃住",)),
        ("電子廠普工", ("电子厂普工",)),
        ("ＣＮＣ操作", ("cnc", "操作")),
        ("二保焊", ("二保焊",)),
        ("焊工 焊工", ("焊工",)),
        ("C1驾照 6000-8000元/月", ("c1", "驾照")),
        ("普工18-45岁 一天200 13800000000", ("普工",)),
        ("我想找个工作", ()),
        ("😀\u200b\u0000", ()),
    ],
)
def test_words_of_a_query(written: str, words: tuple[str, ...]) -> None:
    assert text.query_words(written) == words


def test_long_words_of_adverts_give_their_parts_and_descriptions_no_single_characters() -> None:
    assert set(text.advert_words("电焊工")) >= {"电焊工", "焊工"}
    assert "嗯" not in text.advert_words("嗯，电焊", singles=False)
    assert len(text.query_words("焊工" * 5000)) == 1


def test_the_fingerprint_names_the_words() -> None:
    assert text.fingerprint() == text.fingerprint()
    assert len(text.fingerprint()) == 16


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("土木工程师", {"木工"}),
        ("电焊工作", {"焊工", "电焊工"}),
    ],
)
def test_no_trade_is_seen_inside_another_word(written: str, words: set[str]) -> None:
    assert not words & set(text.advert_words(written))


@pytest.mark.parametrize(("written", "word"), [("普工时薪二十", "普工"), ("木工 土木工程师", "木工"), ("电焊工工资高", "焊工")])
def test_a_trade_that_stands_by_itself_stays(written: str, word: str) -> None:
    assert word in text.advert_words(written)


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("招焊工，包吃住。月薪6,000元；8，000封顶", ["招焊工", "包吃住", "月薪6,000元", "8，000封顶"]),
        ("月薪5000，18岁以上", ["月薪5000", "18岁以上"]),
        ("一层\n二层\r\n3,12,4.5万", ["一层", "二层", "3", "12", "4.5万"]),
        ("，。", []),
    ],
)
def test_clauses_end_at_marks_but_not_inside_a_number(written: str, parts: list[str]) -> None:
    assert text.clauses(written) == parts


def test_an_advert_is_its_clauses_one_after_the_other() -> None:
    for advert in ADVERTS:
        apart = [word for clause in text.clauses(advert) for word in text.clause_words(clause, True)]
        assert tuple(apart) == text.advert_words(advert)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_normalising_again_changes_nothing(written: str) -> None:
    once = text.normalise(written)
    assert text.normalise(once) == once


@pytest.mark.parametrize("written", ["焊\ud800工", "\udfff焊工", "焊工\ud83d。\udc80"])
def test_half_a_character_is_dropped(written: str) -> None:
    assert text.normalise(written).startswith("焊工")
    assert text.query_words(written) == text.advert_words(written) == ("焊工",)
