"""Who is matched: the workers of the database who agreed to it, or wishes from a file. Both come in the pieces in which the batch
works.

A worker's wish goes through the very conversion of ``POST /v1/match``, so that the batch finds what the person would find.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from matching import COUPLE, Wished
from matching.model import Query
from service.accounts.models import Account
from service.clock import from_seconds
from service.consents import texts
from service.consents.models import ConsentRecord
from service.consents.record import agreeing
from service.search import ask, fair
from service.search.schemas import LONGEST_TEXT, MatchArgs, unsaid
from service.workers.ages import age_on
from service.workers.choices import words_to_avoid
from service.workers.models import Worker
from service.workers.profile import health_of

_LONGEST_LINE = 64_000
_SHIFT_TAGS = {"day": "长白班", "night": "夜班", "rotating": "两班倒"}
"""The shifts of a profile as the benefits by which adverts show them."""


class WishUnreadable(Exception):  # noqa: N818  an answer to the person at the keyboard
    """A line of the file is not a wish; the message names it in Chinese."""


@dataclass(frozen=True, slots=True)
class Piece:
    """``size`` wishes. Of the database those of worker ids ``first`` to ``last``; of a file the bytes from ``first`` up to
    ``last``, of which the first line has the number ``line``."""

    first: int
    last: int
    size: int
    line: int = 0


def willing(now: int, piece: Piece | None = None) -> Select[int]:
    """Worker ids of those who are matched by night: who agreed to it and to being ranked, left it switched on and are here.

    ``piece``: only those of its ids. The consents are then looked up in that range too, or each of a million people's five
    hundred pieces would read the consents of all.
    """
    moment = from_seconds(now)
    agreed = [agreeing(purpose, moment) for purpose in (texts.BATCH, texts.RANKING)]
    query = select(Worker.worker_id).where(Worker.left_at.is_(None), Worker.personal_ranking)
    if piece is not None:
        agreed = [one.where(ConsentRecord.worker_id.between(piece.first, piece.last)) for one in agreed]
        query = query.where(Worker.worker_id.between(piece.first, piece.last))
    return query.where(*(Worker.worker_id.in_(one) for one in agreed))


def pieces_of_workers(session: Session, size: int, now: int) -> list[Piece]:
    """All willing workers of this moment by id, ``size`` to a piece."""
    ids = list(session.scalars(willing(now).order_by(Worker.worker_id)))
    cuts = [ids[start : start + size] for start in range(0, len(ids), size)]
    return [Piece(cut[0], cut[-1], len(cut)) for cut in cuts]


def pieces_of_file(path: Path, size: int) -> tuple[list[Piece], str]:
    """All lines of a file, ``size`` to a piece, and the hash of its content. Raises OSError."""
    found: list[Piece] = []
    content = hashlib.blake2b(digest_size=16)
    at = first = number = line = 0
    with path.open("rb") as file:
        for number, read in enumerate(file, 1):
            content.update(read)
            at += len(read)
            if number % size == 0:
                found.append(Piece(first, at, size, line + 1))
                first, line = at, number
    if number > line:
        found.append(Piece(first, at, number - line, line + 1))
    return found, content.hexdigest()


def workers(session: Session, piece: Piece, now: int, limit: int, *, by_turns: bool) -> tuple[list[int], list[Query]]:
    """Ids and queries of the workers of a piece who are still there and willing. ``by_turns``: with the fair exposure of the
    account."""
    account = select(func.min(Account.account_id)).where(Account.worker_id == Worker.worker_id).scalar_subquery()
    rows = session.execute(
        select(Worker, account).where(Worker.worker_id.in_(willing(now, piece))).order_by(Worker.worker_id)
    ).all()
    today = fair.day_of(now)
    return [row.worker_id for row, _ in rows], [
        _with_limit(wish_of(row, today, now).query, limit, fair.seed(now, account_id or fair.VISITOR) if by_turns else None)
        for row, account_id in rows
    ]


def lines(path: Path, piece: Piece, limit: int) -> tuple[list[int], list[Query]]:
    """Numbers of the lines (from 1, they stand for the workers) and queries of a piece. Raises :class:`WishUnreadable`."""
    with path.open("rb") as file:
        file.seek(piece.first)
        read = file.read(piece.last - piece.first).removesuffix(b"\n").split(b"\n")
    numbers = list(range(piece.line, piece.line + piece.size))
    return numbers, [_with_limit(_read(line, number), limit, None) for number, line in zip(numbers, read, strict=True)]


def wish_of(row: Worker, today: date, now: int) -> Wished:
    """What a worker would ask. Where there is a point, the region of the address only says where that is.

    The age is computed for this day: somebody who turns 16 or 18 is treated so from the day that it is sure.
    """
    known: dict[str, Any] = {"text": row.wish[:LONGEST_TEXT], "skills": row.skills, "trades": row.trades or []}
    preferences = dict(unsaid(MatchArgs)["preferences"])
    tags = [*(row.tags_wanted or ()), *(_SHIFT_TAGS[shift] for shift in row.shifts or () if shift in _SHIFT_TAGS)]
    if tags:
        preferences["tags"] = list(dict.fromkeys(tags))
    if row.settlements:
        preferences["settlement"] = row.settlements
    if row.hours_max is not None:
        preferences["hours_max"] = row.hours_max
    known |= {"preferences": preferences, "kinds": row.kinds or []}
    if row.sex in {"male", "female"}:
        known["sex"] = row.sex
    if row.birth_month is not None:
        known["age"] = age_on(today, row.birth_month)
    if row.wage_min_yuan_month is not None:
        known["wage_min"] = row.wage_min_yuan_month
    if row.lat is not None and row.lng is not None:
        known |= {"lat": row.lat, "lng": row.lng} | ({} if row.radius_km is None else {"radius_km": row.radius_km})
    elif row.region_code:
        known["regions"] = [row.region_code]
    asked = ask.from_match({**unsaid(MatchArgs), **known}, now)
    query = replace(
        asked.query,
        words_none=(*asked.query.words_none, *words_to_avoid(health_of(row))),
        tags_wanted=asked.query.tags_wanted | COUPLE if row.couple else asked.query.tags_wanted,
    )
    return asked._replace(query=query)


_FIELDS = {field.name: type(field.default) for field in fields(Query)}
_LEFT_OUT = frozenset({"after", "terms", "limit"})


def _read(line: bytes, number: int) -> Query:
    try:
        said = json.loads(line[:_LONGEST_LINE])
        return Query(**{name: _value(name, value) for name, value in said.items() if name not in _LEFT_OUT})
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as wrong:
        raise WishUnreadable(f"第 {number} 行看不懂：每行要是一个愿望的 JSON，字段同 matching.model.Query。") from wrong


def _value(name: str, value: Any) -> Any:
    kind = _FIELDS[name]
    return kind(value) if kind in {tuple, frozenset} else value


def _with_limit(query: Query, limit: int, fair_seed: int | None) -> Query:
    return replace(query, limit=limit, fair_seed=fair_seed)
