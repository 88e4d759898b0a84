"""Characters, or pairs of them that stand together, of which at least one stands in every text that a pattern can match.

Most adverts hold none of the words that a rule is about: looking whether they hold its characters at all is a hundred times
cheaper than looking for the words (46 rules, 300 characters: 1.05 ms without, 0.39 ms with; see docs/checks.md). Pairs tell far
more than characters do: 外地 is rare where 外 is not.
"""

from __future__ import annotations

import importlib
import itertools
import operator
import re
from collections.abc import Iterable
from typing import Any

_parser: Any = importlib.import_module("re._parser")
"""Python's own reader of patterns. What it gives that is not known here only means: always look."""
_COMMON = frozenset("的不要招收有人工作一上下在来年月天元0123456789")
"""Characters of nearly every advert: they tell little apart."""
_WIDEST = 64
_MOST_PAIRS = 256


def needles(pattern: re.Pattern[str]) -> frozenset[str]:
    """Empty when nothing can be said: then the pattern has to be tried."""
    if pattern.flags & re.IGNORECASE:
        return frozenset()
    return _of_sequence(_parser.parse(pattern.pattern, pattern.flags)) or frozenset()


def straws(text: str) -> set[str]:
    """The characters and pairs of a text, to be held against needles."""
    found = set(map(operator.add, text, text[1:]))
    found.update(text)
    return found


def _of_sequence(sequence: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    """Every part of a sequence must match: the part, or the two that stand side by side, that tell most are enough."""
    parts = list(sequence)
    found = [needed for part in parts if (needed := _of_part(*part))]
    for first, second in itertools.pairwise(parts):
        left, right = _of_one(*first), _of_one(*second)
        if left and right and len(left) * len(right) <= _MOST_PAIRS:
            found.append(frozenset(one + other for one in left for other in right))
    return min(found, key=_cost, default=None)


def _of_one(kind: Any, said: Any) -> frozenset[str] | None:
    """The characters of a part that is exactly one character long."""
    name = str(kind)
    if name == "LITERAL":
        return frozenset(chr(said))
    return _of_class(said) if name == "IN" else None


def _of_part(kind: Any, said: Any) -> frozenset[str] | None:
    name = str(kind)
    if name in {"LITERAL", "IN"}:
        return _of_one(kind, said)
    if name == "BRANCH":
        each = [_of_sequence(branch) for branch in said[1]]
        return None if any(needed is None for needed in each) else frozenset().union(*(one for one in each if one))
    if name == "SUBPATTERN":
        return _of_sequence(said[3])
    if name == "ATOMIC_GROUP":
        return _of_sequence(said)
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"} and said[0] > 0:
        return _of_sequence(said[2])
    return None


def _of_class(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    found: set[str] = set()
    for kind, said in items:
        name = str(kind)
        if name == "LITERAL":
            found.add(chr(said))
        elif name == "RANGE" and said[1] - said[0] < _WIDEST:
            found.update(map(chr, range(said[0], said[1] + 1)))
        else:
            return None
    return frozenset(found) or None


def _cost(needed: frozenset[str]) -> float:
    single = [one for one in needed if len(one) == 1]
    return len(single) + 20 * len(_COMMON.intersection(single)) + 0.05 * (len(needed) - len(single))
