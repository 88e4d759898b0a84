"""What a scrape wants to know that nobody counts: it is read off at that moment, from the same places as ``/status``."""

from __future__ import annotations

import time
from collections.abc import Iterator

import flask
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from service import clock, status
from service.db import Database
from service.feeds.habits import KINDS
from service.feeds.oversight import oddities_of, opened
from service.indexing.follower import read_heartbeat
from service.indexing.live import LiveIndex
from service.jobs.reviews.queue import late
from service.tasks import queue

FEEDS_SECONDS = 60
"""So long what was found of the feeds is told again: it is read out of hundreds of runs, and changes when one has ended."""


class StateMetrics(Collector):
    """Database, index, follower, tasks, disk, feeds of an application. One that is away has no value but ``chengnuan_up`` 0."""

    def __init__(self, app: flask.Flask) -> None:
        self.app = app
        self._feeds_read: tuple[float, dict[tuple[str, str], int]] | None = None

    def collect(self) -> Iterator[Metric]:
        """Read everything now."""
        up = GaugeMetricFamily("chengnuan_up", "1 when this part is well, as /status says", labels=["part"])
        states = status.parts(self.app)
        for name, state in states.items():
            up.add_metric([name], float(bool(state["ok"])))
        yield up
        yield from self._index(states["index"]["changes_waiting"])
        yield from self._tasks()
        yield from self._reviews()
        yield from self._feeds()
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

    def _reviews(self) -> Iterator[Metric]:
        database: Database = self.app.extensions["database"]
        try:
            with database.read_session() as session:
                behind = late(session, "", clock.now())
        except SQLAlchemyError:
            return
        yield GaugeMetricFamily("chengnuan_reviews_overdue", "Held and reported adverts nobody looked at in time", value=behind)

    def _feeds(self) -> Iterator[Metric]:
        """How many things are out of habit of each source, by kind; a source that is as always has zeros."""
        if self._feeds_read is None or time.monotonic() - self._feeds_read[0] > FEEDS_SECONDS:
            database: Database = self.app.extensions["database"]
            now = clock.now()
            try:
                with database.read_session() as session:
                    sources = opened(self.app.extensions["settings"].feeds_dir)
                    odd = {one.key: [odd.kind for odd in oddities_of(session, one, now)] for one in sources}
            except SQLAlchemyError:
                return
            self._feeds_read = time.monotonic(), {(key, kind): odd[key].count(kind) for key in odd for kind in KINDS}
        told = GaugeMetricFamily(
            "chengnuan_feed_oddities", "What of a source is out of its habit, by kind", labels=["source", "kind"]
        )
        for labels, count in self._feeds_read[1].items():
            told.add_metric(labels, count)
        yield told
