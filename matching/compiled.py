"""The one place where Numba is configured: how kernels are compiled and where the machine code is kept.

Numba notices a changed source file only for the file that holds the compiled function, not for what that function calls in
another file (0.68), and a warm cache silently skips bounds checking. So the cache folder carries a fingerprint of every
source that ends up in a kernel and of the checking mode: changed code or another mode is another folder.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import extending
from numba.core import cgutils, types

_KERNEL_SOURCES = (
    "chains.py", "compiled.py", "formula.py", "kernels.py", "layout.py", "lookup.py", "packing.py", "ranking.py", "rows.py",
    "scratch.py", "sums.py", "tally.py",
    "people/kernels.py", "people/rows.py",
)  # fmt: skip
F = TypeVar("F", bound=Callable[..., object])
_numba_config: Any = numba.config
_intrinsic: Any = extending.intrinsic
_overload: Any = extending.overload
_cgutils: Any = cgutils


def cache_dir() -> Path:
    """Folder of the compiled kernels: ``NUMBA_CACHE_DIR``, else in the virtual environment, else in the user's cache."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    own = sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK)
    base = Path(chosen or (f"{sys.prefix}/numba-cache" if own else "~/.cache/chengnuan/kernels")).expanduser()
    digest = hashlib.blake2b(digest_size=8)
    for name in _KERNEL_SOURCES:
        digest.update((Path(__file__).parent / name).read_bytes())
    checked = "-checked" if _numba_config.BOUNDSCHECK else ""
    return base / f"{digest.hexdigest()}{checked}"


_numba_config.CACHE_DIR = str(cache_dir())


def kernel(function: F) -> F:
    """Compile ``function`` at its first call: cached on disk, without the interpreter lock, never parallel (forks).

    Without Numba's reference counts too: a kernel makes no arrays of its own and so needs none, and counting at every access to
    an array inside a tuple made a search eight times as slow (0.68). Room to work in is handed in (``scratch.py``).
    """
    return cast(F, _njit(**_HOW)(function))


def inner(function: F) -> F:
    """The same for a function that only kernels call: it always becomes part of its caller.

    Numba hands arrays over by value, seven words each; a call with thirty of them costs more than most of what is called.
    """
    return cast(F, _njit(forceinline=True, **_HOW)(function))


def maker(function: F) -> F:
    """A kernel that makes arrays, with reference counts: for what runs once a search, never once a row."""
    return cast(F, _njit(cache=True, nogil=True, error_model="numpy")(function))


_njit: Any = numba.njit
_HOW: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def prefetch(table: Any, row: int) -> None:
    """Ask the processor to fetch an item of an array, or a row of a table, that is read soon: nothing but time depends on it."""


def _fetch_row(_: Any, table: Any, row: Any) -> Any:  # noqa: ARG001 - Numba's way: types come in, a generator goes out
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        at = arguments[1]
        if table.ndim == 2:
            at = builder.mul(at, builder.extract_value(array.shape, 1))
        at = builder.gep(array.data, [at])
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        call = _cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(call, [builder.bitcast(at, pointer), number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(table, types.int64), generate


_fetch: Any = _intrinsic(_fetch_row)


def _prefetch(table: Any, row: Any) -> Any:  # noqa: ARG001 - the same
    def fetch(table: Any, row: Any) -> Any:
        _fetch(table, row)

    return fetch


_overload(prefetch, jit_options={"_nrt": False})(_prefetch)
