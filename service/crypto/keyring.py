"""The keys: one small file that only the service may read, made at the first start.

The file is JSON: keys by id, each with its use (``field`` seals texts, ``index`` finds them, ``chain`` binds the audit trail),
its suite and its secret; and which of each use is the active one. Older keys stay until nothing needs them. It is written whole
and swapped in one step under a lock: two processes that start at once share one set of keys, and a web worker sees a new key as
soon as it is there (the file is looked at before every sealing: 1 µs).

A file that was made once is never made again: new keys in the place of lost ones would open nothing, find no phone, and split
the data in two. The lock file beside it remembers.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from service import clock, config
from service.config import ConfigError, Settings
from service.crypto.suites import MAC_KEY_BYTES, SUITES, Suite

FORMAT = 1
USES = ("field", "index", "chain")
KEY_ID_LENGTH = 9


class KeysUnusable(ConfigError):  # noqa: N818  an answer to the person at the keyboard
    """The key file cannot be used; the message is one Chinese sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. Its secret is never printed."""

    key_id: str
    use: str
    suite: Suite
    made_at: datetime
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """All keys, and the active one of each use."""

    keys: Mapping[str, Key]
    active: Mapping[str, str]

    def key(self, use: str) -> Key:
        """The active key of a use."""
        return self.keys[self.active[use]]

    def of_use(self, use: str) -> list[Key]:
        """Every key of a use, the active one first."""
        return sorted((key for key in self.keys.values() if key.use == use), key=lambda key: key.key_id != self.active[use])


def new_key(use: str, suite: str, now: datetime) -> Key:
    """A new random key. The id says its use by the first letter; the rest is chance, so that no two machines make the same."""
    length = SUITES[suite].key_bytes if use == "field" else MAC_KEY_BYTES
    return Key(f"{use[0]}{secrets.token_hex(4)}", use, SUITES[suite], now, secrets.token_bytes(length))


class KeyringFile:
    """The file, read when first needed and again when it has changed. ``suite`` is the suite of keys made from now on."""

    def __init__(self, path: Path, suite: str) -> None:
        self.path = path
        self.suite = suite
        self._held: tuple[tuple[int, int, int], Keyring] | None = None
        self._reading = threading.Lock()

    def get(self) -> Keyring:
        """The keys as the file has them now; makes the file when there never was one. Raises KeysUnusable.

        A process that has read its keys goes on with them when the file cannot be seen any more.
        """
        held = self._held
        try:
            stamp = _stamp(self.path)
        except OSError:
            if held is not None:
                return held[1]
            stamp = None
        if held is not None and held[0] == stamp:
            return held[1]
        with self._reading:
            if stamp is None:
                self._make()
            stamp, ring = _stamp(self.path), read(self.path)
            self._held = (stamp, ring)
            return ring

    def change(self, keys: Mapping[str, Key], active: Mapping[str, str], *, expected: Keyring) -> Keyring:
        """Write other keys in the place of ``expected``. Raises KeysUnusable when somebody was faster."""
        with _locked(self.path) as lock:
            if read(self.path) != expected:
                raise KeysUnusable("密钥文件刚刚被另一个命令改过，请再执行一次。")
            _write(self.path, Keyring(keys, active))
            _remember(lock)
        return self.get()

    def _make(self) -> None:
        now = clock.now()
        with _locked(self.path) as lock:
            if self.path.exists():
                return  # another process was faster: its keys are ours
            if os.pread(lock, 1, 0):
                raise lost(self.path)
            made = [new_key(use, self.suite, now) for use in USES]
            _write(self.path, Keyring({key.key_id: key for key in made}, {key.use: key.key_id for key in made}))
            _remember(lock)


_current: list[KeyringFile] = []


def use(file: KeyringFile) -> KeyringFile:
    """From now on this process takes its keys from ``file``."""
    _current[:] = [file]
    return file


def file_of(settings: Settings) -> KeyringFile:
    """The key file that the settings name; not opened yet."""
    return KeyringFile(settings.keys_file, settings.crypto_suite)


def current_file() -> KeyringFile:
    """The key file of this process: what :func:`use` said, else what the environment says (batches, seeds, the follower)."""
    return _current[0] if _current else use(file_of(config.load()))


def current() -> Keyring:
    """The keys of this process. Raises KeysUnusable."""
    return current_file().get()


def load(settings: Settings) -> Keyring:
    """The keys that the settings name, made when there are none. Raises KeysUnusable."""
    return file_of(settings).get()


def read(path: Path) -> Keyring:
    """Read a key file. Raises KeysUnusable when others may read it, too, or when it is damaged."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise KeysUnusable(f"密钥文件 {path} 别人也能读，请执行 chmod 600 {path}，然后再启动。")
            content = file.read()
    except OSError as trouble:
        raise KeysUnusable(f"密钥文件 {path} 读不了（{trouble.strerror}），请检查 KEYS_FILE 和文件权限。") from None
    try:
        return _parse(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        # Nothing of the content goes into the message or the chain of exceptions.
        raise KeysUnusable(f"密钥文件 {path} 已损坏，请用备份的密钥文件替换它；不要删除，否则已加密的内容再也打不开。") from None


def lost(path: Path) -> KeysUnusable:
    """What to say when there were keys and their file is gone."""
    return KeysUnusable(f"密钥文件 {path} 不见了，请放回原来的（KEYS_FILE 或备份）；没有另做新的，用新密钥打不开已加密的内容。")


def _parse(said: Any) -> Keyring:
    if said["format"] != FORMAT:
        raise ValueError
    keys: dict[str, Key] = {}
    for key_id, entry in said["keys"].items():
        suite, secret = SUITES[entry["suite"]], base64.b64decode(entry["secret"], validate=True)
        wanted = suite.key_bytes if entry["use"] == "field" else MAC_KEY_BYTES
        if entry["use"] not in USES or len(secret) != wanted or not key_id.isalnum() or len(key_id) != KEY_ID_LENGTH:
            raise ValueError
        keys[key_id] = Key(key_id, entry["use"], suite, clock.parse(entry["made_at"]), secret)
    active = {use: said["active"][use] for use in USES}
    if any(keys[key_id].use != use for use, key_id in active.items()):
        raise ValueError
    return Keyring(keys, active)


def _write(path: Path, ring: Keyring) -> None:
    """Swap the file in one step, on the disk before it has its name."""
    entries = {
        key.key_id: {
            "use": key.use,
            "suite": key.suite.name,
            "made_at": key.made_at.isoformat(),
            "secret": base64.b64encode(key.secret).decode(),
        }
        for key in ring.keys.values()
    }
    content = json.dumps({"format": FORMAT, "active": dict(ring.active), "keys": entries}, indent=1).encode()
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as trouble:
        with suppress(OSError):
            beside.unlink()
        raise KeysUnusable(f"密钥文件 {path} 写不进去（{trouble.strerror}），请检查磁盘空间和目录权限。") from None


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Only one process at a time makes or changes the file; the lock goes with the process that holds it. Gives the lock file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as trouble:
        raise KeysUnusable(f"密钥文件所在的目录 {path.parent} 写不进去（{trouble.strerror}），请检查 KEYS_FILE。") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _remember(lock: int) -> None:
    """Keys stand beside this lock: whoever finds them gone must not make others."""
    with suppress(OSError):  # a full disk: the keys themselves are written
        os.pwrite(lock, b"1\n", 0)
        os.fsync(lock)


def _stamp(path: Path) -> tuple[int, int, int]:
    seen = path.stat()
    return seen.st_mtime_ns, seen.st_ino, seen.st_size
