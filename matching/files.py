"""A file of flat arrays, written whole, opened memory-mapped and read-only, refused when a single bit is not as written.

Layout: 8 bytes magic, 4 bytes format number, 4 bytes CRC-32 of everything after these 16 bytes, 8 bytes total length, 4 bytes
length of the table, 4 bytes zero; the table (JSON: word rules, facts, and for every array its name, type, shape and offset); the
arrays, each at a multiple of 64. Opening checks the whole file's checksum (4 GB/s, so 50 ms for a million jobs; a process
that refreshes opens only files that it has not open yet); what the numbers mean is checked by whoever knows it.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

FORMAT: Final = 3
_MAGIC: Final = b"CNSEGM\r\n"
_HEAD = struct.Struct("<8sIIQII")
_ALIGN: Final = 64
_CHECKED_FROM: Final = 16
_DTYPES: Final = frozenset({"|u1", "<u2", "<u4", "<u8", "<i4", "<i8"})

Array = npt.NDArray[Any]


class IndexDamaged(Exception):  # noqa: N818 - a name of the front door
    """A file of the index cannot be trusted; ``reason`` says in Chinese why. The index must be rebuilt from the database."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def _durably(path: Path) -> Iterator[BinaryIO]:
    """A file under a temporary name, forced to disk and put under its own in one step (POSIX rename) when all went well."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_durably(path: Path, data: bytes) -> None:
    """Put ``data`` under a name: all of it, or what stood there before."""
    with _durably(path) as file:
        file.write(data)


def write_arrays(path: Path, facts: dict[str, Any], arrays: dict[str, Array]) -> int:
    """Write ``arrays`` and ``facts`` (JSON values) as one file; the number of its bytes. No array is copied as a whole."""
    table: list[tuple[str, str, list[int], int]] = []
    at = 0
    for name, array in arrays.items():
        table.append((name, array.dtype.str, list(array.shape), at))
        at += -(-array.nbytes // _ALIGN) * _ALIGN
    text = json.dumps({"facts": facts, "arrays": table}, ensure_ascii=True, separators=(",", ":")).encode()
    start = -(-(_HEAD.size + len(text)) // _ALIGN) * _ALIGN
    length = start + at
    table_part = struct.pack("<QII", length, len(text), 0) + text + bytes(start - _HEAD.size - len(text))
    checksum = zlib.crc32(table_part)
    with _durably(path) as file:
        file.write(bytes(_CHECKED_FROM) + table_part)
        for array in arrays.values():
            data = memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
            for part in (data, memoryview(bytes(-len(data) % _ALIGN))):
                checksum = zlib.crc32(part, checksum)
                file.write(part)
        file.seek(0)
        file.write(struct.pack("<8sII", _MAGIC, FORMAT, checksum))
    return length


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Map a file of arrays; raises ``IndexDamaged`` unless it is exactly what was written, ``FileNotFoundError`` if gone."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < _HEAD.size:
            raise IndexDamaged(f"索引文件 {path.name} 不完整：只有 {size} 字节")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    magic, number, checksum, length, table_length, _ = _HEAD.unpack_from(mapped)
    if magic != _MAGIC:
        raise IndexDamaged(f"索引文件 {path.name} 不是索引文件")
    if number != FORMAT:
        raise IndexDamaged(f"索引文件 {path.name} 的格式号是 {number}，本程序只读格式 {FORMAT}，需要重建")
    if length != size:
        raise IndexDamaged(f"索引文件 {path.name} 被截断：应有 {length} 字节，实有 {size} 字节")
    if zlib.crc32(memoryview(mapped)[_CHECKED_FROM:]) != checksum:
        raise IndexDamaged(f"索引文件 {path.name} 校验和不符，内容已损坏")
    with well_formed(path):
        described = json.loads(mapped[_HEAD.size : _HEAD.size + table_length])
        start = -(-(_HEAD.size + table_length) // _ALIGN) * _ALIGN
        arrays = {name: _array(mapped, start, *place) for name, *place in described["arrays"]}
        facts: dict[str, Any] = {**described["facts"]}
    return facts, arrays


@contextmanager
def well_formed(path: Path) -> Iterator[None]:
    """Turns what reading a file's own description stumbles over into ``IndexDamaged``: wrong types, missing names, no text."""
    try:
        yield
    except (ValueError, TypeError, KeyError, RecursionError) as wrong:
        raise IndexDamaged(f"索引文件 {path.name} 的目录与内容不符") from wrong


def _array(mapped: mmap.mmap, start: int, dtype: str, shape: list[int], offset: int) -> Array:
    """One array of the table. Raises ``ValueError`` or ``TypeError`` when it is none, or not inside the file."""
    if dtype not in _DTYPES or any(type(number) is not int or number < 0 for number in (*shape, offset)) or offset % _ALIGN:
        raise ValueError(dtype, shape, offset)
    if start + offset + math.prod(shape) * np.dtype(dtype).itemsize > len(mapped):
        raise ValueError(shape, offset)
    return np.ndarray(tuple(shape), dtype=dtype, buffer=mapped, offset=start + offset)


def count_of(facts: dict[str, Any], name: str) -> int:
    """A number of things among the facts of a file; ``ValueError`` when it is anything else."""
    value = facts[name]
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise ValueError(name, value)
    return value


def names_of(facts: dict[str, Any], name: str) -> list[str]:
    """A list of different names among the facts of a file; ``ValueError`` when it is anything else."""
    value = facts[name]
    if not isinstance(value, list) or any(not isinstance(one, str) for one in value) or len(set(value)) != len(value):
        raise ValueError(name)
    return value


def pack_strings(strings: list[str]) -> Array:
    """Strings without line breaks as one array of bytes."""
    return np.frombuffer("\n".join(strings).encode(), dtype=np.uint8)


def unpack_strings(data: Array) -> list[str]:
    """The strings again; ``ValueError`` when they are no text."""
    if data.dtype != np.uint8 or data.ndim != 1:
        raise ValueError(data.dtype, data.shape)
    return data.tobytes().decode().split("\n") if len(data) else []
