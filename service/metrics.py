"""Counters for Prometheus, shared by all web processes through files that the supervisor wipes at every start."""

from __future__ import annotations

import os
import time

import flask
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from service.accounts.access import allow
from service.blueprint import Blueprint
from service.rate_classes import limited

REQUESTS = Counter("chengnuan_requests", "Answered requests", ["route", "status"])
SECONDS = Histogram(
    "chengnuan_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SEARCH_SECONDS = Histogram(
    "chengnuan_search_seconds", "Time inside the engine", buckets=(0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)
)
GENERATION = Gauge("chengnuan_index_generation", "Generation of the index that is open", multiprocess_mode="livemin")

blueprint = Blueprint("metrics", __name__, description="运行指标")


@blueprint.route("/metrics", methods=["GET"])
@blueprint.response(200, content_type="text/plain", description="Prometheus 文本格式的运行指标")
@allow.anyone("system.read")
@limited("watch")
def show_metrics() -> flask.Response:
    """运行指标（Prometheus 文本格式，不含任何个人信息）。"""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return flask.Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def register_metrics(app: flask.Flask) -> None:
    """Count every answer by route (never by address: an address may hold an id) and status."""

    @app.before_request
    def begin() -> None:
        flask.g.began = time.perf_counter()

    @app.after_request
    def count(response: flask.Response) -> flask.Response:
        rule = flask.request.url_rule
        route = rule.rule if rule is not None else "none"
        REQUESTS.labels(route, str(response.status_code)).inc()
        began = flask.g.get("began")
        if began is not None:
            SECONDS.labels(route).observe(time.perf_counter() - began)
        return response
