"""`make run`: prepare everything, then keep the web server, the index follower and the task worker alive until Ctrl-C.

Whatever can be wrong before the start is said in one sentence: a busy port, a database that does not answer, a Python too old, a
full disk. Children are told to stop when this process goes, even when it is killed (Linux: parent-death signal).
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import redis
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from service import clock, metric_files
from service.config import ConfigError, Settings, load
from service.crypto import keyring
from service.crypto.rotate import check_keys
from service.db import Database
from service.signin import loopback_sms
from service.wechat.loopback.embedded import for_trying
from service.welcome import greet, has_demo

ROOT = Path(__file__).resolve().parent.parent
DISK_LEAST_MB = 300
STOP_SECONDS = 12
RESTART_WAIT_SECONDS = (0.2, 1, 2, 5, 10)
STEADY_SECONDS = 60
READY_SECONDS = 90

console = Console(stderr=False, highlight=False, soft_wrap=True)


class CannotStart(Exception):  # noqa: N818  an answer to the person at the keyboard
    """Why the service cannot start, in one Chinese sentence."""


@dataclass
class Child:
    """A process that must live. ``failures`` counts deaths in a row, to wait longer each time."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    restart_at: float = 0.0
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start it (again)."""
        self.process = subprocess.Popen(  # noqa: S603  our own command
            self.command,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            preexec_fn=_die_with_parent,  # noqa: PLW1509  this process has one thread
            start_new_session=True,  # Ctrl-C reaches only the supervisor, which stops the others in order
        )
        self.started = time.monotonic()

    def died(self) -> int | None:
        """Its exit status when it is gone, else None."""
        return None if self.process is None else self.process.poll()

    def stop(self, how: signal.Signals) -> None:
        """Ask it to go."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)


def _die_with_parent() -> None:
    """In the child, before it becomes the program: SIGTERM when the supervisor is gone. Only Linux has such a call."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def check_machine(settings: Settings) -> None:
    """Everything that can be known before the first step. Raises :class:`CannotStart`."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        probe = settings.data_dir / ".probe"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
        free_mb = shutil.disk_usage(settings.data_dir).free // 2**20
    except OSError as trouble:
        if trouble.errno == errno.ENOSPC:
            raise CannotStart(f"磁盘已满，数据目录 {settings.data_dir} 写不进去，请先腾出空间。") from trouble
        raise CannotStart(
            f"数据目录 {settings.data_dir} 不能写（{trouble.strerror}），请换一个：make run DATA_DIR=/可写的目录"
        ) from trouble
    if free_mb < DISK_LEAST_MB:
        raise CannotStart(f"磁盘空间不够：{settings.data_dir} 只剩 {free_mb} MB，至少要 {DISK_LEAST_MB} MB，请先腾出空间。")
    check_port(settings)


def check_port(settings: Settings) -> None:
    """Raises :class:`CannotStart` when somebody else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind_address, settings.port))
        except PermissionError as trouble:
            raise CannotStart(f"没有权限使用端口 {settings.port}，请换一个 1024 以上的端口：make run PORT=8000") from trouble
        except OSError as trouble:
            if trouble.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"端口 {settings.port} 已被占用，可能已经有一个在运行；先停掉它，或换一个：make run PORT={settings.port + 1}"
                ) from trouble
            raise CannotStart(f"地址 {settings.bind_address} 不能用（{trouble.strerror}），请检查 BIND_ADDRESS。") from trouble


def check_servers(settings: Settings) -> None:
    """Ask the database and Redis for a sign of life. Raises :class:`CannotStart`."""
    database = Database(settings.database_url)
    try:
        with database.read_session() as session:
            session.execute(text("SELECT 1"))
            if not database.is_sqlite:
                number = int(session.execute(text("SHOW server_version_num")).scalar_one())
                if number < 150000:
                    raise CannotStart(f"PostgreSQL 版本太旧（{number // 10000}），需要 15 或更新。")
    except SQLAlchemyError as trouble:
        where = "数据库文件打不开" if database.is_sqlite else "数据库连不上"
        raise CannotStart(f"{where}：{_where(settings.database_url)}。请检查 DATABASE_URL，以及数据库是否已经启动。") from trouble
    finally:
        database.close()
    if settings.redis_url:
        client = redis.Redis.from_url(settings.redis_url, socket_connect_timeout=5)
        try:
            client.ping()
        except redis.RedisError as trouble:
            raise CannotStart(
                f"Redis 连不上：{_where(settings.redis_url)}。请检查 REDIS_URL，以及 Redis 是否已经启动。"
            ) from trouble
        finally:
            client.close()


def check_key_file(settings: Settings) -> None:
    """The keys must be those that the database was written with; a new database gets new ones. Raises :class:`CannotStart`."""
    keyring.use(keyring.file_of(settings))
    database = Database(settings.database_url)
    try:
        with database.write_session() as session:
            wrong = check_keys(session, clock.now())
    finally:
        database.close()
    if wrong is not None:
        raise CannotStart(wrong)


def _where(url: str) -> str:
    """An address without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _step(number: int, what: str, command: list[str]) -> None:
    console.print(f"[{number}/4] {what}…")
    done = subprocess.run(command, cwd=ROOT, check=False, preexec_fn=_die_with_parent)  # noqa: S603  our own command
    if done.returncode < 0 or done.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}:
        raise KeyboardInterrupt
    if done.returncode != 0:
        raise CannotStart(f"「{what}」没有成功，原因见上面几行。")


def prepare(settings: Settings) -> None:
    """Migrate, load what a fresh start shows, compile the kernels, build the index. Each is quick when it was done before."""
    python = sys.executable
    _step(1, "检查并更新数据库结构", [python, "-m", "service.migrations.run"])
    check_key_file(settings)
    if not settings.demo:
        console.print("[2/4] 不载入演示数据（DEMO=0）")
    else:
        seeded = Stamp(settings.data_dir / "seeded", "seed_jobs", settings.database_url, clock.show(clock.now())[:10])
        if seeded.fresh() and has_demo(settings):
            console.print("[2/4] 今天的演示数据已经载入")
        else:
            _step(2, "载入演示岗位和公开目录（第一次约半分钟）", [python, "-m", "seed_jobs"])
            seeded.set()
    kernels = Path(os.environ.get("NUMBA_CACHE_DIR") or settings.data_dir) / "kernels-ready"
    if (compiled := Stamp(kernels, "matching", sys.version, version("numba"))).fresh():
        console.print("[3/4] 匹配引擎已经编译好")
    else:
        _step(3, "编译匹配引擎（第一次约半分钟）", [python, "-m", "matching.warm"])
        compiled.set()
    if (settings.index_dir / "MANIFEST").exists():
        console.print("[4/4] 岗位索引已经建好，启动后自动补上新的变动")
    else:
        _step(4, "建立岗位索引", [python, "-m", "flask", "--app", "wsgi.py", "index", "catch-up"])


class Stamp:
    """A small file that says: this was done, with exactly these sources and these facts. Saves a second start the work."""

    def __init__(self, path: Path, folder: str, *facts: str) -> None:
        self.path = path
        digest = hashlib.sha256("\n".join(facts).encode())
        for source in sorted((ROOT / folder).rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                digest.update(source.read_bytes())
        self.value = digest.hexdigest()

    def fresh(self) -> bool:
        """Whether it was done already."""
        return self.path.exists() and self.path.read_text(encoding="ascii") == self.value

    def set(self) -> None:
        """It is done now."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.value, encoding="ascii")


def metrics_dir(settings: Settings) -> Path:
    """Where the counters lie. They are memory-mapped files with holes: on a full disk the first touch of a new page kills the
    process (SIGBUS), so they stand in memory where the system offers that, away from what can fill the data folder."""
    memory = Path("/dev/shm")  # noqa: S108  a private folder of our own in it
    return memory / f"chengnuan-{os.getuid()}-{settings.port}" if os.access(memory, os.W_OK) else settings.data_dir / "metrics"


def children(settings: Settings, stand_in: dict[str, str]) -> list[Child]:
    """The three processes that make up the service, and those that stand in for WeChat and the SMS gateway when ``stand_in`` has
    their addresses."""
    metrics = metrics_dir(settings)
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True, mode=0o700)
    environment = {metric_files.DIRECTORY: str(metrics), "PYTHONUNBUFFERED": "1", **stand_in}
    python = sys.executable
    trying = (("WECHAT_URL", "微信试用", "service.wechat.loopback"), ("SMS_URL", "短信试用", "service.signin.loopback_sms"))
    return [
        *(Child(name, [python, "-m", module], environment=environment) for url, name, module in trying if url in stand_in),
        Child("网站", [python, "-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"], environment=environment),
        Child("索引", [python, "-m", "flask", "--app", "wsgi.py", "index", "follow"], environment=environment),
        Child("任务", [python, "-m", "service.background"], environment=environment),
    ]


def wait_ready(settings: Settings, processes: list[Child], *, stopping: list[bool]) -> None:
    """Wait until the web answers and holds the index. Raises :class:`CannotStart` when it does not come up."""
    deadline = time.monotonic() + READY_SECONDS
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # our own address: never through the office's proxy
    while time.monotonic() < deadline and not stopping:
        if any(child.died() is not None for child in processes):
            raise CannotStart("服务没有启动起来，原因见上面几行。")
        try:
            with ask.open(f"{address(settings)}/v1/jobs?limit=1", timeout=5):
                return
        except urllib.error.HTTPError as answer:
            if answer.code != 503:  # 503: the index is not open yet
                raise CannotStart(f"网站已经起来，但回答出错（{answer.code}），请看上面的日志。") from answer
        except OSError:
            pass  # not listening yet
        time.sleep(0.1)
    if stopping:
        return
    raise CannotStart(f"服务在 {READY_SECONDS} 秒内没有准备好，请查看上面的日志。")


def address(settings: Settings) -> str:
    """Where the service is reached from this machine."""
    host = "127.0.0.1" if settings.bind_address in {"0.0.0.0", ""} else settings.bind_address  # noqa: S104  compared, not bound
    return f"http://{host}:{settings.port}"


def keep_alive(processes: list[Child], *, stopping: list[bool]) -> None:
    """Start again what dies, waiting longer each time it dies at once, until told to stop."""
    while not stopping:
        for child in processes:
            status = child.died()
            if status is None:
                if child.failures and time.monotonic() - child.started > STEADY_SECONDS:
                    child.failures = 0
                continue
            if not child.restart_at:
                wait = RESTART_WAIT_SECONDS[min(child.failures, len(RESTART_WAIT_SECONDS) - 1)]
                child.restart_at = time.monotonic() + wait
                child.failures += 1
                if child.process is not None and metric_files.DIRECTORY in child.environment:
                    metric_files.fold(child.process.pid, Path(child.environment[metric_files.DIRECTORY]))
                console.print(f"「{child.name}」进程退出（{status}），{wait:g} 秒后重新启动", style="yellow")
            elif time.monotonic() >= child.restart_at:
                child.restart_at = 0.0
                child.start()
        time.sleep(0.1)


def stop_all(processes: list[Child]) -> None:
    """SIGTERM to all, then SIGKILL to whoever has not gone in time."""
    for child in processes:
        child.stop(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for child in processes:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.stop(signal.SIGKILL)
            child.process.wait()


def main() -> int:
    """Run the whole service. Exit status 0 after Ctrl-C, 1 when it could not start."""
    os.umask(0o077)  # the database and the logs hold phones: nobody else on this machine is to read them
    stopping: list[bool] = []
    processes: list[Child] = []

    def stop(_number: int, _frame: object) -> None:
        stopping.append(True)
        if not processes:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        settings = load()
        console.print(f"[bold]城暖[/bold] 正在启动，数据目录：{settings.data_dir}")
        check_machine(settings)
        check_servers(settings)
        prepare(settings)
        check_port(settings)
        stand_in = for_trying(settings) | loopback_sms.for_trying(settings)
        processes = children(settings, stand_in)
        for child in processes:
            child.start()
        wait_ready(settings, processes, stopping=stopping)
        if not stopping:
            greet(settings, address(settings), console, wechat=stand_in.get("WECHAT_URL", ""), sms=stand_in.get("SMS_URL", ""))
        keep_alive(processes, stopping=stopping)
    except (ConfigError, CannotStart) as reason:
        if not stopping:
            Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]不能启动：[/bold red]{reason}")
            return 1
    except KeyboardInterrupt:
        stopping.append(True)
    finally:
        if processes:
            console.print("\n正在停止…")
            stop_all(processes)
            shutil.rmtree(metrics_dir(settings), ignore_errors=True)
    console.print("已停止，数据都在。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
