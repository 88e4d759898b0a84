"""Counters for Prometheus, shared by all web processes through files that the supervisor wipes at every start."""

from __future__ import annotations

import hmac
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

from service.accounts.access import allow, bearer_token
from service.blueprint import Blueprint
from service.config import Settings
from service.errors import Forbidden
from service.metric_files import DIRECTORY
from service.rate_classes import limited

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10)
"""Seconds. Close together around what we promise (0.05 and 0.1), so that a percentile read off them means something."""
REQUESTS = Counter("chengnuan_requests", "Answered requests", ["route", "status"])
SECONDS = Histogram(
    "chengnuan_request_seconds",
    "Time to answer",
    ["route"],
    buckets=BUCKETS,
)
SEARCH_SECONDS = Histogram(
    "chengnuan_search_seconds", "Time inside the engine", buckets=(0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)
)
VISIBLE_SECONDS = Histogram(
    "chengnuan_visible_seconds",
    "From writing a change of a job to the index that holds it; web processes take it up within INDEX_POLL_SECONDS more",
    buckets=(0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30, 60, 300),
)
GENERATION = Gauge("chengnuan_index_generation", "Generation of the index that is open", multiprocess_mode="livemin")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})

blueprint = Blueprint("metrics", __name__, description="运行指标")


@blueprint.route("/metrics", methods=["GET"])
@blueprint.response(200, content_type="text/plain", description="Prometheus 文本格式的运行指标")
@allow.anyone("system.read")
@limited("watch")
def show_metrics() -> flask.Response:
    """运行指标（Prometheus 文本格式，不含任何个人信息）。只给本机，或者带着 METRICS_TOKEN 来的。"""
    settings: Settings = flask.current_app.extensions["settings"]
    if not (_from_here() or _knows(settings.metrics_token)):
        raise Forbidden("metrics_closed", "运行指标只给运行维护用，请在服务器本机查看，或者带上 METRICS_TOKEN。")
    registry = CollectorRegistry()
    if os.environ.get(DIRECTORY):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry = REGISTRY
    told = generate_latest(registry)
    states = CollectorRegistry()
    for collector in flask.current_app.extensions["state_metrics"]:
        states.register(collector)
    return flask.Response(told + generate_latest(states), content_type=CONTENT_TYPE_LATEST)


def _from_here() -> bool:
    """Whether the request comes from this machine itself and not through a proxy on it."""
    request = flask.request
    relayed = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    return not relayed and request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR", request.remote_addr) in _LOOPBACK


def _knows(token: str) -> bool:
    return bool(token) and hmac.compare_digest(bearer_token().encode("utf-8", "surrogatepass"), token.encode())


def register_metrics(app: flask.Flask) -> None:
    """Count every answer by route (never by address: an address may hold an id) and status."""

    @app.before_request
    def begin() -> None:
        flask.g.began = time.perf_counter()

    @app.after_request
    def count(response: flask.Response) -> flask.Response:
        rule = flask.request.url_rule
        method = flask.request.method if flask.request.method in _METHODS else "OTHER"
        route = f"{method} {rule.rule}" if rule is not None else "none"
        REQUESTS.labels(route, str(response.status_code)).inc()
        began = flask.g.get("began")
        if began is not None:
            SECONDS.labels(route).observe(time.perf_counter() - began)
        return response
