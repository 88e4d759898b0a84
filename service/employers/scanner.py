"""A virus scanner that speaks clamd's INSTREAM: the file goes over a socket, one line comes back.

Optional (``SCANNER_URL``). What is kept is drawn anew and can carry no program; a scanner adds that the sender learns of a file
that was infected, and that an office whose rules ask for one has one.
"""

from __future__ import annotations

import socket
import struct
from urllib.parse import urlsplit

SECONDS = 10.0
_CHUNK = 64 * 1024
_LONGEST_ANSWER = 4096


class ScannerAway(Exception):  # noqa: N818  what happened
    """The scanner could not be reached, or did not say whether the file is clean."""


def scan(url: str, content: bytes) -> str:
    """What the scanner found, by its name; empty when the file is clean. ``url`` is ``tcp://host:port`` or ``unix:///path``.

    Raises ScannerAway: a file that nobody looked at is not a clean file.
    """
    try:
        with _connect(url) as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _CHUNK):
                part = content[start : start + _CHUNK]
                line.sendall(struct.pack("!I", len(part)) + part)
            line.sendall(struct.pack("!I", 0))
            answer = _line(line)
    except OSError as trouble:
        raise ScannerAway(type(trouble).__name__) from None
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerAway("answer")


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(SECONDS)
        try:
            line.connect(parts.path)
        except OSError:
            line.close()
            raise
        return line
    return socket.create_connection((parts.hostname or "", parts.port or 3310), timeout=SECONDS)


def _line(line: socket.socket) -> str:
    said = b""
    while len(said) < _LONGEST_ANSWER and not said.endswith(b"\0"):
        more = line.recv(_LONGEST_ANSWER)
        if not more:
            break
        said += more
    return said.rstrip(b"\0\n").decode("utf-8", "replace")
