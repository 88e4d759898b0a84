"""Who may scrape, what is told, and that dead processes leave no files behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from service import metric_files
from service.app import create_app
from tests.service.conftest import settings_for

TOKEN = "made-up-token-for-scraping-1"


def test_from_this_machine(client: FlaskClient, app: flask.Flask) -> None:
    client.get("/v1/jobs/1")
    told = client.get("/metrics").get_data(as_text=True)
    assert 'chengnuan_requests_total{route="GET /v1/jobs/<int:job_id>",status="404"}' in told
    for name in ('chengnuan_up{part="database"} 1.0', 'chengnuan_up{part="index"} 0.0', 'chengnuan_tasks{state="dead"} 0.0',
                 "chengnuan_disk_free_bytes", "chengnuan_task_overdue_seconds 0.0"):  # fmt: skip
        assert name in told


@pytest.mark.parametrize("relay", [{"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"X-Real-Ip": "127.0.0.1"}])
def test_not_through_a_proxy_and_not_from_elsewhere(client: FlaskClient, relay: dict[str, str]) -> None:
    refused = client.get("/metrics", headers=relay)
    assert refused.status_code == 403
    assert refused.get_json()["error"] == "metrics_closed"
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403


def test_with_the_token(sqlite_url: str, tmp_path: Path) -> None:
    app = create_app(settings_for(sqlite_url, tmp_path, metrics_token=TOKEN, trusted_proxies=1))
    client = app.test_client()
    far = {"X-Forwarded-For": "127.0.0.1"}
    assert client.get("/metrics", headers=far | {"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    for wrong in ("", "made-up", TOKEN + "x"):
        assert client.get("/metrics", headers=far | {"Authorization": f"Bearer {wrong}"}).status_code == 403
    app.extensions["database"].close()


def test_odd_methods_do_not_grow_the_labels(client: FlaskClient, app: flask.Flask) -> None:
    for number in range(5):
        client.open("/v1/jobs", method=f"MADEUP{number}")
    assert "MADEUP" not in client.get("/metrics").get_data(as_text=True)


_COUNT = """
import prometheus_client as p
c = p.Counter("dying", "x", ["way"]); c.labels("a").inc(3); c.labels("b").inc(2)
h = p.Histogram("lasting", "x", buckets=(1, 2)); h.observe(0.5); h.observe(5)
g = p.Gauge("living", "x", multiprocess_mode="livemin"); g.set(1)
import os; print(os.getpid())
"""
_READ = """
import prometheus_client as p
from prometheus_client import multiprocess
r = p.CollectorRegistry(); multiprocess.MultiProcessCollector(r)
print(p.generate_latest(r).decode())
"""


def _run(code: str, directory: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={"PATH": "", metric_files.DIRECTORY: str(directory)},
    )
    return done.stdout


def test_dead_processes_leave_their_counts_and_no_files(tmp_path: Path) -> None:
    for _ in range(5):
        pid = int(_run(_COUNT, tmp_path))
        metric_files.fold(pid, tmp_path)
        metric_files.fold(pid, tmp_path)
    alive = int(_run(_COUNT, tmp_path))
    assert alive
    told = _run(_READ, tmp_path)
    for line in ('dying_total{way="a"} 18.0', 'dying_total{way="b"} 12.0', 'lasting_bucket{le="1.0"} 6.0', "lasting_sum 33.0"):
        assert line in told
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        [
            "counter_gone.db",
            "histogram_gone.db",
            "lock",
            f"counter_{alive}.db",
            f"histogram_{alive}.db",
            f"gauge_livemin_{alive}.db",
        ]
    )


def test_nothing_to_bury(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(metric_files.DIRECTORY, raising=False)
    metric_files.fold(1)
    metric_files.fold(1, tmp_path / "none")
    assert not (tmp_path / "none").exists()
