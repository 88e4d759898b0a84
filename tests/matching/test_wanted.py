"""From asked words to weighted terms: what answers a word, what it is worth, and which sixteen are kept."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from matching import wanted
from matching.formula import MAX_TERMS, TEXT_MAX, WEIGHT_SCALE
from matching.model import Term
from matching.spelling import Spelling, pinyin_of
from matching.wanted import Answer, Concept, Weigher, concepts_of

NOTHING = Spelling([], [], [], frozenset())


def asked(written: str, *known: str) -> tuple[Concept, ...]:
    return concepts_of(written, (), (), set(known).__contains__, NOTHING)


def weigh(concepts: tuple[Concept, ...], rarity: Callable[[str], int | None], exists: Callable[[str], bool]) -> list[Term]:
    """By a weigher that remembers nothing yet."""
    return Weigher(rarity, exists).terms(concepts)


def test_the_word_then_its_occupation_then_the_rest_by_relation() -> None:
    answers = asked("焊工")[0].answers
    assert answers[:2] == (
        Answer("焊工", wanted.WORD_PERCENT, "same"),
        Answer("#6-18-02-04", wanted.OCCUPATION_PERCENT, "occupation"),
    )
    assert {answer.percent for answer in answers[2:]} <= set(wanted.RELATION_PERCENT.values())
    assert Answer("电焊", wanted.RELATION_PERCENT["same"], "same") in answers


def test_a_word_fully_met_is_the_whole_text_part_and_every_other_answer_less() -> None:
    assert wanted.WORD_PERCENT + wanted.OCCUPATION_PERCENT == 100
    worth = [wanted.WORD_PERCENT, *(wanted.RELATION_PERCENT[name] for name in ("same", "narrower", "broader", "near"))]
    assert worth == sorted(set(worth), reverse=True)


def test_a_synonym_that_only_holds_a_better_one_comes_last() -> None:
    terms = [answer.term for answer in asked("电焊工")[0].answers]
    assert terms.index("焊工") < terms.index("氩弧焊") < terms.index("焊工师傅")


def test_sixteen_terms_of_which_every_asked_word_keeps_its_own_and_its_occupation() -> None:
    found = weigh(asked("焊工 普工 保洁"), lambda _: 100, lambda _: True)
    assert len(found) == MAX_TERMS
    assert {"焊工", "普工", "保洁", "#6-18-02-04", "#6-31-99-00", "#4-09-08-01"} <= {term.term for term in found}
    groups = [term.group for term in found]
    assert len(set(groups)) == sum(a != b for a, b in pairwise(groups)) + 1  # each group stands together
    assert sum(term.weight for term in found if term.term in {"焊工", "#6-18-02-04"}) <= TEXT_MAX * WEIGHT_SCALE // 3


def test_a_word_that_nobody_carries_takes_no_share() -> None:
    only = weigh(asked("缝纫工"), lambda _: 100, lambda term: term == "缝纫工")
    both = weigh(asked("缝纫工 量子纠缠"), lambda _: 100, lambda term: term == "缝纫工")
    assert [term.weight for term in both] == [term.weight for term in only]


def test_single_characters_only_when_they_are_all_that_was_typed() -> None:
    assert [concept.asked for concept in asked("焊")] == ["焊"]
    assert all(len(concept.asked) > 1 for concept in asked("阿斯顿发", "发"))
    assert asked("阿斯顿发", "发")
    assert [concept.asked for concept in asked("焊工 焊", "焊")] == ["焊工"]
    assert asked("找工作") == ()


KNOWN = ("焊工", "叉车司机", "服务员", "保洁")
SPELLING = Spelling(KNOWN, [pinyin_of(word) for word in KNOWN], [9, 5, 3, 2], frozenset(KNOWN))


def meant(written: str) -> list[str]:
    """The known words that are asked for, typed rightly or not."""
    concepts = concepts_of(written, (), (), set(KNOWN).__contains__, SPELLING)
    return [concept.answers[0].meant or concept.answers[0].term for concept in concepts]


def test_words_typed_wrongly_are_found_by_sound_shape_and_spelling() -> None:
    assert meant("想找汗工") == ["焊工"]
    assert meant("又车司机") == ["叉车司机"]
    assert meant("想找又车司机") == ["叉车司机"]  # the cutter knows 司机 by itself
    assert meant("女保洁") == ["保洁"]
    assert meant("户务员") == ["服务员"]
    assert meant("baojie") == ["保洁"]
    assert meant("焊工，保诘") == ["焊工", "保洁"]


def test_what_nobody_knows_is_not_bent_into_a_trade() -> None:
    for written in ("阿斯顿发", "量子纠缠", "张三李四", "qwerty", "鑫鑫鑫"):
        assert not set(meant(written)) & set(KNOWN)
        assert meant(written)


def test_a_weigher_remembers_words_and_not_what_stood_beside_them() -> None:
    present = {"焊工", "电焊", "普工", "操作工", "#6-18-02-04"}.__contains__
    weigher = Weigher({"焊工": 90, "普工": 10}.get, present)
    for written in ("焊工", "普工 焊工", "焊工 普工", "焊工", "量子 焊工", "普工"):
        concepts = asked(written)
        assert weigher.terms(concepts) == weigh(concepts, {"焊工": 90, "普工": 10}.get, present)
    heavy = {term.term: term.weight for term in weigher.terms(asked("普工 焊工"))}
    assert heavy["焊工"] > heavy["普工"]


def test_a_word_without_further_answers_leaves_its_turns_to_others() -> None:
    found = weigh(asked("焊工 量子"), lambda _: 100, lambda _: True)
    assert len(found) == MAX_TERMS
    assert sum(term.asked == "焊工" for term in found) == MAX_TERMS - 1
