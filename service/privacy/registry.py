"""Every table that speaks of people, found by looking at the models: there is no list that could miss one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_
from sqlalchemy.orm import Session

from service.accounts.models import Account
from service.crypto.sealed import Sealed
from service.db import Base
from service.personal import PERSON_COLUMNS, SECRET_ENDINGS, NotPersonal, Personal

LEAVES_LAST = ("account", "worker")
"""What everything else points at."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is about. ``account_ids``: the accounts that stand for this person, at most one today."""

    worker_id: int | None
    account_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A model and what it declares."""

    model: type[Any]
    table: Table
    says: Personal

    @property
    def name(self) -> str:
        """As in the database."""
        return self.table.name

    def of(self, person: Person) -> ColumnElement[bool] | None:
        """Which rows are the person's; None when none can be."""
        column = self.table.c[self.says.subject]
        if self.says.subject == "worker_id":
            return None if person.worker_id is None else column == person.worker_id
        return column.in_(person.account_ids) if person.account_ids else None

    def opened(self) -> dict[str, str]:
        """Sealed texts by attribute: they are shown opened."""
        return {field.name: field.column for field in vars(self.model).values() if isinstance(field, Sealed)}

    def shown(self) -> list[str]:
        """The columns that the person is shown as they are."""
        names = [column.name for column in self.table.columns]
        return [name for name in names if name not in self.says.hidden and not name.endswith(SECRET_ENDINGS)]


def personal_tables() -> list[PersonalTable]:
    """All of them: what hangs on a person first, the person's own rows last."""
    found = []
    for mapper in Base.registry.mappers:
        says = getattr(mapper.class_, "__personal__", None)
        if isinstance(says, Personal) and isinstance(mapper.local_table, Table):
            found.append(PersonalTable(mapper.class_, mapper.local_table, says))
    order = {name: number for number, name in enumerate(table.name for table in reversed(Base.metadata.sorted_tables))}
    return sorted(found, key=lambda one: (one.name in LEAVES_LAST, order[one.name]))


def undeclared() -> list[str]:
    """Models that name a person and say neither what becomes of it nor why it is nothing personal: a fault, found by a test."""
    return sorted(
        mapper.class_.__name__
        for mapper in Base.registry.mappers
        if {column.name for column in mapper.local_table.columns} & set(PERSON_COLUMNS)
        and not isinstance(getattr(mapper.class_, "__personal__", None), Personal | NotPersonal)
    )


def person_of(session: Session, *, account_id: int | None, worker_id: int | None) -> Person:
    """The whole person behind an account or a worker record."""
    wanted: list[ColumnElement[bool]] = []
    if account_id is not None:
        wanted.append(Account.account_id == account_id)
    if worker_id is not None:
        wanted.append(and_(Account.worker_id == worker_id))
    rows = session.query(Account.account_id, Account.worker_id).filter(or_(*wanted)).order_by(Account.account_id).all()
    found = worker_id if worker_id is not None else next((row.worker_id for row in rows if row.worker_id is not None), None)
    return Person(found, tuple(row.account_id for row in rows))
