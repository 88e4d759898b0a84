"""Trades (工种): what a word for work means, which words mean the same, and where it stands in the classification.

Three tables lie beside this module, their origin in `data/SOURCES.md`: the occupation classification of 2022
(`occupations.csv`), the trades people really search for (`trades.csv`) and the hand-checked words for them
(`trade_synonyms.csv`). Where the two disagree the hand-made tables win: 注塑工 is a moulder, whatever a job site says.
"""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final, Literal, NamedTuple

Relation = Literal["same", "narrower", "broader", "near"]

# What a word found by a relation is worth beside the word that was asked for. A narrower job is a full answer with a
# special skill in it; a broader one may turn out to be another branch; a near one is only worth a look.
WEIGHTS: Final[dict[Relation, float]] = {"same": 1.0, "narrower": 0.9, "broader": 0.6, "near": 0.4}

# Between how the classification writes a name and how people type it: full-width letters, and capitals (cnc, Cnc, CNC).
# Every character maps to exactly one, so that positions in the folded text are positions in the text.
_FOLD: Final = {0xFF01 + i: chr(0x21 + i).upper() for i in range(94)}
_FOLD.update({ord(c): c.upper() for c in "abcdefghijklmnopqrstuvwxyz"})
_FOLD[0x3000] = " "
_FOLDABLE: Final = re.compile(
    "[a-z\u3000\uff01-\uff5e]"
)  # most words hold none, and translating costs a tenth of a µs a character

# 工 closes a trade word, but also opens 工程, 工厂, 工资…: a 木工 before 程 is 土木工程. 作 is here too: 电焊工作 is
# 电焊 + 工作.
_AFTER_GONG: Final = frozenset("程厂艺业资会具龄时种伤段位序期况件作")


class Occupation(NamedTuple):
    """A row of the occupation classification 2022. `level` 1-4; `code` as printed, d-dd-dd-dd; aliases as found."""

    code: str
    level: int
    name: str
    aliases: tuple[str, ...]
    parent: str

    @property
    def is_detailed(self) -> bool:
        """A detailed occupation (细类), or the rest class (…-99-00) of its branch, which has no finer level."""
        return self.level == 4 or self.code.endswith("-99-00")


@dataclass(frozen=True, slots=True)
class Trade:
    """The trade a word stands for: its usual word, the occupation's code (detailed level) and official name."""

    word: str
    code: str
    name: str


class Related(NamedTuple):
    """A word worth searching for beside the one asked for; `relation` is what it is to the asked one."""

    word: str
    relation: Relation
    weight: float


class Pair(NamedTuple):
    """A row of the synonym table: what `word` is to `trade`."""

    word: str
    trade: str
    relation: str
    code: str
    note: str


def _rows(name: str) -> list[list[str]]:
    text = resources.files("matching.rules").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()))[1:]


def fold(text: str) -> str:
    """`text` with full-width signs made half-width and Latin letters made capitals; the length does not change."""
    return text.translate(_FOLD) if _FOLDABLE.search(text) else text


class _Book:
    """The tables, read once: from a word to its home trade and the edges between home trades."""

    __slots__ = (
        "broader",
        "children",
        "home",
        "longest",
        "near",
        "occupations",
        "pairs",
        "trades",
        "trap_lengths",
        "traps",
        "vocabulary",
        "words",
    )

    def __init__(self) -> None:
        self.occupations: dict[str, Occupation] = {}
        for code, level, name, aliases, parent in _rows("occupations.csv"):
            split = tuple(aliases.split("|")) if aliases else ()
            self.occupations[code] = Occupation(code, int(level), name, split, parent)
        self.pairs = tuple(Pair(*row) for row in _rows("trade_synonyms.csv"))
        self.trades: dict[str, Trade] = {}
        self.home: dict[str, str] = {}  # word -> the word of its trade
        self.words: dict[str, list[str]] = defaultdict(list)  # trade -> its words, the usual one first
        self.broader: dict[str, list[str]] = defaultdict(list)
        self.children: dict[str, list[str]] = defaultdict(list)
        self.near: dict[str, list[str]] = defaultdict(list)
        for word, code, _note in _rows("trades.csv"):
            self._add(word, word, code)
        for pair in self.pairs:
            if pair.relation == "same":
                self._add(pair.word, pair.trade, pair.code)
            elif pair.relation == "narrower":
                self._add(pair.word, pair.word, pair.code)
        for pair in self.pairs:
            upper, word = self.home[fold(pair.trade)], self.home[fold(pair.word)]
            if pair.relation == "narrower":
                self._link(word, upper)
            elif pair.relation == "near":
                self.near[word].append(upper)
                self.near[upper].append(word)
        self._add_classification()
        self.traps = {fold(phrase): fold(keep) for phrase, keep, _note in _rows("trade_traps.csv")}
        self.vocabulary = frozenset(self.home)
        self.longest: dict[str, list[int]] = {}  # first two characters -> lengths of the words that begin so
        lengths: dict[str, set[int]] = defaultdict(set)
        for word in (*self.home, *self.traps):
            lengths[word[:2]].add(len(word))
        for first, found in lengths.items():
            self.longest[first] = sorted(found, reverse=True)
        self.trap_lengths: dict[str, list[int]] = defaultdict(list)
        for phrase in sorted(self.traps, key=len, reverse=True):
            if len(phrase) not in self.trap_lengths[phrase[0]]:
                self.trap_lengths[phrase[0]].append(len(phrase))

    def _add(self, word: str, trade: str, code: str) -> None:
        key = fold(word)
        if key in self.home:
            return
        self.home[key] = trade
        self.words[trade].append(word)
        if trade not in self.trades:
            self.trades[trade] = Trade(trade, code, self.occupations[code].name)

    def _link(self, word: str, upper: str) -> None:
        if word != upper and upper not in self.broader[word]:
            self.broader[word].append(upper)
            self.children[upper].append(word)

    def _add_classification(self) -> None:
        """The official names and the aliases of job sites, where no hand-made row says otherwise.

        An alias is one of the works an occupation covers, not another word for all of it, so it is narrower.
        """
        detailed = [row for row in self.occupations.values() if row.is_detailed]
        for row in detailed:
            if not row.code.endswith("-99-00"):
                self._add(row.name, row.name, row.code)
        for row in detailed:
            for alias in row.aliases:
                if fold(alias) not in self.home and len(alias) > 1:
                    self._add(alias, alias, row.code)
                    if fold(row.name) in self.home:
                        self._link(alias, self.home[fold(row.name)])


@cache
def _book() -> _Book:
    return _Book()


def lookup(word: str) -> Trade | None:
    """The trade `word` stands for (看大门 → 门卫), or None when the word is not a trade word we know.

    Only whole words: for a title or a sentence use `find_words` or `matching.classify`.
    """
    book = _book()
    home = book.home.get(fold(word.strip()))
    return None if home is None else book.trades[home]


def related(word: str | Trade) -> tuple[Related, ...]:
    """Every word to search for beside `word`, best first: same, narrower, broader, near. Empty for an unknown word.

    The asked word itself is not in the answer. Weights are `WEIGHTS`.
    """
    key = fold(word.word if isinstance(word, Trade) else word.strip())
    return _related(key) if key in _book().home else ()


@cache  # bounded by the vocabulary: `related` asks for known words only
def _related(key: str) -> tuple[Related, ...]:
    book = _book()
    home = book.home[key]
    below, above = _closure(home, book.children), _closure(home, book.broader)
    near = [trade for trade in book.near[home] if trade not in below and trade not in above]
    found: dict[str, Related] = {}
    groups: list[tuple[Relation, list[str]]] = [
        ("same", [home]),
        ("narrower", below),
        ("broader", above),
        ("near", near),
    ]
    for relation_, trades in groups:
        for trade in trades:
            for other in book.words[trade]:
                if fold(other) != key:
                    found.setdefault(other, Related(other, relation_, WEIGHTS[relation_]))
    return tuple(found.values())


def _closure(home: str, edges: dict[str, list[str]]) -> list[str]:
    found: list[str] = []
    queue = list(edges.get(home, ()))
    while queue:
        trade = queue.pop(0)
        if trade != home and trade not in found:
            found.append(trade)
            queue.extend(edges.get(trade, ()))
    return found


def relation(asked: str, offered: str) -> Relation | None:
    """What the work `offered` is to the work `asked`: asked 焊工, offered 氩弧焊工 is narrower. None: unrelated or unknown."""
    book = _book()
    wanted, given = book.home.get(fold(asked.strip())), book.home.get(fold(offered.strip()))
    if wanted is None or given is None:
        return None
    if wanted == given:
        return "same"
    return _between(wanted, given)


@lru_cache(maxsize=4096)
def _between(wanted: str, given: str) -> Relation | None:
    book = _book()
    if given in _closure(wanted, book.children):
        return "narrower"
    if given in _closure(wanted, book.broader):
        return "broader"
    return "near" if given in book.near.get(wanted, ()) else None


def find_words(text: str) -> list[tuple[str, int, int]]:
    """The trade words in free text as (word as written, start, end), left to right, the longest at each place.

    Phrases that only look like a trade (土木工程, 包水电, 电工胶带: table `trade_traps.csv`) are passed over, and so is
    a word whose last 工 belongs to what follows (工程, 工厂). A Latin word counts only when it stands alone.
    """
    book = _book()
    folded = fold(text)
    found: list[tuple[str, int, int]] = []
    at, size = 0, len(folded)
    while at < size:
        for length in book.longest.get(folded[at : at + 2], ()):
            end = at + length
            if end > size:
                continue
            piece = folded[at:end]
            if piece in book.traps:
                keep = book.traps[piece]
                if keep:
                    start = at + piece.index(keep)
                    found.append((text[start : start + len(keep)], start, start + len(keep)))
                at = end
                break
            if piece in book.home and stands_alone(folded, at, end):
                found.append((text[at:end], at, end))
                at = end
                break
        else:
            at += 1
    return found


def trap_spans(folded: str) -> list[tuple[int, int]]:
    """Where phrases stand in a folded text that only look like a trade (table `trade_traps.csv`), as (start, end)."""
    book = _book()
    found: list[tuple[int, int]] = []
    for at, first in enumerate(folded):
        for length in book.trap_lengths.get(first, ()):
            piece = folded[at : at + length]
            if len(piece) == length and not book.traps.get(piece, "-"):
                found.append((at, at + length))
                break
    return found


def stands_alone(folded: str, start: int, end: int) -> bool:
    """Whether a match in a folded text is a word there: Latin not inside a longer one, a last 工 not opening 工程."""
    first, last = folded[start], folded[end - 1]
    if first.isascii() and first.isalpha() and start and folded[start - 1].isascii() and folded[start - 1].isalpha():
        return False
    if end == len(folded):
        return True
    after = folded[end]
    if last.isascii() and last.isalpha():
        return not (after.isascii() and after.isalpha())
    return not (last == "工" and after in _AFTER_GONG)


def occupation(code: str) -> Occupation | None:
    """The row of the classification with this code (d-dd-dd-dd), or None."""
    return _book().occupations.get(code)


def occupations() -> tuple[Occupation, ...]:
    """The whole classification in the order of its codes, all four levels."""
    return tuple(_book().occupations.values())


def pairs() -> tuple[Pair, ...]:
    """The hand-checked rows: what a word is to a trade."""
    return _book().pairs


def vocabulary() -> frozenset[str]:
    """Every trade word, folded (capitals, half-width), for the tokenizer's own word list."""
    return _book().vocabulary
