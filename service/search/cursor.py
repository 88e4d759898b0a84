"""Cursors: where the next page begins, for exactly the question that the first page answered.

A cursor carries the moment of the first page, the seed of its fair exposure, its number of matches, how far the search had been
widened, the words as they were weighed, and the last key. So later pages neither repeat nor skip a job that has not changed, at
any depth, also when the index was built anew, midnight passed or the person signed in in between. It is bound to the question by
a hash: used with another question it is refused. It is not a secret and not signed, since it opens nothing that the question does
not.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass

from matching.model import After, Term
from service.errors import BadRequest
from service.search.schemas import LONGEST_TEXT

VERSION = 3
LONGEST = 6_000
LARGEST = 32_000
"""Bytes of an unpacked cursor. 16 words with their origins take about 1,200, but somebody may write one word over everything
that may be asked, and each word stands there up to three times (itself, as asked, as meant)."""
TERMS_MOST = 16
TERM_LONGEST = 4 * LONGEST_TEXT
"""Of one character may become four when it is normalised: ㍿."""
WEIGHT_MOST = 16_000
_LIMIT = 2**40
_NO_SEED = -1
_SEED_MOST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """The state between two pages of one question."""

    now: int
    fair_seed: int | None
    total: int
    widened: int
    after: After
    terms: tuple[Term, ...]


def fingerprint(question: dict[str, object]) -> str:
    """A short hash of the question (everything asked, except cursor, limit and view)."""
    text = json.dumps(question, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def dump(cursor: Cursor, question: str) -> str:
    """As text for a URL."""
    seed = _NO_SEED if cursor.fair_seed is None else cursor.fair_seed
    after = cursor.after
    numbers = [cursor.now, seed, cursor.total, cursor.widened, after.value, after.published_at, after.job_id]
    terms = [[term.term, term.weight, term.asked, term.relation, term.group, term.meant] for term in cursor.terms]
    fields = [VERSION, question, numbers, terms]
    packed = zlib.compress(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def load(text: str, question: str) -> Cursor:
    """Back from :func:`dump`. Raises 400 when it is not one of ours or belongs to another question."""
    try:
        if len(text) > LONGEST:
            raise ValueError(len(text))  # noqa: TRY301  one way out for everything that is not ours
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        version, asked, numbers, terms = json.loads(zlib.decompressobj().decompress(packed, LARGEST))
        now, seed, total, widened, *key = (_number(value) for value in numbers)
        fair_seed = None if seed == _NO_SEED else seed & _SEED_MOST
        cursor = Cursor(now, fair_seed, total, widened, After(*key), tuple(_term(*term) for term in terms[:TERMS_MOST]))
    except (ValueError, TypeError, RecursionError, zlib.error) as wrong:
        raise BadRequest("cursor_unreadable", "翻页标记看不懂，请从第一页重新查。") from wrong
    if version != VERSION:
        raise BadRequest("cursor_unreadable", "翻页标记看不懂，请从第一页重新查。")
    if asked != question:
        raise BadRequest("cursor_mismatch", "翻页标记属于另一次查询，查询条件变了请从第一页重新查。")
    return cursor


def _number(value: object) -> int:
    if type(value) is not int or abs(value) >= _LIMIT:
        raise ValueError(value)
    return value


def _term(term: object, weight: object, asked: object, relation: object, group: object, meant: object) -> Term:
    texts = [word for word in (term, asked, relation, meant) if isinstance(word, str) and len(word) <= TERM_LONGEST]
    if len(texts) != 4 or not 1 <= _number(weight) <= WEIGHT_MOST or not 0 <= _number(group) < 4 * TERMS_MOST:
        raise ValueError(term)
    for word in texts:
        word.encode()  # half a pair is no text: UnicodeEncodeError is a ValueError
    return Term(texts[0], _number(weight), texts[1], texts[2], _number(group), texts[3])
