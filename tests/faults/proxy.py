"""A TCP proxy that misbehaves when it is told to: delays, cut lines, lines that are open and dead, lines that break after so
many bytes. Between the service and its servers, so that the servers themselves stay as they are.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

_CHUNK = 65536
_TICK = 0.05
_STUCK = 5.0


@dataclass(eq=False)
class _Line:
    """One client and its connection to the server."""

    client: socket.socket
    server: socket.socket
    carried: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)
    """Nobody holds the sockets any more: only now has the kernel told both sides."""

    def end(self, *, rudely: bool) -> None:
        """Close both sides; ``rudely``: with a reset instead of a farewell."""
        if self.over.is_set():
            return
        self.over.set()
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                if rudely:
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                side.shutdown(socket.SHUT_RD if rudely else socket.SHUT_RDWR)  # a farewell (FIN) is not rude
            side.close()


class Proxy:
    """Listens on a free port of loopback and carries bytes to ``target`` (host, port).

    All faults may be set and taken back at any moment, and hold for open lines as well as for new ones.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.delay_seconds = 0.0
        self._hole = threading.Event()
        self._refuse = threading.Event()
        self._limit: int | None = None
        self._lines: set[_Line] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(_TICK)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def cut(self, *, refuse: bool = False) -> None:
        """Reset every open line; ``refuse``: and every new one, until :meth:`heal`. When this returns, both sides know."""
        if refuse:
            self._refuse.set()
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            line.end(rudely=True)
        for line in lines:  # a thread that waits for a socket keeps it open, also after it was closed here
            line.gone.wait(_STUCK)

    def hole(self) -> None:
        """Half-open: lines stay up, new ones are taken, and no byte comes through, until :meth:`heal`."""
        self._hole.set()

    def limit(self, most_bytes: int) -> None:
        """Every line breaks after it has carried so many more bytes in all, until :meth:`heal`."""
        with self._lock:
            for line in self._lines:
                line.carried = 0
            self._limit = most_bytes

    def heal(self) -> None:
        """Take back every fault. Lines that lay in a hole are reset: what waited in them is not carried late."""
        self.delay_seconds, self._limit = 0.0, None
        self._refuse.clear()
        if self._hole.is_set():
            self.cut()
            self._hole.clear()

    def stop(self) -> None:
        """End everything."""
        self._stopping.set()
        self._accepting.join()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            client.settimeout(_STUCK)
            try:
                if self._refuse.is_set():
                    raise ConnectionRefusedError
                server = socket.create_connection(self.target, timeout=5)
            except OSError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                continue
            server.settimeout(_STUCK)
            line = _Line(client, server)
            with self._lock:
                self._lines.add(line)
            threading.Thread(target=self._carry, args=(line,), daemon=True).start()

    def _carry(self, line: _Line) -> None:
        sides = {line.client: line.server, line.server: line.client}
        try:
            while not line.over.is_set():
                if self._hole.is_set():
                    line.over.wait(_TICK)
                    continue
                for side in select.select(list(sides), [], [], _TICK)[0]:
                    chunk = side.recv(_CHUNK)
                    if not chunk:
                        return
                    if self.delay_seconds:
                        time.sleep(self.delay_seconds)
                    if self._limit is not None and line.carried + len(chunk) > self._limit:
                        sides[side].sendall(chunk[: max(0, self._limit - line.carried)])
                        line.end(rudely=True)
                        return
                    line.carried += len(chunk)
                    sides[side].sendall(chunk)
        except (OSError, ValueError):  # a side that is closed while we look at it
            pass
        finally:
            line.end(rudely=False)
            with self._lock:
                self._lines.discard(line)
            line.gone.set()
