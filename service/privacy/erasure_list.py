"""Who has left, in a file outside the database: a backup that is put back knows nothing of those who left after it was made.

One JSON line an erasure: numbers of rows and when those rows were made (a number alone may be another person's by the time the
line is read), nothing else. Lines are only added. Each machine writes its own file; all of them together are the list.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from service.accounts.models import Account
from service.privacy.holds import in_force
from service.privacy.models import Erasure
from service.workers.models import Worker


@dataclass(frozen=True, slots=True)
class Line:
    """One erasure. ``…_made``: when that row was written, in UTC to the microsecond; ``held``: a legal hold kept the data."""

    asked_at: str
    cause: str
    worker_id: int | None
    worker_made: str
    account_id: int | None
    account_made: str
    held: bool

    def whose(self) -> tuple[int | None, str, int | None, str]:
        """The same for all lines about one person."""
        return self.worker_id, self.worker_made, self.account_id, self.account_made


def line_of(session: Session, erasure: Erasure) -> Line:
    """What is to be remembered of an erasure."""
    worker = None if erasure.worker_id is None else session.get_one(Worker, erasure.worker_id)
    account = None if erasure.account_id is None else session.get_one(Account, erasure.account_id)
    return Line(
        asked_at=written(erasure.asked_at),
        cause=erasure.cause,
        worker_id=erasure.worker_id,
        worker_made="" if worker is None else written(worker.created_at),
        account_id=erasure.account_id,
        account_made="" if account is None else written(account.created_at),
        held=erasure.worker_id is not None and in_force(session, erasure.worker_id),
    )


def written(moment: datetime) -> str:
    """A moment as it stands in a line."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def add(file: Path, lines: Iterable[Line]) -> None:
    """Add lines, on the disk when this returns. Raises OSError when the disk does not take them."""
    text = "".join(json.dumps(asdict(line), separators=(",", ":")) + "\n" for line in lines)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0) as opened:
        size = opened.seek(0, os.SEEK_END)
        if size and os.pread(opened.fileno(), 1, size - 1) != b"\n":
            text = "\n" + text  # a full disk cut the line before: it must not take this one with it
        content = text.encode("ascii")
        if opened.write(content) != len(content):
            raise OSError("the disk took only a part of a line")
        os.fsync(opened.fileno())


def read(file: Path) -> tuple[list[Line], list[int]]:
    """The lines of a list, and the numbers of those that cannot be read. Raises OSError."""
    found: list[Line] = []
    unreadable: list[int] = []
    for number, text in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if not text.strip():
            continue
        line = _line(text)
        if line is None:
            unreadable.append(number)
        else:
            found.append(line)
    return found, unreadable


def _line(text: str) -> Line | None:
    try:
        line = Line(**json.loads(text))
        whole = datetime.fromisoformat(line.asked_at).tzinfo is not None
    except (ValueError, TypeError):
        return None
    ids = (line.worker_id, line.account_id)
    if not whole or not all(one is None or type(one) is int for one in ids) or type(line.held) is not bool:
        return None
    return None if ids == (None, None) or type(line.cause) is not str else line
