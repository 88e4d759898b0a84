"""A disk that is full or read-only: what cannot be kept is refused clearly, what stands is shown, and it passes by itself."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from service import clock
from service.app import create_app
from service.indexing.follower import Follower
from service.jobs.models import Job
from service.migrations.run import upgrade
from tests.service.conftest import People, draft, make_people, settings_for
from tests.service.test_running import until

DISK_MB = 24


def mounted(directory: Path, *options: str) -> bool:
    """Whether a small file system could be mounted there; only root may."""
    return subprocess.run(["mount", *options, str(directory)], check=False, capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of 24 MB, in memory."""
    directory = tmp_path / "disk"
    directory.mkdir()
    if not mounted(directory, "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs"):
        pytest.skip("a small file system can be mounted by root only; the quota of pages is tested all the same")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


@contextmanager
def service_on(directory: Path) -> Iterator[tuple[flask.Flask, FlaskClient, People]]:
    """An application whose database and index lie there."""
    url = f"sqlite:///{directory / 'own.db'}"
    upgrade(url)
    app = create_app(settings_for(url, directory))
    with app.extensions["database"].write_session() as session:
        people = make_people(session, clock.now())
    yield app, app.test_client(), people
    app.extensions["live_index"].stop()
    app.extensions["database"].close()


def publish(client: FlaskClient, people: People, number: int) -> Any:
    """Publish something with a long text; the answer."""
    body = draft(title=f"电焊工（{number}）", description="流水线组装，坐着上班，包吃住。" * 60)
    return client.post("/v1/jobs", json=body, headers=people.employer | {"Idempotency-Key": f"disk-{number:05d}"})


def publish_until_refused(client: FlaskClient, people: People) -> int:
    """How many were confirmed before the first refusal; that one must be clear."""
    for number in range(3000):
        answer = publish(client, people, number)
        if answer.status_code != 201:
            assert (answer.status_code, answer.get_json()["error"]) == (503, "unavailable")
            assert answer.headers["Retry-After"] == "5"
            return number
    pytest.fail("the disk was never full")


def fill(filler: Path) -> None:
    """Write until there is no room."""
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        for _ in range(DISK_MB * 16 + 1):
            file.write(b"x" * 65536)
        pytest.fail("the disk was never full")


def kept(app: flask.Flask) -> int:
    """How many jobs stand."""
    with app.extensions["database"].read_session() as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def test_a_full_disk(small_disk: Path) -> None:
    with service_on(small_disk) as (app, client, people):
        follower = Follower(app.extensions["database"], small_disk / "index", poll_seconds=0.05)
        assert publish(client, people, 9001).status_code == 201
        follower.step()
        assert publish(client, people, 9002).status_code == 201  # waits for the index
        filler = small_disk / "filler"
        fill(filler)
        confirmed = publish_until_refused(client, people)
        assert kept(app) == confirmed + 2
        assert client.get("/v1/jobs/1").status_code == 200
        assert client.get("/v1/jobs?q=电焊工").status_code == 200
        said = client.get("/status").get_json()["disk"]
        assert said == {"ok": False, "free_mb": 0}

        # The follower cannot write either: it says so, and the index that stands is served.
        running = threading.Thread(target=follower.run)
        running.start()
        until(lambda: "写索引文件失败" in (follower._error or ""), 20, "the follower has not noticed")
        assert client.get("/v1/jobs?q=电焊工").status_code == 200
        filler.unlink()
        assert publish(client, people, confirmed).status_code == 201
        assert kept(app) == confirmed + 3
        for _ in range(400):
            app.extensions["live_index"].refresh()
            if client.get("/status").get_json()["index"]["changes_waiting"] == 0:
                break
            threading.Event().wait(0.05)
        follower.stop()
        running.join(20)
        follower.close()
        assert app.extensions["live_index"].get().jobs == confirmed + 3


def test_a_quota_of_pages_where_nothing_can_be_mounted(tmp_path: Path) -> None:
    """SQLite's own bound on the file raises the same error as a full disk."""
    with service_on(tmp_path) as (app, client, people):
        engine = app.extensions["database"].write_engine

        def bound(pages: int) -> Callable[..., None]:
            def set_it(connection: Any) -> None:
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

            return set_it

        with engine.connect() as connection:
            pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        tight, wide = bound(pages + 40), bound(1_000_000)
        event.listen(engine, "begin", tight)
        confirmed = publish_until_refused(client, people)
        assert kept(app) == confirmed
        assert client.get("/v1/me", headers=people.employer).status_code == 200
        event.remove(engine, "begin", tight)
        event.listen(engine, "begin", wide)
        assert publish(client, people, confirmed).status_code == 201
        event.remove(engine, "begin", wide)


def test_a_disk_that_turns_read_only(small_disk: Path) -> None:
    """As the kernel does it after an error of the disk."""
    with service_on(small_disk) as (app, client, people):
        assert publish(client, people, 1).status_code == 201
        app.extensions["database"].close()  # a read-only mount is refused while a file is open for writing
        assert mounted(small_disk, "-o", "remount,ro")
        try:
            answer = publish(client, people, 2)
            assert (answer.status_code, answer.get_json()["error"]) == (503, "unavailable")
        finally:
            assert mounted(small_disk, "-o", "remount,rw")
        assert publish(client, people, 2).status_code == 201
        assert client.get("/v1/jobs/1").status_code == 200


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    with service_on(tmp_path) as (app, client, people):
        app.extensions["database"].close()
        (tmp_path / "own.db").chmod(stat.S_IRUSR)
        answer = publish(client, people, 1)
        assert (answer.status_code, answer.get_json()["error"]) == (503, "unavailable")
        (tmp_path / "own.db").chmod(stat.S_IRUSR | stat.S_IWUSR)
        assert publish(client, people, 1).status_code == 201
