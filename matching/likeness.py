"""A piece of a title without any word of the tables: what is it most like?

Three ways, each only when it points to one occupation: a slip of the pen (电焊公), a word of the same sound (汗工, 保结员), and
an official name said shorter or with a word more (无损检测技术员, 果蔬和坚果加工人员). The definitions and tasks of the
classification were tried too (pairs of characters, BM25, a table of 350 kB): they found no right answer that the names do not
find, and four wrong ones for every six right, so they are not here.
"""

import re
from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import Final

from rapidfuzz import fuzz

from matching.rules import trade
from matching.title_heads import terms

_NEAREST: Final = 85.0  # fuzz.ratio: a lost or doubled character; 水产技术员 and 生产技术员 (80) are two works
_PEN: Final = 0.75  # certainties: of a slip of the pen (times its ratio), a homophone, an official name said otherwise
_SOUND: Final = 0.65
_NAME: Final = 0.65
_LONGEST_SOUND: Final = 6
_TOO_GENERAL: Final = frozenset({"管理员", "服务人员", "咨询人员", "技术工", "工艺人员"})  # one character from many works
_TAIL: Final = re.compile("(?:工程)?(?:技术人员|技术员|值班员|操作员|操作工|人员|工|员|师|岗)$")


def nearest(word: str) -> tuple[str, str, float] | None:
    """The known word that `word` (letters only, folded) is like, its code and certainty 0..1; None when none or several are."""
    if word in _TOO_GENERAL:
        return None
    return _slip_of_the_pen(word) or _same_sound(word) or _official_name(word)


def _slip_of_the_pen(word: str) -> tuple[str, str, float] | None:
    if not 3 <= len(word) <= 12 or trade.trap_spans(word):  # 养护工 is no slip of the pen of 养老护理员
        return None
    known = terms()
    near = {*known.neighbours.get(word[:2], ()), *known.neighbours.get(word[-2:], ())}
    close = (other for other in near if abs(len(other) - len(word)) <= 1)
    scored = sorted(((fuzz.ratio(word, other), other) for other in close), reverse=True)
    best = [(ratio, other) for ratio, other in scored if ratio >= _NEAREST and known.codes[other][0]]
    if not best or len({known.codes[other][0] for ratio, other in best if ratio == best[0][0]}) > 1:
        return None
    ratio, other = best[0]
    return other, known.codes[other][0], round(ratio / 100 * _PEN, 2)


@cache
def _syllables() -> dict[str, str]:
    """Every character of the known words with its commonest reading, without tone."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415  0.2 s to load, and most titles have a known word

    return {character: str(lazy_pinyin(character)[0]) for word in terms().codes for character in word if not character.isascii()}


@cache
def _reading(character: str) -> str:
    from pypinyin import lazy_pinyin  # noqa: PLC0415

    return _syllables().get(character) or str(lazy_pinyin(character)[0])


@cache
def _sounds() -> dict[str, list[str]]:
    """Words with a code by their sound."""
    found: dict[str, list[str]] = defaultdict(list)
    syllables = _syllables()
    for word, (code, _) in terms().codes.items():
        if code and 2 <= len(word) <= _LONGEST_SOUND and not any(character.isascii() for character in word):
            found[" ".join(syllables[character] for character in word)].append(word)
    return found


def _same_sound(word: str) -> tuple[str, str, float] | None:
    if not 2 <= len(word) <= _LONGEST_SOUND or any(character.isascii() for character in word) or trade.trap_spans(word):
        return None
    words = _sounds().get(" ".join(_reading(character) for character in word), [])
    # Half of the characters may be wrong, not more.
    words = [other for other in words if sum(a == b for a, b in zip(word, other, strict=True)) * 2 >= len(word)]
    if len(word) == 2:  # 汗工 is a 焊工, but 主编 no 竹编
        words = [other for other in words if other.endswith(("工", "洁", "安", "嫂", "厨"))]
    codes = {terms().codes[other][0] for other in words}
    return (words[0], codes.pop(), _SOUND) if len(codes) == 1 else None


@cache
def _names() -> dict[str, list[tuple[str, str, str]]]:
    """Official names by their first two characters, as (stem, name, code)."""
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for row in trade.occupations():
        if row.level == 4:
            name = trade.fold(row.name)
            stem = _TAIL.sub("", name)
            found[stem[:2]].append((stem, name, row.code))
    return found


def _official_name(word: str) -> tuple[str, str, float] | None:
    stem = _TAIL.sub("", word)
    if not 4 <= len(stem) <= 20:
        return None
    fitting = [
        (name, code)
        for other, name, code in _names().get(stem[:2], ())
        if len(other) >= 4
        and (stem != word or stem[-2:] == other[-2:])  # 机械设备 is a thing, 机械设备工 somebody who works at it
        and (_within(stem, other) or (len(stem) - len(other) <= 2 and _within(other, stem)))
    ]
    codes = {code for _, code in fitting}
    return (fitting[0][0], codes.pop(), _NAME) if len(codes) == 1 else None


def _within(short: str, long: str) -> bool:
    """Whether all of `short` stands in `long` in this order, and every two neighbours of it but one side by side."""
    rest = iter(long)
    if len(short) > len(long) or not all(character in rest for character in short):
        return False
    return sum(first + second not in long for first, second in pairwise(short)) <= 1
