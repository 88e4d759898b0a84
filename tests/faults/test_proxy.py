"""The proxy itself: what the other tests believe of it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy before a server that gives everything back."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while chunk := connection.recv(65536):
                connection.sendall(chunk)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with Proxy(("127.0.0.1", listener.getsockname()[1])) as made:
        yield made
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@contextlib.contextmanager
def line(proxy: Proxy) -> Iterator[socket.socket]:
    """A line through it."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as made:
        yield made


def said(connection: socket.socket, words: bytes) -> bytes:
    """What comes back."""
    connection.sendall(words)
    back = b""
    while len(back) < len(words):
        chunk = connection.recv(65536)
        if not chunk:
            break
        back += chunk
    return back


def broken(connection: socket.socket, words: bytes) -> bool:
    """Whether the line breaks, or ends, before everything has come back."""
    try:
        return said(connection, words) != words
    except OSError:
        return True


def test_carries_everything_unchanged(proxy: Proxy) -> None:
    words = bytes(range(256)) * 4000
    with line(proxy) as connection:
        sending = threading.Thread(target=connection.sendall, args=(words,))
        sending.start()
        back = b""
        while len(back) < len(words):
            back += connection.recv(65536)
        sending.join()
    assert back == words


def test_delays(proxy: Proxy) -> None:
    with line(proxy) as connection:
        assert said(connection, b"a") == b"a"
        proxy.delay_seconds = 0.2
        began = time.monotonic()
        assert said(connection, b"b") == b"b"
        assert 0.4 <= time.monotonic() - began < 2  # there and back


def test_cuts_and_refuses_until_healed(proxy: Proxy) -> None:
    with line(proxy) as connection:
        assert said(connection, b"a") == b"a"
        proxy.cut(refuse=True)
        assert broken(connection, b"b")
    with contextlib.suppress(ConnectionResetError), line(proxy) as connection:  # reset while it connects, or just after
        assert broken(connection, b"c")
    proxy.heal()
    with line(proxy) as connection:
        assert said(connection, b"d") == b"d"


def test_a_hole_is_open_and_dead(proxy: Proxy) -> None:
    with line(proxy) as connection:
        assert said(connection, b"a") == b"a"
        proxy.hole()
        connection.sendall(b"b")  # no error: the line is up
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        with line(proxy) as another:
            another.settimeout(0.3)
            another.sendall(b"c")
            with pytest.raises(TimeoutError):
                another.recv(1)
        proxy.heal()
        connection.settimeout(5)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    with line(proxy) as connection:
        assert said(connection, b"d") == b"d"


def test_breaks_after_so_many_bytes(proxy: Proxy) -> None:
    proxy.limit(10)
    with line(proxy) as connection:
        assert said(connection, b"12345") == b"12345"
        assert broken(connection, b"6" * 100)
    proxy.heal()
    with line(proxy) as connection:
        assert said(connection, b"x" * 100) == b"x" * 100
