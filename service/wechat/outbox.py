"""Messages to people, handed to WeChat at least once.

:func:`post` puts one in, in the transaction of what it tells about; a task hands it over. A worker that is killed in between, or
an answer that never comes, leaves ``unanswered``: the next try may then find the credit spent by the first, which is no refusal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import Counter
from sqlalchemy import ColumnElement, Float, Integer, cast, extract, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.crypto.sealed import new_row_key
from service.db import Database
from service.tasks import enqueue
from service.wechat import subscriptions
from service.wechat.client import Wechat
from service.wechat.errcodes import WechatError
from service.wechat.models import OutgoingMessage, WechatIdentity
from service.wechat.template import Template

TASK = "wechat.message"
USUAL_LIFE = timedelta(days=1)
PROMISED = timedelta(seconds=10)
"""What ``/performance`` counts: handed to WeChat within ten seconds."""
NOT_SUBSCRIBED = 43101
MESSAGES = Counter("chengnuan_wechat_messages", "Messages to people, by kind and how they ended", ["message", "state"])


def post(
    session: Session,
    account_id: int,
    message: str,
    values: Mapping[str, str],
    *,
    key: str,
    now: datetime,
    page_query: str = "",
    expires_at: datetime | None = None,
) -> int | None:
    """Put a message in; its id, or None when one with this ``key`` (at most 128 plain characters, no personal data) is there.

    ``message`` is a kind of ``data/templates.toml``, ``values`` its texts by our names, ``page_query`` ids for its page.
    """
    row_key = new_row_key()
    row = {
        "account_id": account_id,
        "message": message,
        "message_key": key,
        "row_key": row_key,
        "page_query": page_query,
        "state": "queued",
        "reason": "",
        "tries": 0,
        "queued_at": now,
        "expires_at": expires_at or now + USUAL_LIFE,
        **OutgoingMessage.values.columns(OutgoingMessage, row_key, json.dumps(dict(values), ensure_ascii=False)),
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(OutgoingMessage).values(row).on_conflict_do_nothing(index_elements=["message_key"])
    message_id = session.execute(insert.returning(OutgoingMessage.message_id)).scalar()
    if message_id is not None:
        enqueue(session, TASK, {"message_id": message_id}, key=str(message_id))
    return message_id


@dataclass(frozen=True, slots=True)
class _Letter:
    """What is handed over."""

    account_id: int
    openid: str
    template: Template
    data: dict[str, dict[str, str]]
    page: str
    unanswered: bool


def hand_over(
    database: Database, wechat: Wechat | None, templates: Mapping[str, Template], message_id: int, now: datetime
) -> tuple[str, str]:
    """Hand one message to WeChat; returns its state and reason for :func:`settle`. No transaction is open meanwhile.

    Raises WechatError when it is worth another try later.
    """
    with database.write_session() as session:
        found = _prepare(session, wechat, templates, message_id, now)
    if not isinstance(found, _Letter):
        return found
    assert wechat is not None  # noqa: S101  _prepare gives no letter without one
    try:
        wechat.send(openid=found.openid, template_id=found.template.template_id, data=found.data, page=found.page)
    except WechatError as trouble:
        if trouble.errcode == NOT_SUBSCRIBED:
            return ("unsure", "43101") if found.unanswered else ("refused", "43101")
        if trouble.action == "retry":
            if not trouble.uncertain:
                _mark(database, message_id, unanswered=found.unanswered)
            raise
        return "failed", trouble.reason
    return "sent", ""


def settle(session: Session, templates: Mapping[str, Template], message_id: int, state: str, reason: str, now: datetime) -> None:
    """Write down how it ended, and what that means for the ledger. Doing it twice changes nothing."""
    row = session.get(OutgoingMessage, message_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != "queued":
        return
    template = templates.get(row.message)
    if template is not None and state == "sent":
        subscriptions.spend(session, row.account_id, template, now)
    if template is not None and reason == str(NOT_SUBSCRIBED):
        subscriptions.clear(session, row.account_id, template.template_id, now)
    row.state, row.reason, row.done_at, row.unanswered = state, reason, now, False
    MESSAGES.labels(row.message if template is not None else "other", state).inc()


def expire(session: Session, now: datetime) -> None:
    """What could not be handed over in its time is not sent late."""
    late = update(OutgoingMessage).where(OutgoingMessage.state == "queued", OutgoingMessage.expires_at <= now)
    session.execute(late.values(state="expired", reason="late", done_at=now))


@dataclass(frozen=True, slots=True)
class Handed:
    """Of the messages that were to go out in a time: how many went, and how many of these in time."""

    sent: int
    in_time: int

    @property
    def share(self) -> float | None:
        """In time of all that went, 0 to 1; None when none went."""
        return self.in_time / self.sent if self.sent else None


def handed(session: Session, since: datetime, until: datetime) -> Handed:
    """How fast messages queued between two moments were handed to WeChat."""
    row = OutgoingMessage
    waited: ColumnElement[Any] = (func.julianday(row.done_at) - func.julianday(row.queued_at)) * 86400.0
    if session.get_bind().dialect.name == "postgresql":
        waited = cast(extract("epoch", row.done_at - row.queued_at), Float)
    quick = cast(cast(waited, Float) <= PROMISED.total_seconds(), Integer)
    went = select(func.count(), func.coalesce(func.sum(quick), 0)).where(
        row.state == "sent", row.queued_at >= since, row.queued_at < until
    )
    sent, in_time = session.execute(went).one()
    return Handed(int(sent), int(in_time))


def _prepare(
    session: Session, wechat: Wechat | None, templates: Mapping[str, Template], message_id: int, now: datetime
) -> _Letter | tuple[str, str]:
    """What to hand over, or why not: then nothing is asked of WeChat."""
    row = session.get(OutgoingMessage, message_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != "queued":
        return "gone", ""
    if row.expires_at <= now:
        return "expired", "late"
    template, identity = templates.get(row.message), session.get(WechatIdentity, row.account_id)
    if wechat is None or template is None:
        return "failed", "no_template"
    if identity is None:
        return "failed", "no_wechat"
    if not row.unanswered and subscriptions.remaining(session, row.account_id, template.template_id) < 1:
        return "refused", "no_credit"
    try:
        data = template.data(json.loads(row.values))
    except KeyError:
        return "failed", "value_missing"
    page = f"{template.page}?{row.page_query}" if row.page_query else template.page
    letter = _Letter(row.account_id, identity.openid, template, data, page, row.unanswered)
    row.tries += 1
    row.unanswered = True
    return letter


def _mark(database: Database, message_id: int, *, unanswered: bool) -> None:
    with database.write_session() as session:
        own = update(OutgoingMessage).where(OutgoingMessage.message_id == message_id)
        session.execute(own.values(unanswered=unanswered))
