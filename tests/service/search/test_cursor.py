"""Cursors come back as they went out, whatever was asked; nothing else is taken for one."""

from __future__ import annotations

import base64
import json
import random
import zlib

import pytest

from matching.model import After, Term
from service.errors import BadRequest
from service.search.cursor import TERM_LONGEST, TERMS_MOST, Cursor, dump, load
from service.search.schemas import LONGEST_TEXT

_RANDOM = random.Random(7)


def _han(length: int) -> str:
    return "".join(chr(_RANDOM.randrange(0x4E00, 0xA000)) for _ in range(length))


def _cursor(words: list[str]) -> Cursor:
    terms = tuple(Term(word, 16_000, word, "synonym", group, word) for group, word in enumerate(words))
    return Cursor(1_795_000_000, 2**32 - 1, 999_999, 12, After(2**36, 1_795_000_000, 2**39), terms)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["焊工"],
        ["a" * LONGEST_TEXT],
        ["hpa" * LONGEST_TEXT],
        [_han(LONGEST_TEXT)],
        ["株式会社" * LONGEST_TEXT],
        [_han(LONGEST_TEXT // TERMS_MOST) for _ in range(TERMS_MOST)],
        [_han(32) for _ in range(TERMS_MOST)],
        [_han(LONGEST_TEXT), *(_han(32) for _ in range(TERMS_MOST - 1))],
    ],
    ids=["none", "short", "latin", "units", "han", "company", "sixteen", "skills", "text-and-skills"],
)
def test_a_cursor_comes_back_as_it_went_out(words: list[str]) -> None:
    cursor = _cursor(words)
    assert load(dump(cursor, "q"), "q") == cursor


@pytest.mark.parametrize("word", ["\ud800", "焊\udfff", "x" * (TERM_LONGEST + 1)])
@pytest.mark.parametrize("place", [0, 2, 3, 5])
def test_a_word_that_is_no_text_is_refused(word: str, place: int) -> None:
    term: list[object] = ["焊工", 1, "焊工", "", 0, ""]
    term[place] = word
    fields = [3, "q", [1, -1, 1, 0, 1, 1, 1], [term]]
    forged = base64.urlsafe_b64encode(zlib.compress(json.dumps(fields).encode())).decode().rstrip("=")
    with pytest.raises(BadRequest):
        load(forged, "q")
