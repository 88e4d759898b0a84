"""Fair exposure: which of the near-ties stands first turns with the day and the person, so that one advert does not take every
application. The seed is a plain hash: the same person sees the same order all day, and anybody can recompute it.
"""

from __future__ import annotations

from datetime import date
from hashlib import blake2b

from matching.model import Query
from service.clock import BEIJING, from_seconds

VISITOR = 0
"""In place of an account's id for who is not signed in."""


def day_of(now: int) -> date:
    """The day in China of a moment in seconds."""
    return from_seconds(now).astimezone(BEIJING).date()


def seed(now: int, account_id: int) -> int:
    """The seed of an account on the day (in China) of ``now``: 32 bits, the engine takes the lowest 24; the same anywhere."""
    return int.from_bytes(blake2b(f"{day_of(now).isoformat()} {account_id}".encode(), digest_size=4).digest())


def seed_for(query: Query, account_id: int | None) -> int | None:
    """The seed for a first page; None in an order that somebody chose (newest, wage …) and in one that is not personal."""
    if query.sort != "score" or not query.personal:
        return None
    return seed(query.now, VISITOR if account_id is None else account_id)
