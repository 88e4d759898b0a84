"""How many answers that take long may be under way at once in a process: a quarter of its threads wait, a quarter
send copies, a quarter sheets.

Those who look for work always find a thread. A process with fewer than four threads makes nobody wait: it answers at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """Places for who waits for a change, for who fetches a copy, and for offices that fetch a sheet: strangers who are slow to
    take a copy keep no office from its sheet."""

    waiting: threading.BoundedSemaphore
    sending: threading.BoundedSemaphore
    sheets: threading.BoundedSemaphore

    @classmethod
    def of(cls, threads: int) -> Room:
        """For a process with so many threads."""
        few = max(1, threads // 4)
        copies = threading.BoundedSemaphore(few)
        sheets = threading.BoundedSemaphore(few) if threads >= 4 else copies
        return cls(threading.BoundedSemaphore(threads // 4), copies, sheets)


class Place:
    """A place that somebody has, given back once, however often it is said."""

    def __init__(self, places: threading.BoundedSemaphore) -> None:
        self._places: threading.BoundedSemaphore | None = places
        self._lock = threading.Lock()

    def give_back(self) -> None:
        """Free for the next one."""
        with self._lock:
            places, self._places = self._places, None
        if places is not None:
            places.release()

    def while_sending(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces; the place is free when the last was taken, or nobody wants more."""
        try:
            yield from pieces
        finally:
            self.give_back()


def take(places: threading.BoundedSemaphore) -> Place | None:
    """A place, None when all are taken. Nobody is kept waiting for one."""
    return Place(places) if places.acquire(blocking=False) else None
