"""From written Chinese to the words that are indexed and searched: one function for adverts and for queries.

Order matters: put right what is broken (``matching.repair``), part into clauses (the phrases of adverts repeat, so each is
cut once), normalise (full width, traditional, case, control characters), lift out facts (pay, ages, dates, phones: they are
filters, not words, and the two cutters differ on digits), then cut runs of Han with jieba's dictionary plus our own words.
Changing anything here changes what stored segments mean: ``fingerprint`` stands in every segment, others are refused.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from importlib.metadata import version
from typing import Final, Protocol

import opencc
import rjieba

from matching import repair
from matching.rules import trade

VERSION: Final = 4
ADVERT_CHARS: Final = 20_000
QUERY_CHARS: Final = 400


def _listed(name: str) -> list[str]:
    lines = resources.files("matching").joinpath("data", name).read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


OWN_WORDS: Final = tuple(_listed("own_words.txt"))
STOP_WORDS: Final = frozenset(_listed("stop_words.txt"))

_CONTROL = re.compile(r"[\u0000-\u001f\u007f-\u009f\u2028\u2029]+")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]+")  # inside words too: 焊\u200b工
# Left by programs that read PDF; those that Unicode itself maps to characters are not here.
_RADICALS: Final = str.maketrans("⺮⻁⻄⻅⻆⻉⻋⻓⻔⻘⻚⻛⻜⻝⻢⻤⻥⻦⻩⻬⻰", "竹虎西见角贝车长门青页风飞食马鬼鱼鸟黄齐龙")
_CLAUSE_END: Final = re.compile(r"[。；！？、;!?，,\n\r\v\f\x85\u2028\u2029](?!(?<=\d[，,])\d{3}(?!\d))")  # 6,000 is one number
_ODD_ENDS: Final = (*";!?,\n\r\v\f\x85\u2028\u2029", *(f"{digit}，" for digit in "0123456789"))
FIELD_END: Final = "\x00"
_CACHED_CHARS: Final = 64
_HAN_NUMBER = "[一二两三四五六七八九十]"
_AMOUNT = rf"(?:\d+(?:[.,]\d+)?\s*[k千万w]?|{_HAN_NUMBER}+[百千万](?:{_HAN_NUMBER}+[百千]?)*)"
_YEARS = rf"(?:\d{{2}}|{_HAN_NUMBER}十[多几来]|{_HAN_NUMBER}{{1,3}})"
_UNIT = r"(?:元|块钱|块|圆)?\s*(?:[/每一]\s*(?:个?月|天|日|小?时|年|周|件|h))?\s*(?:以[上下]|左右|起|多)?"
_FACTS: Final = re.compile(
    "|".join(
        (
            r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)",  # mobile phone
            r"(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)",  # land line
            r"\d{4}\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2}\s*[日号]?)?",  # date
            r"\d{1,2}月\d{1,2}[日号]",
            r"\d{1,2}[:点]\d{2}(?:\s*[-~到至]\s*\d{1,2}[:点]\d{2})?",  # clock
            rf"{_YEARS}\s*(?:[-~到至—]+\s*{_YEARS})?\s*[多几来]?周?岁(?:以[上下内]|左右|之间)?",
            rf"{_AMOUNT}\s*(?:[-~到至—]+\s*{_AMOUNT}\s*)?{_UNIT}",  # pay, and every other number
        )
    )
)
_MAY_HOLD_FACT = re.compile(rf"\d|{_HAN_NUMBER}(?:[百千万岁周多几来到至十])")
_RUNS: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z][a-z0-9]*(?:[+#]+)?")
_LATIN_WITH_DIGIT = re.compile(r"(?<![a-z0-9])[a-z]+\d+(?:[a-z]+\d*)*(?![a-z0-9])")
_to_simplified = opencc.OpenCC("t2s")


def _character_patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Characters that ``normalise`` may change; among them the traditional ones; a clause of Han that holds no fact either."""
    han = "\n".join(map(chr, range(0x4E00, 0xA000)))
    simple = {one for one, simplified in zip(han, _to_simplified.convert(han), strict=True) if one == simplified} - {"\n"}
    settled = "".join(sorted(simple - set(repair.SUSPECT)))
    plain = "".join(sorted(simple - set(repair.SUSPECT) - set(_HAN_NUMBER)))
    return (
        re.compile(rf"[^ -%'-;=>@\[-~。、“”‘’《》—·{settled}]"),
        re.compile(f"[^\u0000-\u33ff{''.join(sorted(simple))}]"),
        re.compile(f"[{plain}]+"),
    )


_UNSETTLED, _MAYBE_TRADITIONAL, _PLAIN_RUN = _character_patterns()


class Cutter(Protocol):
    """What the words need of a cutter; jieba's own ``Tokenizer`` is wrapped to it in the tests, as the oracle."""

    def cut_for_search(self, text: str, hmm: bool) -> list[str]: ...
    def cut(self, text: str, hmm: bool) -> list[str]: ...


@cache
def vocabulary() -> tuple[str, ...]:
    """Our own words, sorted: trades with their synonyms, and benefits. The cutter never splits them."""
    # No word is known before they are: cut into single characters, none of them is taken for broken text (绗缝 looks like it).
    words = {_settled(word, list) for word in trade.vocabulary()} | set(OWN_WORDS)
    return tuple(sorted(word for word in words if len(word) >= 2 and _RUNS.fullmatch(word)))


@cache
def fingerprint() -> str:
    """Names the rules by which words were made; a segment made by other rules is refused and rebuilt."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{VERSION} {version('rjieba')} {version('opencc')} {version('pypinyin')}\n".encode())
    for word in (*vocabulary(), *sorted(STOP_WORDS)):
        digest.update(word.encode() + b"\n")
    return digest.hexdigest()


@cache
def cutter() -> Cutter:
    """The one cutter of this process (0.2 s to load), with our words."""
    loaded = rjieba.Jieba()
    for word in vocabulary():
        loaded.add_word(word, WORD_FREQUENCY, "n")
    made: Cutter = loaded
    return made


WORD_FREQUENCY: Final = 20_000  # of 60 million in jieba's dictionary: a word of ours beats any split of it


def normalise(text: str) -> str:
    """What is broken put right; half width, simplified, lower case; one space for control characters and runs of space.

    Normalising twice changes nothing.
    """
    if not _UNSETTLED.search(text):
        return " ".join(text.split()) if " " in text else text
    return _settled(text, _known_pieces)


def _settled(text: str, cut: repair.Cut) -> str:
    if not text.isascii():
        text = text.encode(errors="ignore").decode()  # half a pair is no character, and rjieba and OpenCC refuse it
    while True:
        before = text
        text = _INVISIBLE.sub("", repair.repaired(text, cut))  # after: a soft hyphen may be a byte of a character
        text = unicodedata.normalize("NFKC", _CONTROL.sub(" ", text).translate(_RADICALS)).lower()
        if _MAYBE_TRADITIONAL.search(text):
            text = _to_simplified.convert(_to_simplified.convert(text))  # twice: 薴 becomes 苧, which becomes 苎
        text = " ".join(text.split())
        if text == before or not _UNSETTLED.search(text):
            return text


def _known_pieces(run: str) -> list[str]:
    return cutter().cut(run, False)


def without_facts(text: str) -> str:
    """``text`` (normalised) with pay, ages, dates, clock times and phones replaced by a space; ``c1`` and ``二保焊`` stay."""
    if not _MAY_HOLD_FACT.search(text):
        return text
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\ue000{chr(0xE100 + len(kept) - 1)}\ue001" if len(kept) <= 1000 else match.group()

    text = _FACTS.sub(" ", _LATIN_WITH_DIGIT.sub(keep, text))
    return re.sub("\ue000(.)\ue001", lambda match: kept[ord(match.group(1)) - 0xE100], text)


def _ends_as_work(word: str, written: str) -> bool:
    """Whether the last 工 of ``word`` closes it anywhere in ``written``; the one of 木工 in 土木工程师 does not."""
    at = written.find(word)
    while at >= 0:
        if trade.stands_alone(written, at, at + len(word)):
            return True
        at = written.find(word, at + 1)
    return False


def _without_false_trades(words: list[str], run: str) -> list[str]:
    """The words of a run without the shorter words inside long ones that only look like a trade: 土木工程师 is no 木工.

    The cutter puts the shorter words before the one that holds them. Words that it cut by themselves stay.
    """
    kept: list[str] = []
    holder = ""
    for word in reversed(words):
        inside = word != holder and word in holder
        if not inside:
            holder = word
        if not inside or word[-1] != "工" or _ends_as_work(word, holder) or _ends_as_work(word, run):
            kept.append(word)
    return kept[::-1]


def _runs(text: str, *, search: bool, singles: bool, using: Cutter | None) -> list[str]:
    words: list[str] = []
    chosen = using or cutter()
    for run in _RUNS.findall(text):
        if run[0] <= "z":
            words.append(run)
        else:
            words.extend(_run_words(run, chosen) if search else chosen.cut(run, False))
    return _telling(words, singles)


def _run_words(run: str, using: Cutter) -> list[str]:
    words = using.cut_for_search(run, False)
    return _without_false_trades(words, run) if "工" in run else words


def _telling(words: list[str], singles: bool) -> list[str]:
    if singles:
        return [word for word in words if word not in STOP_WORDS]
    return [word for word in words if len(word) > 1 and word not in STOP_WORDS]


def clauses(written: str) -> list[str]:
    """The parts of a field between commas, stops and line breaks, as written; a number like 6,000 stays whole.

    No word reaches over such a mark, so cutting clause by clause gives the words of the whole. Only the first 20,000 characters.
    """
    return [clause for clause in _CLAUSE_END.split(repair.repaired(written[:ADVERT_CHARS], _known_pieces)) if clause]


def clauses_of_many(written: Iterable[str]) -> list[str]:
    """The clauses of many fields end to end, behind those of each field :data:`FIELD_END`; as ``clauses`` gives them, but empty
    ones are kept. For a build: one pass over all characters instead of one call a field.
    """
    joined = f"。{FIELD_END}。".join([field[:ADVERT_CHARS].replace(FIELD_END, " ") for field in written])
    if any(sign in joined for sign in _ODD_ENDS):
        joined = _CLAUSE_END.sub("。", joined)
    else:  # replacing whole marks is ten times as fast as an expression, which is needed for half-width ones and for 6，000
        for mark in "；！？、，":
            joined = joined.replace(mark, "。")
    return [*joined.split("。"), FIELD_END]


def clause_words(clause: str, singles: bool) -> tuple[str, ...]:
    """The words of one clause, repeats kept, with the shorter words inside long ones (电子厂 gives 电子 too).

    ``singles`` False leaves out single characters, which in a description are nearly always particles.
    """
    return _short_clause_words(clause, singles) if len(clause) <= _CACHED_CHARS else _cut_clause(clause, singles)


def _cut_clause(clause: str, singles: bool) -> tuple[str, ...]:
    if _PLAIN_RUN.fullmatch(clause):  # most clauses: nothing to normalise and no fact to lift
        return tuple(_telling(_run_words(clause, cutter()), singles))
    return tuple(_runs(without_facts(normalise(clause)), search=True, singles=singles, using=None))


_short_clause_words = lru_cache(maxsize=1 << 16)(_cut_clause)


def advert_words(text: str, *, singles: bool = True) -> tuple[str, ...]:
    """The words of one field of an advert: those of its clauses, one after the other."""
    return tuple(word for clause in clauses(text) for word in clause_words(clause, singles))


def _query_texts(text: str) -> list[str]:
    return [without_facts(normalise(clause)) for clause in clauses(text[:QUERY_CHARS])]


def query_words(text: str) -> tuple[str, ...]:
    """The words of what a person typed, each once, in order; only the first 400 characters count."""
    words = (_runs(clause, search=False, singles=True, using=None) for clause in _query_texts(text))
    return tuple(dict.fromkeys(word for found in words for word in found))


def query_runs(text: str) -> list[list[str]]:
    """What a person typed, cut, stop words kept: one list for each unbroken run of writing. For correction of whole runs."""
    cut = cutter().cut
    runs = [run for clause in _query_texts(text) for run in _RUNS.findall(clause)]
    return [[run] if run[0] <= "z" else cut(run, False) for run in runs]


def words_by(using: Cutter, text: str, *, search: bool) -> list[str]:
    """As ``advert_words`` or ``query_words`` would cut, with another cutter: how the test holds rjieba and jieba equal."""
    return _runs(without_facts(normalise(text)), search=search, singles=True, using=using)
