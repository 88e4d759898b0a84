"""Sketches that were made before: of a sheet of twenty thousand each task looks at the same neighbours again.

A sketch counts as long as the row has the version, the time of its last change and the credit code that it was made of; these are
asked for each time, which is a tenth of the work.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from service.duplicates.sketch import Sketch

MOST: Final = 1 << 16
"""Sketches kept of one database: about 130 MB when all are there."""
Stamp = tuple[Any, ...]


class Made(NamedTuple):
    """A sketch, the plain beginning of its text, and of which state of the row they were made."""

    stamp: Stamp
    sketch: Sketch
    text: str


class Held:
    """What one process has made of the rows of one database."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._made: dict[int, Made] = {}
        self._lock = threading.Lock()

    def of(self, stamps: Mapping[int, Stamp]) -> Iterator[tuple[int, Made]]:
        """Those of these rows whose sketch still counts."""
        for job_id, stamp in stamps.items():
            made = self._made.get(job_id)
            if made is not None and made.stamp == stamp:
                yield job_id, made

    def keep(self, made: Mapping[int, Made]) -> None:
        """Keep sketches; of too many every other one goes, so that whoever goes through all in turn still finds half."""
        with self._lock:
            self._made |= made
            while len(self._made) > self.most:
                self._made = dict(list(self._made.items())[::2])

    def moved(self, job_id: int, version: int, at: datetime) -> None:
        """Who stands for whom was written to a row, as this version: nothing that its sketch is made of."""
        with self._lock:
            made = self._made.get(job_id)
            if made is not None and made.stamp[0] == version - 1:
                self._made[job_id] = made._replace(stamp=(version, at, *made.stamp[2:]))

    def __len__(self) -> int:
        return len(self._made)


_of_database: WeakKeyDictionary[Any, Held] = WeakKeyDictionary()
_first = threading.Lock()


def held(session: Session) -> Held:
    """What is kept of the database of a session that writes; one that only reads has an engine, and so sketches, of its own."""
    bind = session.get_bind()
    with _first:
        return _of_database.setdefault(getattr(bind, "engine", bind), Held())
