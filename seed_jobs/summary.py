"""What a loading did, counted; and the one way to bring a row to the values of a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from service.db import Base


@dataclass(slots=True)
class Summary:
    """How many of what were created, changed, unchanged, or kept because people had changed them; a line for each feed."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    feeds: list[str] = field(default_factory=list)

    def count(self, what: str, outcome: str) -> None:
        """One more."""
        self.counts.setdefault(what, Counter())[outcome] += 1

    def lines(self) -> list[str]:
        """As people read it."""
        named = {"created": "新增", "changed": "更新", "unchanged": "没有变化", "kept": "有人改过、保留"}
        counted = [
            f"{what}：" + "，".join(f"{word} {found[outcome]}" for outcome, word in named.items() if found[outcome])
            for what, found in self.counts.items()
        ]
        return [*counted, *self.feeds]


def update(row: Base, values: dict[str, Any]) -> str:
    """Set what differs; "changed" or "unchanged"."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return "changed" if changed else "unchanged"
