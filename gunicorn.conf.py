"""gunicorn: threads for slow phones, processes for cores. Values come from the same settings as everything else.

The engine is never preloaded: read-only memory-mapped arrays are another type to the compiled kernels, so each worker opens
and warms the real index after the fork (docs/operations.md).
"""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
import struct
import time
from typing import Any

from gunicorn import glogging
from gunicorn.http import errors as http_errors
from gunicorn.workers.gthread import ThreadWorker
from werkzeug.http import HTTP_STATUS_CODES

from service import metric_files
from service.config import load
from service.error_answers import bare
from service.logs import Stderr, quiet_crashes

_settings = load()

SILENCE_SECONDS = 15
HEARD_SECONDS = 30
SERVED_SECONDS = 60
LINGER_READS = 8
GARBAGE_OBJECTS = 10_000
"""New objects before the collector looks at them; a search makes some thousands, and nearly all go by counting alone."""
_STATUS = {http_errors.LimitRequestLine: 414, http_errors.LimitRequestHeaders: 431, http_errors.ExpectationFailed: 417}


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads, with three habits changed.

    What is no HTTP gets our JSON, and the log says the kind of fault only: gunicorn's own quotes the request (words, phones,
    tokens). And a client that has begun to send and goes silent gives its thread back after a while; eight such clients would
    otherwise stop the service. Who drips a byte at a time is heard for ``HEARD_SECONDS`` as a whole, and who does not fetch his
    answer is let go after ``SERVED_SECONDS``.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.began: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """As always, but no single read waits longer than ``SILENCE_SECONDS``."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE_SECONDS, 0))
        self.began[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self.began.pop(conn, None)

    def murder_keepalived(self, force: bool = False) -> None:
        """Every second, in the thread that alone closes connections: end what takes too long, then as always."""
        now = time.monotonic()
        for conn, began in list(self.began.items()):
            if now - began > HEARD_SECONDS:
                how = socket.SHUT_RDWR if now - began > SERVED_SECONDS else socket.SHUT_RD
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(how)  # half a request ends here, and is answered as one that was cut
        super().murder_keepalived(force)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ARG002  gunicorn's signature
        """Answer in the shape of every other error; log the kind of fault and nothing of the request."""
        client_fault = type(exc).__module__ == http_errors.__name__
        code = _STATUS.get(type(exc), 400) if client_fault else 500
        self.log.log(logging.INFO if client_fault else logging.ERROR, "request_unreadable %s", type(exc).__name__)
        body = bare(code)
        head = f"HTTP/1.1 {code} {HTTP_STATUS_CODES[code]}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        with contextlib.suppress(OSError):
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            # Closing on unread bytes resets the connection, and the client would lose the answer: hear it out, within bounds.
            client.shutdown(socket.SHUT_WR)
            client.settimeout(0.2)
            for _ in range(LINGER_READS):
                if not client.recv(65536):
                    break


class Logger(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own notices in the form of all others, through the same filter."""

    def setup(self, cfg: Any) -> None:
        """As always, then our handler in place of its."""
        super().setup(cfg)
        self.error_log.handlers = [Stderr()]
        self.error_log.propagate = False


bind = f"{_settings.bind_address}:{_settings.port}"
workers = _settings.web_workers
threads = _settings.web_threads
worker_class = Worker
logger_class = Logger
control_socket_disable = True  # the supervisor starts and stops; nobody else needs a door
timeout = 60
graceful_timeout = 10
keepalive = 15
preload_app = False
accesslog = None
errorlog = "-"
# Its notices would push the greeting off the screen, and at "debug" it writes the path of every request, whatever stands in it.
loglevel = "warning"
proc_name = "chengnuan-web"
limit_request_line = 8190
forwarded_allow_ips = "127.0.0.1,::1"


def post_worker_init(worker: Any) -> None:
    """Open the index and run one search in it before the first request arrives."""
    quiet_crashes()
    worker.app.callable.extensions["live_index"].start()
    worker.app.callable.extensions["search_counts"].start()
    # What stands now stays: the collector need not walk through the program and its tables again at every round.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 10, 10)


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn's signature
    """Write the counts of searches that are still in memory."""
    if worker.app is not None and worker.app.callable is not None:
        worker.app.callable.extensions["search_counts"].stop()


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn's signature
    """Let the metrics forget a worker that is gone, so that gauges do not count it for ever."""
    metric_files.fold(worker.pid)
