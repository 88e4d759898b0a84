"""A worker whose tasks leave a mark that can be counted. Arguments: the database, a folder."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from service.db import Database
from service.employers.models import Employer
from service.logs import set_up_logs
from service.tasks import handler
from service.tasks.worker import Worker
from tests.service.conftest import settings_for


@handler("faults.count", tries=1000)
def count(session: Session, payload: dict[str, Any], now: datetime) -> None:
    """One row for each task."""
    session.add(Employer(name=f"任务{payload['n']}", created_at=now))


if __name__ == "__main__":
    set_up_logs("error")
    database = Database(sys.argv[1], pool_size=4, statement_seconds=5)
    Worker(database, settings_for(sys.argv[1], Path(sys.argv[2])), lease=timedelta(seconds=3), beat_seconds=0.5).run(1)
