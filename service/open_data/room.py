"""How many answers that take long may be under way at once in a process: a quarter of its threads wait, a quarter send.

Those who look for work always find a thread. A process with fewer than four threads makes nobody wait: it answers at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """Places for who waits for a change, and for who fetches a copy or a sheet."""

    waiting: threading.BoundedSemaphore
    sending: threading.BoundedSemaphore

    @classmethod
    def of(cls, threads: int) -> Room:
        """For a process with so many threads."""
        return cls(threading.BoundedSemaphore(threads // 4), threading.BoundedSemaphore(max(1, threads // 4)))


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
