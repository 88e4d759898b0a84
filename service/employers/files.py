"""Pictures of papers on the disk: sealed, each with a key of its own, under names that say nothing.

The key of a file stands sealed in its row (``Paper.file_key``), so that turning the keys of the service never touches the files,
and a file whose row is gone can be opened by nobody. ``name`` is ``<random>/<hash of the sealed bytes>``: whether a file is whole
can be seen without opening it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from datetime import datetime
from pathlib import Path

from service.crypto import keyring
from service.crypto.suites import NONCE_BYTES, SUITES, NotAuthentic
from service.errors import Unavailable

_NAME = re.compile(r"[0-9a-f]{32}/[0-9a-f]{64}")
_HEAD = b"chengnuan-file 1 "


def new_key() -> str:
    """A key for one file, as hexadecimal digits."""
    return secrets.token_hex(keyring.current().key("field").suite.key_bytes)


def keep(directory: Path, content: bytes, *, key: str, row_key: str) -> str:
    """Write a file and give its name. It is on the disk when this returns. Raises Unavailable when the disk is full."""
    suite = keyring.current().key("field").suite
    nonce = os.urandom(NONCE_BYTES)
    sealed = _HEAD + suite.name.encode() + b"\n" + nonce + suite.encrypt(bytes.fromhex(key), nonce, content, row_key.encode())
    folder = secrets.token_hex(16)
    name = f"{folder}/{hashlib.sha256(sealed).hexdigest()}"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        (directory / folder).mkdir(mode=0o700)
        with os.fdopen(os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        for above in (directory / folder, directory):
            descriptor = os.open(above, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError:
        remove(directory, name)
        raise Unavailable("files_unwritable", "照片现在存不了，请过一会儿再试。", headers={"Retry-After": "60"}) from None
    return name


def read(directory: Path, name: str, *, key: str, row_key: str) -> bytes:
    """The content again. Raises Unavailable when the file is not there, or not what was written."""
    lost = Unavailable("file_lost", "这张照片现在打不开，请重新上传，或联系管理员检查文件备份。")
    if not _NAME.fullmatch(name):
        raise lost
    try:
        sealed = (directory / name).read_bytes()
    except OSError:
        raise lost from None
    head, _, rest = sealed.partition(b"\n")
    suite = SUITES.get(head.removeprefix(_HEAD).decode("ascii", "replace"))
    if suite is None or hashlib.sha256(sealed).hexdigest() != name.partition("/")[2]:
        raise lost
    try:
        return suite.decrypt(bytes.fromhex(key), rest[:NONCE_BYTES], rest[NONCE_BYTES:], row_key.encode())
    except (NotAuthentic, ValueError):
        raise lost from None


def remove(directory: Path, name: str) -> None:
    """Take a file away; doing it twice changes nothing."""
    if _NAME.fullmatch(name):
        folder = (directory / name).parent
        if folder.is_dir():
            (directory / name).unlink(missing_ok=True)
            if not any(folder.iterdir()):
                folder.rmdir()


def lying_about(directory: Path, before: datetime) -> list[str]:
    """Names of files written before a moment; what no row names was left by an upload that did not end."""
    if not directory.is_dir():
        return []
    found = [path for path in directory.glob("*/*") if path.stat().st_mtime < before.timestamp()]
    return sorted(name for path in found if _NAME.fullmatch(name := path.relative_to(directory).as_posix()))
