"""The process that reads one workbook (``apart.py`` begins it): the file comes in, its cells go out, its bounds are its own."""

from __future__ import annotations

import resource
import sys

import orjson

from service.errors import Invalid
from service.sheets.apart import DEFEATED
from service.sheets.cells import Limits
from service.sheets.workbook import sheets_of

_AT_LEAST = 128 * 2**20
_A_CELL = 150


def memory(limits: Limits) -> int:
    """Bytes of address space that reading may take: some half as much again as the largest file within these limits needs."""
    return _AT_LEAST + 3 * limits.plain_bytes + _A_CELL * limits.cells


def main() -> int:
    """Read from standard input what ``apart.py`` writes; answer with a refusal or the sheets."""
    name, said = orjson.loads(sys.stdin.buffer.readline())
    limits = Limits(**said)
    resource.setrlimit(resource.RLIMIT_AS, (memory(limits), memory(limits)))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sheets = sheets_of(sys.stdin.buffer.read(), name, limits)
        answer = orjson.dumps([None, [[sheet.name, sheet.grid, sheet.hidden] for sheet in sheets]])
    except Invalid as refused:
        answer = orjson.dumps([[refused.error, refused.message], ()])
    except MemoryError:
        return DEFEATED
    except BaseException as wrong:
        if type(wrong).__name__ != "PanicException":  # what a fault in the reader is called; it has no class to name
            raise
        return DEFEATED
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0
