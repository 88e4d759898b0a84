"""What a reason is called where people read about it: the words of ``data/reasons.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from service.feeds.around import OF_EMPLOYER
from service.jobs.rules import families

TABLE = Path(__file__).parent / "data" / "reasons.toml"


def title(code: str) -> str:
    """A reason in a few words; of one that has none, the code itself."""
    table = _table()
    if code.startswith((OF_EMPLOYER, "list.")):
        return str(table["employer"]["any"])
    family = families().get(code)
    return str(table["codes"].get(code) or (table["families"].get(family) if family else None) or code)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))
