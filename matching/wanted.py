"""What a query asks for, as words with the terms that answer each: itself, its synonyms, its occupation, its right spelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from matching import text
from matching.formula import IDF_DEFAULT, MAX_TERMS, term_weight
from matching.rules import trade
from matching.spelling import LONGEST, Correction, Spelling

CODE_MARK: Final = "#"
OCCUPATION_PERCENT: Final = 50  # an occupation of the classification covers more than the trade that was asked for
_ASKED_MOST: Final = 24


@dataclass(frozen=True, slots=True)
class Answer:
    """A term of the index that answers an asked word; ``percent`` of a full answer, ``relation`` as in ``rules.trade``."""

    term: str
    percent: int
    relation: str


@dataclass(frozen=True, slots=True)
class Concept:
    """One asked word and what answers it. The word itself comes first unless it was corrected."""

    asked: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A weighted term of the query, with the asked word and relation through which it mostly came."""

    term: str
    weight: int
    asked: str
    relation: str


@lru_cache(maxsize=8192)
def _meanings(word: str) -> tuple[Answer, ...]:
    """The word, its synonyms that are one term, and its occupation."""
    answers = {word: Answer(word, 100, "same")}
    for other in trade.related(word):
        cut = text.query_words(other.word)
        if len(cut) == 1:
            answers.setdefault(cut[0], Answer(cut[0], round(other.weight * 100), other.relation))
    home = trade.lookup(word)
    if home is not None and home.code:
        answers.setdefault(CODE_MARK + home.code, Answer(CODE_MARK + home.code, OCCUPATION_PERCENT, "occupation"))
    return tuple(answers.values())


def _corrected(typed: str, corrections: list[Correction]) -> Concept:
    answers: dict[str, Answer] = {}
    for correction in corrections:
        for answer in _meanings(correction.word):
            percent = answer.percent * correction.percent // 100
            if answer.term not in answers or answers[answer.term].percent < percent:
                answers[answer.term] = Answer(answer.term, percent, "corrected")
    return Concept(typed, tuple(answers.values()))


def _repair(typed: str, spelling: Spelling) -> tuple[str, list[Correction]]:
    """The longest part of ``typed`` that sounds like a known word, else what it is most like as a whole."""
    if typed.isascii():
        return typed, spelling.homophones(typed) or spelling.near(typed)
    for length in range(min(len(typed), LONGEST), 1, -1):
        for start in range(len(typed) - length + 1):
            part = typed[start : start + length]
            found = spelling.homophones(part)
            if found:
                return part, found
    kept = typed
    while kept and kept[0] in text.STOP_WORDS:
        kept = kept[1:]
    for candidate in dict.fromkeys((kept, typed)):
        found = spelling.near(candidate)
        if found:
            return candidate, found
    return typed, []


def _text_concepts(written: str, knows: Callable[[str], bool], spelling: Spelling) -> list[Concept]:
    concepts: list[Concept] = []
    broken: list[str] = []

    def known(word: str) -> bool:
        return knows(word) or trade.lookup(word) is not None

    def close() -> None:
        typed = "".join(broken)
        if len(typed) >= 2 and any(word not in text.STOP_WORDS for word in broken):
            part, found = _repair(typed, spelling)
            if found:
                concepts.append(_corrected(part, found))
                broken[:] = [word for word in broken if word not in part]
        concepts.extend(Concept(word, _meanings(word)) for word in broken if word not in text.STOP_WORDS)
        broken.clear()

    for run in text.query_runs(written):
        for word in run:
            if (len(word) == 1 or word not in text.STOP_WORDS) and (len(word) == 1 or not known(word)):
                if broken and broken[-1].isascii() != word.isascii():
                    close()
                broken.append(word)
            else:
                close()
                if word not in text.STOP_WORDS:
                    concepts.append(Concept(word, _meanings(word)))
        close()
    return concepts


def concepts_of(
    written: str,
    skills: tuple[str, ...],
    trade_codes: tuple[str, ...],
    knows: Callable[[str], bool],
    spelling: Spelling,
) -> tuple[Concept, ...]:
    """All that is asked for, each word once. ``knows`` says whether any job carries a term."""
    found: list[Concept] = []
    for part in (written, *skills):
        found.extend(_text_concepts(part, knows, spelling))
    found.extend(Concept(code, (Answer(CODE_MARK + code, 100, "occupation"),)) for code in trade_codes)
    return tuple({concept.asked: concept for concept in found}.values())[:_ASKED_MOST]


def weigh(concepts: tuple[Concept, ...], rarity: Callable[[str], int | None], exists: Callable[[str], bool]) -> list[Term]:
    """The at most 16 terms of a query, heaviest first.

    A word's share of the text points is its rarity among all asked words: that of its first answer which the last full build
    knew. A term asked for through several words adds their weights.
    """
    rarities = [
        next((value for answer in concept.answers if (value := rarity(answer.term)) is not None), IDF_DEFAULT)
        for concept in concepts
    ]
    whole = sum(rarities)
    terms: dict[str, Term] = {}
    for concept, own in zip(concepts, rarities, strict=True):
        for answer in concept.answers:
            if not exists(answer.term):
                continue
            weight = term_weight(own, answer.percent, whole)
            before = terms.get(answer.term)
            if before is None:
                terms[answer.term] = Term(answer.term, weight, concept.asked, answer.relation)
            else:
                terms[answer.term] = Term(answer.term, before.weight + weight, before.asked, before.relation)
    return sorted(terms.values(), key=lambda term: (-term.weight, term.term))[:MAX_TERMS]
