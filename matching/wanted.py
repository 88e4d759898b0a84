"""What a query asks for, as words with the terms that answer each: itself, its synonyms, its occupation, its right spelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from matching import text
from matching.formula import IDF_DEFAULT, MAX_TERMS, term_weight
from matching.model import Term
from matching.rules import trade
from matching.spelling import LONGEST, Correction, Spelling

CODE_MARK: Final = "#"
_ASKED_MOST: Final = 24

# What the answers to one asked word are worth, in hundredths of its share of the text points. Of the words of an advert only the
# best one counts, and its occupation beside it: many near words never add up to the right one. In a short advert a word of the
# title reaches about 88 % of its weight (formula.impacts), so the asked word in a title with its occupation comes to about 880 of
# 1000, a synonym with the same occupation to 660, and the occupation alone to 180. The asked word without any occupation (700)
# still beats the synonym that has it.
WORD_PERCENT: Final = 80
OCCUPATION_PERCENT: Final = 20  # an occupation of the classification covers more than the trade that was asked for
RELATION_PERCENT: Final[dict[trade.Relation, int]] = {"same": 55, "narrower": 46, "broader": 30, "near": 20}


@dataclass(frozen=True, slots=True)
class Answer:
    """A term of the index that answers an asked word; ``percent`` of a full answer, ``relation`` as in ``rules.trade``.

    ``meant`` is the known word for one typed wrongly or in pinyin, to which the relation is; empty when it was typed rightly.
    """

    term: str
    percent: int
    relation: str
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Concept:
    """One asked word and what answers it. The word itself comes first unless it was corrected."""

    asked: str
    answers: tuple[Answer, ...]


@lru_cache(maxsize=8192)
def _meanings(word: str) -> tuple[Answer, ...]:
    """The word, its occupation, and its synonyms that are one term, best first.

    A synonym that holds another one no worse than itself (焊工师傅 holds 焊工) adds nothing but a better reason: it comes last.
    """
    home = trade.lookup(word)
    if home is None or not home.code:
        return (Answer(word, 100, "same"),)
    related: dict[str, Answer] = {}
    for other in trade.related(word):
        cut = text.query_words(other.word)
        if len(cut) == 1 and cut[0] != word:
            related.setdefault(cut[0], Answer(cut[0], RELATION_PERCENT[other.relation], other.relation))
    worth = {word: WORD_PERCENT} | {answer.term: answer.percent for answer in related.values()}

    def repeats(answer: Answer) -> bool:
        inside = text.advert_words(answer.term)
        return any(part != answer.term and worth.get(part, 0) >= answer.percent for part in inside)

    best_first = sorted(related.values(), key=lambda answer: (repeats(answer), -answer.percent))
    return (
        Answer(word, WORD_PERCENT, "same"),
        Answer(CODE_MARK + home.code, OCCUPATION_PERCENT, "occupation"),
        *best_first,
    )


def _corrected(typed: str, corrections: list[Correction]) -> Concept:
    found: list[tuple[int, Answer]] = []
    for correction in corrections:
        for place, answer in enumerate(_meanings(correction.word)):
            percent = answer.percent * correction.percent // 100
            found.append((place, Answer(answer.term, percent, answer.relation, correction.word)))
    best: dict[str, Answer] = {}
    for _, answer in sorted(found, key=lambda at: (at[0], -at[1].percent)):
        if answer.term not in best or best[answer.term].percent < answer.percent:
            best[answer.term] = answer  # at the place of the first
    return Concept(typed, tuple(best.values()))


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
    silent: list[str] = []
    whole = text.normalise(written)

    def known(word: str) -> bool:
        return knows(word) or trade.lookup(word) is not None

    def tells(word: str) -> bool:
        """A character that is left of an unknown word (阿斯顿发) says nothing; a trade, or all that was typed, does."""
        return len(word) > 1 or word.isascii() or trade.lookup(word) is not None or word == whole

    def close() -> None:
        typed = "".join(broken)
        if len(typed) >= 2 and any(word not in text.STOP_WORDS for word in broken):
            part, found = _repair(typed, spelling)
            if found:
                concepts.append(_corrected(part, found))
                broken[:] = [word for word in broken if word not in part]
        asked = [word for word in broken if word not in text.STOP_WORDS]
        concepts.extend(Concept(word, _meanings(word)) for word in asked if tells(word))
        silent.extend(word for word in asked if not tells(word))
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
    if silent and not concepts:  # something was asked for, and nobody knows it: that finds nothing, not everything
        nobody = "".join(silent)
        concepts.append(Concept(nobody, (Answer(nobody, 100, "same"),)))
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
    """The at most 16 terms of a query, as :func:`in_order` puts them.

    A word's share of the text points is its rarity among all asked words that have an answer: that of its first answer which the
    last full build knew. The asked words take turns with their first answers, second answers and so on until there are 16 terms.
    """
    rarities = [
        next((value for answer in concept.answers if (value := rarity(answer.term)) is not None), IDF_DEFAULT)
        for concept in concepts
    ]
    present = [[answer for answer in concept.answers if exists(answer.term)] for concept in concepts]
    whole = sum(own for own, answers in zip(rarities, present, strict=True) if answers)
    turns: list[tuple[int, Term]] = []
    for number, (concept, own) in enumerate(zip(concepts, rarities, strict=True)):
        for turn, answer in enumerate(present[number]):
            group = 2 * number + answer.term.startswith(CODE_MARK)
            weight = term_weight(own, answer.percent, whole)
            turns.append((turn, Term(answer.term, weight, concept.asked, answer.relation, group, answer.meant)))
    kept = [term for _, term in sorted(turns, key=lambda at: (at[0], -at[1].weight, at[1].group, at[1].term))[:MAX_TERMS]]
    return in_order(kept)


def in_order(terms: list[Term]) -> list[Term]:
    """Groups together, the heaviest group and in it the heaviest term first."""
    heaviest: dict[int, int] = {}
    for term in terms:
        heaviest[term.group] = max(term.weight, heaviest.get(term.group, 0))
    return sorted(terms, key=lambda term: (-heaviest[term.group], term.group, -term.weight, term.term))
