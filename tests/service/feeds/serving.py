"""A server of somebody else, real and on loopback, that behaves as the test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service.feeds.fetch import Limits, Reach

QUICK = Limits(connect_seconds=1, read_seconds=0.5, whole_seconds=1.0, raw_bytes=200_000, plain_bytes=400_000, pause_seconds=0)
Behave = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """A server whose behaviour at each path is chosen by the test."""

    port: int
    paths: dict[str, Behave] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def reach(self) -> Reach:
        return Reach(frozenset({self.url}))


@contextmanager
def serving() -> Iterator[Server]:
    """A real HTTP server on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.close_connection = True
            behave = made.paths.get(self.path.partition("?")[0])
            if behave is None:
                self.send_error(404)
            else:
                behave(self)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        made = Server(http.server_address[1])
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield made
        http.shutdown()
        thread.join()


def sleeps(request: BaseHTTPRequestHandler) -> None:
    """Says nothing until the other side leaves."""
    request.connection.settimeout(5)
    request.rfile.read(1)


def says(body: bytes, status: int = 200, **headers: str) -> Behave:
    def behave(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return behave
