"""How many answers that take long may be under way at once in a process: a quarter of its threads wait, a quarter send.

Those who look for work always find a thread. A process with fewer than four threads makes nobody wait: it answers at once.
"""

from __future__ import annotations

import threading
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
