"""A place in the stream, as followers keep it: opaque to them, small, and complete.

It says how far the change log was read, and up to which moment the jobs that ran out were told: that a job's ``valid_until``
passes writes no line anywhere, so the stream reads it from the rows (``stream.py``).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from service import clock
from service.errors import BadRequest

HELD_MOST = 200
"""Transactions above the horizon that a position remembers; beyond it what they wrote waits for the slow one before them."""
LONGEST = 6_000
ALL_TOLD = 2**53
"""Behind every job that ran out at a moment."""
WHOLE = 0
"""All lines of a transaction; else the last of its lines that was given."""
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Position:
    """``horizon``: every line below was given (a transaction number on PostgreSQL, a line number on SQLite). ``held``: the
    transactions at or above it whose lines were given, each with the last line, or ``WHOLE``. ``newest``: the highest line
    number there was. ``told_until`` and ``told_job``: the jobs that ran out, in the order of (end, id), were told up to here.
    """

    kind: str
    given_at: datetime
    horizon: int
    newest: int
    told_until: datetime
    told_job: int = 0
    held: dict[int, int] = field(default_factory=dict)

    def dump(self) -> str:
        """As text for a URL."""
        held: list[int] = []
        for number, last in sorted(self.held.items()):
            held += [number - self.horizon, last]
        plain = [
            1, self.kind, clock.micros(self.given_at) // 1000, self.horizon, self.newest,
            clock.micros(self.told_until), self.told_job, held,
        ]  # fmt: skip
        return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).rstrip(b"=").decode()

    @classmethod
    def load(cls, text: str) -> Position:
        """Back from :meth:`dump`. Raises BadRequest for what never was one."""
        try:
            read = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            form, kind, given, horizon, newest, told, told_job, held = read
            numbers = [given, horizon, newest, told, told_job, *held]
            known = form == 1 and kind in ("p", "s") and len(held) <= 4 * HELD_MOST
            if known and all(type(number) is int and 0 <= number <= _MOST for number in numbers):
                pairs = {horizon + above: last for above, last in zip(held[::2], held[1::2], strict=True)}
                return cls(kind, clock.from_micros(given * 1000), horizon, newest, clock.from_micros(told), told_job, pairs)
        except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
            pass
        raise BadRequest("position_invalid", "这不是我们给出的位置，请把上次回答里的 position 原样填上。")

    def at(self, now: datetime) -> Position:
        """The same place, given out at another moment."""
        return replace(self, given_at=now)
