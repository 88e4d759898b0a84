"""Many adverts in one request: each with its own result, none spoiling another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.errors import BadRequest, Invalid, Refusal
from service.messages import by_field, printable
from service.partners.place import Asked, Placed, asked, place
from service.partners.schemas import BulkJob, BulkWithdrawal

BATCH = 100
"""Adverts in one transaction: other writers wait a fraction of a second."""
_ADVERT: Schema = BulkJob()
_WITHDRAWAL: Schema = BulkWithdrawal(unknown=EXCLUDE)


def lines_of(body: bytes, most: int) -> list[Any]:
    """The items of an NDJSON body; a line that is no JSON is its ``ValueError``, so that only it is refused.

    Raises BadRequest (not UTF-8, nothing there) or Invalid (more than ``most``).
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest("bad_json", "提交的内容不是 UTF-8 编码，请转成 UTF-8 再提交。") from None
    lines = [line for line in text.split("\n") if line.strip()]
    return require_some([_parsed(line) for line in lines[: most + 1]], most)


def require_some(items: Any, most: int) -> list[Any]:
    """The list itself. Raises Invalid when it is none, is empty or holds more than ``most``."""
    if not isinstance(items, list) or not items:
        raise Invalid("bulk_empty", "请提交一个 JSON 列表，或者一行一个 JSON 对象（application/x-ndjson），至少一条。")
    if len(items) > most:
        raise Invalid("bulk_too_many", f"一次最多 {most} 条，请分几次提交。")
    return items


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return ValueError("no JSON")


def place_all(
    reading: Callable[[], AbstractContextManager[Session]],
    writing: Callable[[], AbstractContextManager[Session]],
    caller: Caller,
    items: Sequence[Any],
    now: datetime,
) -> list[Placed]:
    """Place every item, ``BATCH`` in a transaction; the results in the order of the request. ``reading`` and ``writing`` open
    sessions: what needs no lock is done before, so that other writers get their turn."""
    seen: set[str] = set()
    done: list[Placed] = []
    for start in range(0, len(items), BATCH):
        with reading() as session:
            read = [_read(session, caller, item, seen, now) for item in items[start : start + BATCH]]
        with writing() as session:
            placed = iter(place(session, caller, [one for one in read if isinstance(one, Asked)], now))
        done += [next(placed) if isinstance(one, Asked) else one for one in read]
    return done


def _read(session: Session, caller: Caller, item: Any, seen: set[str], now: datetime) -> Asked | Placed:
    their_id = item["their_id"] if isinstance(item, dict) and isinstance(item.get("their_id"), str) else ""
    try:
        said = _loaded(item)
        their_id = said.pop("their_id")
        if their_id in seen:
            raise Invalid(
                "their_id_twice", "这个编号在同一次提交里出现了两次，后面这一条没有收。", errors={"their_id": ["重复。"]}
            )
        seen.add(their_id)
        return Asked(their_id) if said.pop("withdrawn", False) else asked(session, caller, their_id, said, now)
    except Refusal as refused:
        return Placed(printable(their_id), "refused", refusal=refused)


def _loaded(item: Any) -> dict[str, Any]:
    """Raises Invalid with what is wrong with it."""
    if not isinstance(item, dict):
        raise Invalid("bad_json", "这一条不是正确的 JSON 对象，请检查括号和引号。")
    schema = _WITHDRAWAL if item.get("withdrawn") is True else _ADVERT
    try:
        said: dict[str, Any] = schema.load(item)
    except ValidationError as wrong:
        raise Invalid("invalid", "有几项填得不对，请改正后再提交。", errors=by_field(wrong.messages)) from None
    return said


def counts(done: Sequence[Placed]) -> dict[str, int]:
    """How many of each outcome."""
    return dict(sorted(Counter(placed.outcome for placed in done).items()))
