"""gunicorn: threads for slow phones, processes for cores. Values come from the same settings as everything else.

The engine is never preloaded: read-only memory-mapped arrays are another type to the compiled kernels, so each worker opens
and warms the real index after the fork (docs/operations.md).
"""

from __future__ import annotations

import contextlib
from typing import Any

from prometheus_client import multiprocess

from service.config import load

_settings = load()

bind = f"{_settings.bind_address}:{_settings.port}"
workers = _settings.web_workers
threads = _settings.web_threads
worker_class = "gthread"
control_socket_disable = True  # the supervisor starts and stops; nobody else needs a door
timeout = 60
graceful_timeout = 10
keepalive = 15
preload_app = False
accesslog = None
errorlog = "-"
loglevel = _settings.log_level
proc_name = "chengnuan-web"
limit_request_line = 8190
forwarded_allow_ips = "127.0.0.1,::1"


def post_worker_init(worker: Any) -> None:
    """Open the index and run one search in it before the first request arrives."""
    worker.app.callable.extensions["live_index"].start()


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn's signature
    """Let the metrics forget a worker that is gone, so that gauges do not count it for ever."""
    with contextlib.suppress(OSError, KeyError):  # no metrics directory: a single process without the supervisor
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
