"""All background work, in one place: ``python -m service.background`` is the process that does it.

A feature that has tasks registers them in its ``tasks.py``, which is imported here (a guard test sees to it). It starts without
Flask's application and without the engine: a fifth of the memory and of the start of a web process.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

import service.audit.tasks  # importing registers them
import service.duplicates.tasks
import service.employers.tasks
import service.feeds.staff_tasks
import service.feeds.tasks
import service.imports.tasks
import service.jobs.tasks
import service.open_data.tasks
import service.performance.tasks
import service.privacy.tasks
import service.signin.tasks
import service.upkeep.tasks
import service.wechat.tasks  # noqa: F401  importing registers what each does
from service import clock
from service.config import ConfigError, Settings, load
from service.crypto.rotate import reseal
from service.db import Database
from service.errors import Unavailable
from service.idempotency import forget_old
from service.logs import quiet_crashes, set_up_logs
from service.tasks import every, handler, outside_handler
from service.tasks.queue import PRUNE_BATCH, PULSE, prune
from service.tasks.registry import Outside
from service.tasks.worker import work

TASK_STATEMENT_SECONDS = 60
RESEAL = "keys.reseal"
RESEAL_SECONDS = 4 * 3600

every(PULSE, seconds=60)
every("idempotency.forget", daily_at="03:30")
every(RESEAL, daily_at="02:40")


@handler(PULSE)
def prune_tasks(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Drop what was done long ago. Its last completion is also how ``/status`` knows that somebody works."""
    while prune(session, now) == PRUNE_BATCH:
        pass


@handler("idempotency.forget")
def forget_answers(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Drop remembered answers whose time is over. Not by a clock that has jumped: a forgotten key is a job published twice."""
    if abs(clock.jumped_seconds()) > clock.LARGEST_JUMP_SECONDS:
        raise Unavailable("clock_jumped", "本机时钟跳动过，请先校准时间并重启服务。")
    forget_old(session, now)


@outside_handler(RESEAL, longest_seconds=RESEAL_SECONDS)
def seal_anew(outside: Outside, _payload: dict[str, Any], _now: datetime) -> None:
    """Seal what an older version left open or an older key sealed: an update or a new key needs no hand. It finds nothing to do
    on most days, and goes on where it was when it is killed."""
    reseal(outside.database)


def work_off(settings: Settings) -> None:
    """Work in this process until SIGTERM or SIGINT."""
    database = Database(settings.database_url, pool_size=settings.task_threads + 2, statement_seconds=TASK_STATEMENT_SECONDS)
    try:
        work(database, settings, settings.task_threads)
    finally:
        database.close()


def main() -> int:
    """Work until told to stop. Exit status 1 with a sentence when a setting is wrong."""
    try:
        settings = load()
    except ConfigError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1
    set_up_logs(settings.log_level)
    quiet_crashes()
    work_off(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
