"""What a scrape wants to know that nobody counts: it is read off at that moment, from the same places as ``/status``."""

from __future__ import annotations

from collections.abc import Iterator

import flask
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from service import clock, status
from service.db import Database
from service.indexing.follower import read_heartbeat
from service.indexing.live import LiveIndex
from service.tasks import queue


class StateMetrics(Collector):
    """Database, index, follower, tasks and disk of an application. One that is away has no value but ``chengnuan_up`` 0."""

    def __init__(self, app: flask.Flask) -> None:
        self.app = app

    def collect(self) -> Iterator[Metric]:
        """Read everything now."""
        up = GaugeMetricFamily("chengnuan_up", "1 when this part is well, as /status says", labels=["part"])
        states = status.parts(self.app)
        for name, state in states.items():
            up.add_metric([name], float(bool(state["ok"])))
        yield up
        yield from self._index(states["index"]["changes_waiting"])
        yield from self._tasks()
        if states["disk"]["free_mb"] is not None:
            yield GaugeMetricFamily("chengnuan_disk_free_bytes", "Where the data lie", value=states["disk"]["free_mb"] * 2**20)
        yield GaugeMetricFamily(
            "chengnuan_clock_jumped_seconds", "Of this process", value=abs(float(states["clock"]["jumped_seconds"]))
        )

    def _index(self, waiting: int | None) -> Iterator[Metric]:
        live: LiveIndex = self.app.extensions["live_index"]
        index = live.peek()
        now = clock.seconds(clock.now())
        if index is not None:
            yield GaugeMetricFamily("chengnuan_index_built_age_seconds", "Since the last full build", value=now - index.built_at)
            yield GaugeMetricFamily("chengnuan_index_jobs", "In the index that is open", value=index.jobs)
        if waiting is not None:
            yield GaugeMetricFamily("chengnuan_index_changes_waiting", "Committed and not yet in the index", value=waiting)
        beat = read_heartbeat(self.app.extensions["settings"].index_dir)
        if beat is not None:
            age = (clock.now() - clock.parse(beat.at)).total_seconds()
            yield GaugeMetricFamily("chengnuan_follower_silent_seconds", "Since the follower was last seen", value=age)

    def _tasks(self) -> Iterator[Metric]:
        database: Database = self.app.extensions["database"]
        try:
            with database.read_session() as session:
                depth = queue.depth(session, queue.database_now(session))
        except SQLAlchemyError:
            return
        tasks = GaugeMetricFamily("chengnuan_tasks", "Background work by state", labels=["state"])
        for state in ("waiting", "due", "leased", "dead"):
            tasks.add_metric([state], getattr(depth, state))
        yield tasks
        yield GaugeMetricFamily("chengnuan_task_overdue_seconds", "Of the task longest due", value=depth.oldest_due_seconds)
