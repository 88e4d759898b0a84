"""A worker process that works an import off a few lines at a time and says so, to be killed. Arguments: database, folder."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

from service.crypto import keyring
from service.db import Database
from service.imports import run as running
from service.imports import tasks
from service.logs import set_up_logs
from service.tasks.worker import Worker
from tests.service.conftest import settings_for

LEASE_SECONDS = 2


def tell(done: int) -> None:
    """Say how far it is, and take some time."""
    sys.stdout.write(f"{done}\n")
    sys.stdout.flush()
    time.sleep(0.2)


if __name__ == "__main__":
    set_up_logs("error")  # standard output is for the test
    settings = settings_for(sys.argv[1], Path(sys.argv[2]))
    keyring.use(keyring.file_of(settings))
    running.BATCH = 5
    vars(tasks)["run"] = partial(running.run, after_batch=tell)
    Worker(Database(sys.argv[1]), settings, lease=timedelta(seconds=LEASE_SECONDS), beat_seconds=0.5, poll_seconds=0.1).run(1)
