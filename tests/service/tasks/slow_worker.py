"""A worker process whose tasks take their time, to be killed in the middle. Arguments: the database, a folder."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from service.db import Database
from service.employers.models import Employer
from service.logs import set_up_logs
from service.tasks import Outside, handler, outside_handler
from service.tasks.worker import Worker
from tests.service.conftest import settings_for

LEASE_SECONDS = 3
WORK_SECONDS = 1.5


def tell() -> None:
    """Say that a task has begun."""
    sys.stdout.write("began\n")
    sys.stdout.flush()


@handler("test.inside")
def inside(session: Session, payload: dict[str, Any], now: datetime) -> None:
    """Write, and die before the commit."""
    session.add(Employer(name=f"演示{payload['n']}", created_at=now))
    session.flush()
    tell()
    time.sleep(WORK_SECONDS)


@outside_handler("test.outside")
def outside(_outside: Outside, payload: dict[str, Any], now: datetime) -> Any:
    """Ask somebody outside, then write in the transaction of the completion."""
    tell()
    time.sleep(WORK_SECONDS)
    return lambda session: session.add(Employer(name=f"演示{payload['n']}", created_at=now))


if __name__ == "__main__":
    set_up_logs("error")  # standard output is for the test
    database = Database(sys.argv[1])
    settings = settings_for(sys.argv[1], Path(sys.argv[2]))
    Worker(database, settings, lease=timedelta(seconds=LEASE_SECONDS), beat_seconds=0.5, poll_seconds=0.1).run(1)
