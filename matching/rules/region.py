"""Places by GB/T 2260: the tree of divisions, old codes and names, and names inside free text.

The front door: `region_table` keeps the divisions, `region_text` reads texts.
"""

from __future__ import annotations

from matching.rules.region_table import (
    Current,
    Region,
    UnknownRegion,
    ancestors,
    by_name,
    children,
    current,
    descendants,
    get,
    is_within,
    parent,
    prefix,
)
from matching.rules.region_text import Place, find, may_name

__all__ = [
    "Current",
    "Place",
    "Region",
    "UnknownRegion",
    "ancestors",
    "by_name",
    "children",
    "current",
    "descendants",
    "find",
    "get",
    "is_within",
    "may_name",
    "parent",
    "prefix",
]
