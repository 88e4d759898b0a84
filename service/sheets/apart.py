"""Have a workbook read in a process of its own, with a bound of memory and of time: whatever a file does to its reader ends as a
sentence to whoever sent it, and never as a worker that is gone.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import orjson

from service.errors import Invalid, Unavailable
from service.sheets.cells import Limits, Sheet

AT_ONCE = 2
"""Workbooks that one process of ours has read at a time: each may use as much memory as ``child.memory`` says."""
DEFEATED = 3
"""How the reader ends when a file was too much for it, where it can still say so; else a signal ends it."""
_BEGIN = "import sys; sys.path.insert(0, sys.argv[1]); from service.sheets.child import main; sys.exit(main())"
_ROOT = str(Path(__file__).parents[2])
_places = threading.BoundedSemaphore(AT_ONCE)


def read_apart(data: bytes, name: str, limits: Limits) -> tuple[Sheet, ...]:
    """Every sheet of an .xlsx or .xls. Raises Invalid (``_too_big _cut _format`` behind ``limits.code``), or Unavailable when too
    many are being read or no process can be begun."""
    if not _places.acquire(timeout=limits.seconds):
        raise _busy()
    try:
        # Begun anew and not forked: a fork of a process with threads may hang, and one with the whole index is dear.
        done = subprocess.run(  # noqa: S603  our own program, the file goes in as bytes
            [sys.executable, "-I", "-c", _BEGIN, _ROOT],
            input=orjson.dumps([name, asdict(limits)]) + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a reader says when it dies may quote the file
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as wrong:
        raise _defeated(name, limits) from wrong
    except OSError as wrong:
        raise _busy() from wrong
    finally:
        _places.release()
    if done.returncode < 0 or done.returncode == DEFEATED:
        raise _defeated(name, limits)
    if done.returncode:
        raise RuntimeError(f"the reader of workbooks ended with {done.returncode}")
    refused, sheets = orjson.loads(done.stdout)
    if refused:
        raise Invalid(*refused)
    return tuple(Sheet(*sheet) for sheet in sheets)


def _defeated(name: str, limits: Limits) -> Invalid:
    return Invalid(
        f"{limits.code}_too_big", f"表格 {name} 太大或者结构不正常，读不了；请把内容复制到一个新表格里，另存为 .xlsx 再导入。"
    )


def _busy() -> Unavailable:
    return Unavailable("sheet_reader_busy", "现在同时读的表格太多，请过一分钟再传。", headers={"Retry-After": "60"})
