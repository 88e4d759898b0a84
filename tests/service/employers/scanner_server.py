"""A real little scanner on loopback that speaks clamd's INSTREAM and knows one virus: the EICAR test file."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.service.employers.made_up import EICAR


class Scanner(socketserver.ThreadingTCPServer):
    """``finds_all`` calls everything infected; ``mumbles`` answers what no scanner would."""

    allow_reuse_address = True
    daemon_threads = True
    finds_all = False
    mumbles = False
    seen = 0

    @property
    def url(self) -> str:
        """As the setting names it."""
        return f"tcp://127.0.0.1:{self.server_address[1]}"


class _Line(socketserver.StreamRequestHandler):
    server: Scanner

    def handle(self) -> None:
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
        self.server.seen += 1
        if self.server.mumbles:
            self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
        elif self.server.finds_all or EICAR in content:
            self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0")
        else:
            self.wfile.write(b"stream: OK\0")


@contextmanager
def scanner() -> Iterator[Scanner]:
    """The server, running."""
    with Scanner(("127.0.0.1", 0), _Line) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
