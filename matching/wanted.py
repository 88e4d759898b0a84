"""What a query asks for, as words with the terms that answer each: itself, its synonyms, its occupation, its right spelling."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import chain, islice, zip_longest
from operator import itemgetter
from typing import Final, NamedTuple

from matching import text
from matching.formula import IDF_DEFAULT, MAX_TERMS, term_weight
from matching.model import Term
from matching.rules import trade
from matching.spelling import Correction, Spelling

CODE_MARK: Final = "#"
_ASKED_MOST: Final = 24
_REMEMBERED: Final = 8192

# What the answers to one asked word are worth, in hundredths of its share of the text points. Of the words of an advert only the
# best one counts, and its occupation beside it: many near words never add up to the right one. In a short advert a word of the
# title reaches about 88 % of its weight (formula.impacts), so the asked word in a title with its occupation comes to about 880 of
# 1000, a synonym with the same occupation to 660, and the occupation alone to 180. The asked word without any occupation (700)
# still beats the synonym that has it.
WORD_PERCENT: Final = 80
OCCUPATION_PERCENT: Final = 20  # an occupation of the classification covers more than the trade that was asked for
RELATION_PERCENT: Final[dict[trade.Relation, int]] = {"same": 55, "narrower": 46, "broader": 30, "near": 20}


class Answer(NamedTuple):
    """A term of the index that answers an asked word; ``percent`` of a full answer, ``relation`` as in ``rules.trade``.

    ``meant`` is the known word for one typed wrongly or in pinyin, to which the relation is; empty when it was typed rightly.
    """

    term: str
    percent: int
    relation: str
    meant: str = ""


class Concept(NamedTuple):
    """One asked word and what answers it. The word itself comes first unless it was corrected."""

    asked: str
    answers: tuple[Answer, ...]


@lru_cache(maxsize=1 << 14)
def _as_term(word: str) -> tuple[str, tuple[str, ...]] | None:
    """A word of the trade as it stands in the index, with the shorter words in it; None when it is cut into several."""
    cut = text.query_words(word)
    return (cut[0], tuple(part for part in text.advert_words(cut[0]) if part != cut[0])) if len(cut) == 1 else None


def ready() -> None:
    """Load the tables, and cut every word of the trade once (0.1 s), so that a word asked for first is as fast as any."""
    for word in trade.vocabulary():
        _as_term(word)


@lru_cache(maxsize=8192)
def _meanings(word: str) -> tuple[Answer, ...]:
    """The word, its occupation, and its synonyms that are one term, best first.

    A synonym that holds another one no worse than itself (焊工师傅 holds 焊工) adds nothing but a better reason: it comes last.
    """
    home = trade.lookup(word)
    if home is None or not home.code:
        return (Answer(word, 100, "same"),)
    worth = {word: WORD_PERCENT}
    related: list[tuple[Answer, tuple[str, ...]]] = []
    for other in trade.related(word):
        found = _as_term(other.word)
        if found is not None and found[0] not in worth:
            worth[found[0]] = percent = RELATION_PERCENT[other.relation]
            related.append((Answer(found[0], percent, other.relation), found[1]))
    known = worth.keys()
    ranked = [
        (any(worth[part] >= answer.percent for part in inside if part in known), -answer.percent, place)
        for place, (answer, inside) in enumerate(related)
    ]
    return (
        Answer(word, WORD_PERCENT, "same"),
        Answer(CODE_MARK + home.code, OCCUPATION_PERCENT, "occupation"),
        *(related[place][0] for _, _, place in sorted(ranked)),
    )


@lru_cache(maxsize=8192)
def _as_typed(word: str) -> Concept:
    return Concept(word, _meanings(word))


@lru_cache(maxsize=4096)
def _corrected(typed: str, corrections: tuple[Correction, ...]) -> Concept:
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


class _Reader:
    """Goes through the words of what was typed; what nobody knows is gathered until a known word ends it, then repaired."""

    def __init__(self, written: str, knows: Callable[[str], bool], spelling: Spelling) -> None:
        self._written = written
        self._knows = knows
        self._spelling = spelling
        self._broken: list[str] = []
        self._silent: list[str] = []
        self.concepts: list[Concept] = []

    def read(self) -> list[Concept]:
        stop, broken = text.STOP_WORDS, self._broken
        for run in text.query_runs(self._written):
            for word in run:
                if len(word) > 1 and (word in stop or self._knows(word) or trade.lookup(word) is not None):
                    if broken and self._joins(word):
                        continue
                    if broken:
                        self._close()
                    if word not in stop:
                        self.concepts.append(_as_typed(word))
                else:
                    if broken and broken[-1].isascii() != word.isascii():
                        self._close()
                    broken.append(word)
            if broken:
                self._close()
        if self._silent and not self.concepts:  # something was asked for, and nobody knows it: that finds nothing, not everything
            nobody = "".join(self._silent)
            return [Concept(nobody, (Answer(nobody, 100, "same"),))]
        return self.concepts

    def _joins(self, word: str) -> bool:
        """Whether what is broken is the beginning of a known word of which the cutter saw only the end: 又车司机."""
        for start in range(len(self._broken)):
            typed = "".join(self._broken[start:]) + word
            found = self._spelling.homophones(typed) or self._spelling.look_alikes(typed)
            if found:
                del self._broken[start:]
                self._close()
                self.concepts.append(_corrected(typed, tuple(found)))
                return True
        return False

    def _close(self) -> None:
        broken = [word for word in self._broken if word not in text.STOP_WORDS]
        typed = "".join(self._broken)
        if len(typed) >= 2 and broken:
            part, found = self._spelling.repair(typed)
            if found:
                self.concepts.append(_corrected(part, found))
                broken = [word for word in broken if word not in part]
        for word in broken:
            if self._tells(word):
                self.concepts.append(_as_typed(word))
            else:
                self._silent.append(word)
        self._broken.clear()

    def _tells(self, word: str) -> bool:
        """A character that is left of an unknown word (阿斯顿发) says nothing; a trade, or all that was typed, does."""
        return len(word) > 1 or word.isascii() or trade.lookup(word) is not None or word == text.normalise(self._written)


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
        found.extend(_Reader(part, knows, spelling).read())
    found.extend(Concept(code, (Answer(CODE_MARK + code, 100, "occupation"),)) for code in trade_codes)
    return tuple({concept.asked: concept for concept in found}.values())[:_ASKED_MOST]


class _Worth(NamedTuple):
    """What one generation of the index says of a concept: its rarity, and the first answers that some job carries."""

    concept: Concept
    rarity: int
    answers: tuple[Answer, ...]
    alone: tuple[Term, ...]
    """The terms when nothing else is asked for."""


class Weigher:
    """Weighs asked words for one generation of the index. Of every word it remembers which of its answers the index has.

    ``rarity`` is that of the last full build, ``exists`` says whether any job carries a term. Threads may share one.
    """

    def __init__(self, rarity: Callable[[str], int | None], exists: Callable[[str], bool]) -> None:
        self._rarity = rarity
        self._exists = exists
        self._worths: dict[str, _Worth] = {}

    def _worth(self, concept: Concept) -> _Worth:
        worth = self._worths.get(concept.asked)
        if worth is None or worth.concept is not concept:
            rarity = next((value for answer in concept.answers if (value := self._rarity(answer.term)) is not None), IDF_DEFAULT)
            answers = tuple(islice((answer for answer in concept.answers if self._exists(answer.term)), MAX_TERMS))
            worth = _Worth(concept, rarity, answers, tuple(in_order(_terms(concept.asked, answers, rarity, rarity, 0))))
            if len(self._worths) >= _REMEMBERED:
                self._worths.clear()
            self._worths[concept.asked] = worth
        return worth

    def terms(self, concepts: tuple[Concept, ...]) -> list[Term]:
        """The at most 16 terms of a query, as :func:`in_order` puts them.

        A word's share of the text points is its rarity among all asked words that have an answer: that of its first answer which
        the last full build knew. The asked words take turns with their first answers, second answers and so on.
        """
        worths = [self._worth(concept) for concept in concepts]
        if len(worths) == 1:
            return list(worths[0].alone)
        found = [(2 * number, worth) for number, worth in enumerate(worths) if worth.answers]
        whole = sum(worth.rarity for _, worth in found)
        turns = -(-MAX_TERMS // max(1, len(found)))
        if any(len(worth.answers) < turns for _, worth in found):
            turns = MAX_TERMS  # others may take the turns of a word that has no more answers
        each = [_terms(worth.concept.asked, worth.answers[:turns], worth.rarity, whole, group) for group, worth in found]
        kept: list[Term] = []
        for turn in zip_longest(*each):
            terms = [term for term in turn if term is not None]
            if len(kept) + len(terms) > MAX_TERMS:
                terms.sort(key=lambda term: (-term.weight, term.group, term.term))
                kept += terms[: MAX_TERMS - len(kept)]
                break
            kept += terms
        return in_order(kept)


_weight = lru_cache(maxsize=1 << 14)(term_weight)


def _terms(asked: str, answers: tuple[Answer, ...], rarity: int, whole: int, group: int) -> list[Term]:
    return [  # `Term(...)` would take five times as long, and this is half of the time of a query's words
        tuple.__new__(Term, (term, _weight(rarity, percent, whole), asked, relation, group + (term[0] == CODE_MARK), meant))
        for term, percent, relation, meant in answers
    ]


_TERM, _WEIGHT, _GROUP = itemgetter(0), itemgetter(1), itemgetter(4)


def in_order(terms: list[Term]) -> list[Term]:
    """Groups together, the heaviest group and in it the heaviest term first."""
    ordered = sorted(terms, key=_TERM)
    ordered.sort(key=_GROUP)
    ordered.sort(key=_WEIGHT, reverse=True)
    groups: dict[int, list[Term]] = {}
    for term in ordered:  # so groups come in the order of their heaviest terms, equals by number
        groups.setdefault(term[4], []).append(term)
    return list(chain.from_iterable(groups.values()))
