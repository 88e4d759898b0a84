"""``python -m load.duplicates [--database sqlite] [--jobs N] [--folder F]``: copies found and marked in a stored pool.

Fills a database of its own with made-up vacancies; every tenth of them stands there twice, the second time as another source
would write it. Then the first night (all compared, keys and marks written), a second one that finds nothing to do, and one
advert in a hundred looked at again as after a change. ``service.duplicates.bench`` measures the comparing alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from load.pool import JOB, fill, vacancies
from load.servers import ROOT, postgresql
from service import clock
from service.crypto import keyring
from service.crypto.keyring import KeyringFile
from service.db import Database
from service.duplicates.bench import COPY_EVERY, employer
from service.duplicates.find import Found, find
from service.duplicates.mark import mark
from service.jobs.marking import BATCH
from service.jobs.models import Job

OTHER = "feed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when the second night still changed something."""
    parser = argparse.ArgumentParser(prog="python -m load.duplicates")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="made anew, removed at the end")
    asked = parser.parse_args(arguments)
    folder = (asked.folder or ROOT / "var" / "load" / f"duplicates-{asked.database}-{asked.jobs}").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    keyring.use(KeyringFile(folder / "keys.json", "intl"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if asked.database == "sqlite":
            url = f"sqlite:///{folder / 'chengnuan.db'}"
        else:
            url, _pid = stack.enter_context(postgresql(folder))
        now, began = clock.now(), time.monotonic()
        fill(url, asked.jobs, now, with_copies(asked.jobs, now))
        said: dict[str, Any] = {"database": asked.database, "adverts": asked.jobs, "filled_s": _since(began)}
        database = Database(url)
        stack.callback(database.close)
        first = _night(database)
        said["first_night"], said["planted_and_joined"] = first, _joined(database)
        said["second_night"] = _night(database)
        said["one_percent_again"] = _again(database, asked.jobs)
    said["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(said, ensure_ascii=False, indent=1))  # noqa: T201  this is a command
    return int(said["second_night"]["changed"] > 0)


def with_copies(count: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    """``count`` rows; every tenth is followed by its copy."""
    at = {name: place for place, name in enumerate(JOB)}
    job_id = 0
    for made in vacancies(count, now):
        row = list(made)
        job_id += 1
        row[at["job_id"]], row[at["source_class"]] = job_id, "vacancy"
        row[at["kind"]] = "public"
        row[at["employer_name"]] = name = employer(row[at["employer_id"]] or 0)
        yield tuple(row)
        if job_id % (COPY_EVERY + 1) == COPY_EVERY and job_id < count:
            job_id += 1
            title = row[at["title"]].removeprefix("急招")
            row[at["title"]] = (f"急招{title}10名", f"{title}（包吃住）", title)[job_id % 3][:128]
            row[at["description"]] = row[at["description"]][: len(row[at["description"]]) * 3 // 4]
            row[at["employer_name"]], row[at["employer_id"]] = name.removesuffix("有限公司"), None
            row[at["job_id"]], row[at["source_key"]], row[at["lat"]], row[at["lng"]] = job_id, OTHER, None, None
            row[at["point_source"]] = None
            yield tuple(row)
        if job_id >= count:
            return


def _night(database: Database) -> dict[str, Any]:
    parts: dict[str, float] = {}
    began, work = time.monotonic(), time.process_time()

    def tell(what: str, _done: int) -> None:
        parts[what] = _since(began)

    found: Found = find(database, clock.now(), write=True, progress=tell)
    return {
        "seconds": _since(began), "on_the_processor": round(time.process_time() - work, 1), "after": parts,
        "pairs": found.looked.pairs, "duplicates": found.duplicates, "changed": found.changed,
    }  # fmt: skip


def _joined(database: Database) -> str:
    with database.read_session() as session:
        copies = session.scalar(select(func.count()).where(Job.source_key == OTHER)) or 0
        joined = session.scalar(select(func.count()).where(Job.source_key == OTHER, Job.duplicate_of_id == Job.job_id - 1))
    return f"{joined} of {copies}"


def _again(database: Database, jobs: int) -> dict[str, Any]:
    """Every hundredth advert looked at as after a change, so many at a time as a task takes."""
    ids = range(1, jobs + 1, 100)
    began, took, changed = time.monotonic(), [], 0
    for at in range(0, len(ids), BATCH):
        each = time.monotonic()
        with database.write_session() as session:
            changed += mark(session, ids[at : at + BATCH], clock.now()).changed
        took.append(time.monotonic() - each)
    return {"adverts": len(ids), "seconds": _since(began), "longest_task_s": round(max(took), 2), "changed": changed}


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)


if __name__ == "__main__":
    raise SystemExit(main())
