"""The ledger of what people let us send them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Update, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.wechat.models import SubscriptionCredit
from service.wechat.template import Template

MOST_CREDIT = 1000
"""Nobody taps more often; a client that says so is broken."""


@dataclass(frozen=True, slots=True)
class Credit:
    """What is left of one kind of message."""

    message: str
    title: str
    template_id: str
    long_term: bool
    remaining: int


def accept(session: Session, account_id: int, template: Template, now: datetime) -> None:
    """The person has let one more message come (of a long-term template: all)."""
    table = SubscriptionCredit.__table__
    values = {
        "account_id": account_id,
        "template_id": template.template_id,
        "remaining": 1,
        "long_term": template.long_term,
        "updated_at": now,
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(SubscriptionCredit).values(values)
    more = 1 if template.long_term else table.c.remaining + 1
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["account_id", "template_id"],
            set_={"remaining": more, "long_term": template.long_term, "updated_at": now},
            where=table.c.remaining < MOST_CREDIT,
        )
    )


def spend(session: Session, account_id: int, template: Template, now: datetime) -> None:
    """One message was sent."""
    if not template.long_term:
        _change(session, account_id, template.template_id, now, less=1)


def clear(session: Session, account_id: int, template_id: str, now: datetime) -> None:
    """Nothing may be sent any more, until the person accepts again."""
    session.execute(_rows(account_id, template_id).values(remaining=0, updated_at=now))


def remaining(session: Session, account_id: int, template_id: str) -> int:
    """How many messages of a template may still be sent."""
    row = session.get(SubscriptionCredit, (account_id, template_id), populate_existing=True)
    return 0 if row is None else row.remaining


def ledger(session: Session, account_id: int, templates: Mapping[str, Template]) -> list[Credit]:
    """Every kind of message there is, and what is left of it."""
    rows = session.scalars(select(SubscriptionCredit).where(SubscriptionCredit.account_id == account_id))
    left = {row.template_id: row.remaining for row in rows}
    return [
        Credit(each.message, each.title, each.template_id, each.long_term, left.get(each.template_id, 0))
        for each in templates.values()
    ]


def by_id(templates: Mapping[str, Template], template_ids: Iterable[str]) -> list[Template]:
    """The templates with these ids; others are left out."""
    known = {each.template_id: each for each in templates.values()}
    return [known[template_id] for template_id in dict.fromkeys(template_ids) if template_id in known]


def _rows(account_id: int, template_id: str) -> Update:
    return update(SubscriptionCredit).where(
        SubscriptionCredit.account_id == account_id, SubscriptionCredit.template_id == template_id
    )


def _change(session: Session, account_id: int, template_id: str, now: datetime, *, less: int) -> None:
    rows = _rows(account_id, template_id).where(SubscriptionCredit.remaining >= less)
    session.execute(rows.values(remaining=SubscriptionCredit.remaining - less, updated_at=now))
