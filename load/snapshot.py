"""``python -m load.snapshot [--jobs N] [--directory D] [--packed no]``: how long the open copy of a pool takes, in what memory.

Fills an SQLite database of its own once, then reads the snapshot of it block by block in this process, as a web worker would, and
prints seconds, megabytes and how much memory the process had at most beside what it had before.
"""

from __future__ import annotations

import argparse
import resource
import time
import zlib
from pathlib import Path

from load.pool import fill
from service import clock
from service.config import OpenDataSettings
from service.crypto import keyring
from service.crypto.keyring import KeyringFile
from service.db import Database
from service.open_data.selection import Selection
from service.open_data.snapshot import begin, in_blocks, lines


def main() -> int:
    """Fill when needed, read, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path, default=Path("var/load/snapshot"))
    parser.add_argument("--packed", choices=("yes", "no"), default="yes")
    asked = parser.parse_args()
    directory = asked.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    keyring.use(KeyringFile(directory / "keys.json", "intl"))
    path = directory / f"sqlite-{asked.jobs}.db"
    filled = path.with_suffix(".filled")
    if not filled.exists():
        began = time.monotonic()
        for half in directory.glob(f"{path.name}*"):
            half.unlink()
        fill(f"sqlite:///{path}", asked.jobs, clock.now())
        filled.touch()
        print(f"filled in {time.monotonic() - began:.0f} s, {path.stat().st_size / 1e6:.0f} MB; run again to measure")  # noqa: T201
        return 0
    database = Database(f"sqlite:///{path}")
    before = _most_mb()
    began = time.monotonic()
    with database.read_session() as session:
        start = begin(session, clock.now())
    unpack = zlib.decompressobj(wbits=31)
    sent = jobs = 0
    packed = asked.packed == "yes"
    for block in in_blocks(lines(database, start, Selection(), "http://localhost", OpenDataSettings()), gzip=packed):
        sent += len(block)
        jobs += (unpack.decompress(block) if packed else block).count(b'{"type":"job"')
    seconds = time.monotonic() - began
    database.close()
    print(  # noqa: T201
        f"{jobs} jobs in {seconds:.1f} s (unpacking included), {sent / 1e6:.1f} MB sent, "
        f"memory at most {_most_mb():.0f} MB, before {before:.0f} MB"
    )
    return 0


def _most_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main())
