"""Which class of route a view belongs to, and how often each class may be called (``data/rate_limits.toml``).

``@limited("contact")`` stands next to ``@allow`` and only marks the view; ``rate_limit.py`` counts. A view that says nothing is a
``read`` or a ``write`` by its method.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

TABLE = Path(__file__).resolve().parent / "data" / "rate_limits.toml"
WHO = ("person", "device", "address", "crowd")
"""``crowd``: everybody who is signed in and comes from one address, together."""
AWAY = ("pass", "count", "share")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_WINDOW = re.compile(r"([1-9][0-9]{0,6})/(minute|hour|day)")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Window:
    """At most ``most`` in ``seconds``."""

    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class RateClass:
    """One class: its windows for a person, a device, an address and a crowd, and what holds while Redis is away."""

    name: str
    what: str
    person: tuple[Window, ...]
    device: tuple[Window, ...]
    address: tuple[Window, ...]
    away: str
    crowd: tuple[Window, ...] = ()

    def windows(self, who: str) -> tuple[Window, ...]:
        """Those of a person, a device, an address or a crowd."""
        found: tuple[Window, ...] = getattr(self, who)
        return found


@cache
def classes() -> dict[str, RateClass]:
    """The table. Raises ValueError for a line that cannot be read."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: _rate_class(name, row) for name, row in rows.items()}


def limited(name: str) -> Callable[[View], View]:
    """Mark a view as one of this class. Raises ValueError for a class that does not exist."""
    if name not in classes():
        raise ValueError(f"unknown rate class: {name}")

    def mark(view: View) -> View:
        view.__dict__["rate_class"] = name
        return view

    return mark


def said_class(view: Any) -> str | None:
    """The class that a view declares, None when it declares none. Decorators above carry the mark (functools.wraps)."""
    name: str | None = getattr(view, "rate_class", None)
    return name


def class_for(view: Any, method: str) -> RateClass:
    """The class of a request; of an address that does not exist too, since guessing addresses is a request like others."""
    return classes()[said_class(view) or ("read" if method in _READS else "write")]


def _rate_class(name: str, row: dict[str, str]) -> RateClass:
    if set(row) | {"crowd"} != {"what", "away", *WHO} or row["away"] not in AWAY:
        raise ValueError(f"{TABLE.name}: {name}")
    person, device, address, crowd = (_windows(name, row[who]) if who in row else () for who in WHO)
    return RateClass(name, row["what"], person, device, address, row["away"], crowd)


def _windows(name: str, text: str) -> tuple[Window, ...]:
    found = []
    for part in text.split(";"):
        match = _WINDOW.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{TABLE.name}: {name}: {part}")
        found.append(Window(int(match[1]), _SECONDS[match[2]]))
    return tuple(found)
