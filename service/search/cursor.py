"""Cursors: where the next page begins, for exactly the question that the first page answered.

A cursor carries the moment of the first page (which is also the day's seed), its number of matches, how far the search had been
widened, and the last key. So later pages neither repeat nor skip a job that has not changed, at any depth. It is bound to the
question by a hash: used with another question it is refused. It is not a secret and not signed, since it opens nothing that the
question does not.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

from matching.model import After
from service.errors import BadRequest

VERSION = 1
LONGEST = 400
_LIMIT = 2**62


@dataclass(frozen=True, slots=True)
class Cursor:
    """The state between two pages of one question."""

    now: int
    total: int
    widened: int
    after: After


def fingerprint(question: dict[str, object]) -> str:
    """A short hash of the question (everything asked, except cursor, limit and view)."""
    text = json.dumps(question, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def dump(cursor: Cursor, question: str) -> str:
    """As text for a URL."""
    key = cursor.after
    fields = [VERSION, question, cursor.now, cursor.total, cursor.widened, key.value, key.published_at, key.job_id]
    return base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode().rstrip("=")


def load(text: str, question: str) -> Cursor:
    """Back from :func:`dump`. Raises 400 when it is not one of ours or belongs to another question."""
    try:
        fields = json.loads(base64.b64decode(text[:LONGEST] + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        version, asked, *numbers = fields
    except (ValueError, TypeError, RecursionError) as wrong:
        raise BadRequest("cursor_unreadable", "翻页标记看不懂，请从第一页重新查。") from wrong
    if version != VERSION or len(numbers) != 6 or not all(type(n) is int and abs(n) < _LIMIT for n in numbers):
        raise BadRequest("cursor_unreadable", "翻页标记看不懂，请从第一页重新查。")
    if asked != question:
        raise BadRequest("cursor_mismatch", "翻页标记属于另一次查询，查询条件变了请从第一页重新查。")
    now, total, widened, value, published_at, job_id = numbers
    return Cursor(now, total, widened, After(value, published_at, job_id))
