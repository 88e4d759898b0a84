"""The files behind the counters of several processes (``PROMETHEUS_MULTIPROC_DIR``), kept few however often processes die.

Each process counts in files of its own, and prometheus_client keeps those of the dead for ever, because their counts still belong
to the sum. A worker that dies every few seconds would fill the memory in a day; so the counts of a dead process are added to one
pair of files and its own are removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable that prometheus_client reads."""
_ADDED_UP = ("counter", "histogram")
_GONE = "gone"


def fold(pid: int, directory: Path | None = None) -> None:
    """Add up the counts of a process that is gone, and remove its files. Doing it twice changes nothing.

    A scrape at this very moment may see the counts twice, once.
    """
    home = directory or Path(os.environ.get(DIRECTORY, ""))
    if not home.is_absolute() or not home.is_dir():
        return
    with _locked(home):
        for kind in _ADDED_UP:
            left = home / f"{kind}_{pid}.db"
            if left.exists():
                _add(left, home / f"{kind}_{_GONE}.db")
                left.unlink()
        for gauge in home.glob(f"gauge_live*_{pid}.db"):
            gauge.unlink(missing_ok=True)


def _add(left: Path, kept: Path) -> None:
    total = MmapedDict(str(kept))  # type: ignore[no-untyped-call]  # prometheus_client has none here
    try:
        for key, value, _at, _place in MmapedDict.read_all_values_from_file(str(left)):  # type: ignore[no-untyped-call]
            before, at = total.read_value(key)  # type: ignore[no-untyped-call]
            total.write_value(key, before + value, at)  # type: ignore[no-untyped-call]
    finally:
        total.close()  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """The supervisor and gunicorn both have children to bury."""
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
