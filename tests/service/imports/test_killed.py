"""A worker that is killed with -9 in the middle of a sheet, as a real process: another goes on, each line is written once."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask
import pytest
from sqlalchemy import func, select

from service.db import Database
from service.imports.models import SheetImport
from service.jobs.models import Job, JobChange, JobHistory
from tests.service.conftest import People
from tests.service.imports.sheets import book, confirm, row, send

ROOT = Path(__file__).resolve().parents[3]
ROWS = 23


@contextmanager
def worker(url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker process; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.imports.killed_worker", url, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.costly
@pytest.mark.timeout(120)
def test_another_goes_on_and_each_line_is_written_once(app: flask.Flask, people: People, tmp_path: Path) -> None:
    database: Database = app.extensions["database"]
    url = app.extensions["settings"].database_url
    client = app.test_client()
    content = book(*(row(number=f"K-{number}") for number in range(ROWS)))
    import_id = send(client, f"/v1/stations/{people.station_id}/imports", content, people.staff).get_json()["import_id"]
    assert confirm(client, import_id, people.staff).status_code == 202
    for killed_after in (5, 15):
        with worker(url, tmp_path) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line) >= killed_after:
                    break
            process.kill()
    with database.read_session() as session:
        half = session.get_one(SheetImport, import_id)
        assert (half.state, 15 <= half.done < ROWS) == ("running", True)
    with worker(url, tmp_path):
        for waited in itertools.count():
            with database.read_session() as session:
                done = session.get_one(SheetImport, import_id)
                counted = [session.scalar(select(func.count()).select_from(table)) for table in (Job, JobHistory, JobChange)]
            assert counted[0] == done.done  # never one without the other
            if done.state == "done":
                break
            assert waited < 900
            time.sleep(0.1)
    assert counted == [ROWS] * 3
    assert done.counts == {"published": ROWS}
