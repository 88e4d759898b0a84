"""``Idempotency-Key``: a phone that lost the answer sends the same request again and gets the same answer, not a second job.

The key is written in the transaction of the work itself: either both are there or neither. Two requests with one key at once: the
second waits for the first (the primary key sees to it) and then answers what the first answered.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, Text, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from service import clock
from service.crypto.blind import blind_index
from service.crypto.sealed import Sealed, SealedRow
from service.db import Base, UtcDateTime
from service.errors import Conflict, Invalid, PreconditionRequired
from service.personal import Personal

KEPT = timedelta(days=7)
"""How long an answer is remembered; a clerk's phone may come back after a weekend without a line."""
_KEY = re.compile(r"[\x21-\x7e]{8,128}")


class IdempotentAnswer(SealedRow, Base):
    """What was answered to a key of an account. ``request_hash`` tells another request with the same key; it is keyed, since
    who knows an advert could otherwise try all phone numbers. The answer is sealed: it holds the contact that was published."""

    __tablename__ = "idempotent_answer"
    __personal__ = Personal(title="记住的回答（网断了重发用，七天）", subject="account_id", erase="delete")

    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer, default=0)
    body: Mapped[Any] = mapped_column(JSON, default=dict)
    """Where older versions wrote the answer; rows live for ``KEPT``."""
    answer_sealed: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    answer = Sealed("answer")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be given again. ``replayed`` is true when it was."""

    status: int
    body: Any
    headers: dict[str, str]
    replayed: bool = False


def required_key(value: str | None) -> str:
    """The key of a request. Raises PreconditionRequired when there is none, Invalid when it cannot be one."""
    if not value:
        raise PreconditionRequired(
            "idempotency_key_required", "请在请求头 Idempotency-Key 里带一个不重复的编号，网络断了重发也不会发两次。"
        )
    if not _KEY.fullmatch(value):
        raise Invalid(
            "idempotency_key_invalid",
            "Idempotency-Key 要 8 到 128 个英文字母、数字或符号。",
            errors={"Idempotency-Key": ["8 到 128 个可见的英文字符。"]},
        )
    return value


def request_hash(method: str, path: str, body: bytes) -> str:
    """What makes a request the same request: method, path and content (JSON compared by meaning, not by spaces)."""
    try:
        content = json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        content = body
    plain = hashlib.sha256(b"\n".join((method.encode(), path.encode(), content))).hexdigest()
    return blind_index(plain, "request").rpartition(".")[2]


def once(session: Session, *, account_id: int, key: str, request: str, now: datetime, work: Callable[[], Answer]) -> Answer:
    """Do ``work`` once for this key, or give the answer of the first time again.

    Raises Conflict when the key came with another request before. Whatever ``work`` raises rolls back the key as well, so that
    a refused request may be corrected and sent with the same key.
    """
    if abs(clock.jumped_seconds()) < clock.LARGEST_JUMP_SECONDS:  # a key that only looks old is still a promise
        own = IdempotentAnswer.account_id == account_id
        session.execute(delete(IdempotentAnswer).where(own, IdempotentAnswer.created_at < now - KEPT))
    if not _claim(session, account_id, key, request, now):
        before = session.get_one(IdempotentAnswer, (account_id, key))
        if before.request_hash != request:
            raise Conflict("idempotency_key_reused", "这个 Idempotency-Key 已经用在另一个请求上，请换一个新的。")
        body = json.loads(before.answer) if before.answer_sealed else before.body
        return Answer(before.status, body, dict(before.headers), replayed=True)
    answer = work()
    row = session.get_one(IdempotentAnswer, (account_id, key))
    row.status, row.answer, row.headers = answer.status, json.dumps(answer.body, ensure_ascii=False), answer.headers
    session.flush()
    return answer


def forget_old(session: Session, now: datetime) -> None:
    """Drop the answers older than ``KEPT``, of all accounts: they hold what was published, contacts included. Called daily."""
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created_at < now - KEPT))


def _claim(session: Session, account_id: int, key: str, request: str, now: datetime) -> bool:
    """Write the key. On PostgreSQL this waits while another transaction holds the same key."""
    values = {
        "account_id": account_id,
        "key": key,
        "request_hash": request,
        "status": 0,
        "body": {},
        "headers": {},
        "created_at": now,
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    claim = dialect.insert(IdempotentAnswer).values(values).on_conflict_do_nothing().returning(IdempotentAnswer.key)
    return session.execute(claim).first() is not None
