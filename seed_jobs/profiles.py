"""Made-up profiles of people who look for work, as many as wanted, for measuring and for tests. Nobody of them exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from matching.model import Query, Worker
from seed_jobs import synthesize
from seed_jobs.draws import CHUNK, Draws

_SEEDS = 1_000_003


def workers(n: int, seed: int = 1, now: int = synthesize.NOW) -> Iterator[Worker]:
    """``n`` made-up profiles with ids 1..n: wishes as in ``synthesize.queries``, and what only a profile has.

    Nine in ten consent; one in fifty blocks employers, one in twenty refuses a trade or a word, one in ten has a pay floor, one
    in twenty looks in regions instead of around a point. Active in the last 90 days, most of them lately.
    """
    for chunk in range((n + CHUNK - 1) // CHUNK):
        draw = Draws(seed * _SEEDS + chunk)
        wishes = synthesize.queries(min(CHUNK, n - chunk * CHUNK), seed * _SEEDS + chunk, now)
        for number, wish in enumerate(wishes, start=chunk * CHUNK + 1):
            ago = draw.below(9_487) ** 2 * 90 * synthesize.DAY // 90_000_000
            yield Worker(number, draw.below(10) > 0, now - ago, _profile(wish, draw))


def _profile(wish: Query, draw: Draws) -> Query:
    pick = draw.below(100)
    if pick < 2:
        return replace(wish, employers_blocked=frozenset(1 + draw.below(synthesize.EMPLOYERS) for _ in range(3)))
    if pick < 5:
        return replace(wish, trades_none=(draw.one(("6-31", "4-02-06", "6-18-02", "4-10")),))
    if pick < 7:
        return replace(wish, words_none=(draw.one(("夜班", "流水线", "倒班")),))
    if pick < 17:
        return replace(wish, wage_floor_yuan_month=draw.one((3000, 3500, 4000, 5000)))
    if pick < 22:
        region = draw.one(("360000000000", "420000000000", "320500000000", "360700000000", "440300000000"))
        return replace(wish, lat=None, lng=None, radius_km=None, regions=(region,))
    return wish
