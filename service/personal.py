"""What a table says about people, declared on its model as ``__personal__``: what the person reads in the export, and what
becomes of the rows when the person leaves (个人信息保护法 art. 45, 47). A guard test finds models that name a person and say
nothing.

It stands below the models, so that every feature can declare its own tables; ``service/privacy`` carries it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Erase = Literal["delete", "blank", "keep"]
SECRET_ENDINGS = ("_hash", "_index", "_sealed", "row_key")
"""Columns that never go out as they are: hashes, indexes, and sealed texts (those go out opened, under their own name)."""
PERSON_COLUMNS = ("worker_id", "account_id")


@dataclass(frozen=True, slots=True)
class Personal:
    """How a table deals with one person.

    ``subject``: the column that names the person; the rows where it does are that person's. ``erase``: what becomes of them at
    注销. ``delete``: they go. ``blank``: they stay for what points at them, with every column emptied but ``keep`` (a column
    added later is therefore emptied, not forgotten); ``values`` are put where empty is not allowed. ``keep``: they stay until
    ``rule`` of the retention table lets them go, counted from the column ``since``; ``while_here``: never before the person has
    left, because they say what holds. ``hidden``: columns that say nothing about the person.
    """

    title: str
    subject: str = "worker_id"
    erase: Erase = "delete"
    keep: frozenset[str] = frozenset()
    values: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    rule: str = ""
    since: str = "at"
    while_here: bool = False
    hidden: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Raises ValueError for a declaration that cannot be carried out."""
        if self.subject not in PERSON_COLUMNS:
            raise ValueError(f"{self.title}: nobody is named by {self.subject}")
        if self.erase == "keep" and not self.rule:
            raise ValueError(f"{self.title}: rows that are kept need a rule that says how long")


@dataclass(frozen=True, slots=True)
class NotPersonal:
    """A table that has such a column and yet holds nothing about the person; ``why`` says so."""

    why: str
