"""One batch: what is wanted, where it stands, and the matching of one piece of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy.exc import OperationalError, ProgrammingError

from matching import Index, IndexDamaged, IndexMissing, Query, match_many, open_index
from service.config import Settings
from service.db import Database
from service.matches import plan as plans
from service.matches import results, wishes
from service.matches.plan import Plan, missing, part_of
from service.search import fair

TROUBLES = (IndexMissing, IndexDamaged, OperationalError, ProgrammingError, OSError, wishes.WishUnreadable, plans.Busy)
"""What stops a batch for a reason that its message names."""
_UNASKABLE = (ValueError, TypeError, AttributeError, LookupError, OverflowError)
"""What the engine raises for a query whose fields are not what they should be; a file may hold anything."""


class BatchStopped(Exception):  # noqa: N818  an answer to the person at the keyboard
    """The batch cannot go on; the message says in Chinese why. What is done stays done."""


@dataclass(frozen=True, slots=True)
class Order:
    """All that a process needs to know. ``file``: where wishes come from, None for the workers of the database."""

    settings: Settings
    folder: Path
    plan: Plan
    file: Path | None

    @property
    def people_left(self) -> int:
        """How many are not matched yet."""
        return sum(self.plan.pieces[number].size for number in missing(self.folder, self.plan))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks of a batch; ``now`` in seconds, ``piece`` people to a piece. ``fresh``: from the beginning."""

    day: date
    now: int
    limit: int
    piece: int
    file: Path | None
    fresh: bool


Done = tuple[int, int]
"""People matched and matches found."""


@contextmanager
def troubles_named() -> Iterator[None]:
    """What stops a batch becomes :class:`BatchStopped`."""
    try:
        yield
    except TROUBLES as trouble:
        raise BatchStopped(said(trouble)) from trouble


@contextmanager
def begun(settings: Settings, out: Path, wanted: Wanted) -> Iterator[Order]:
    """The order of a day's batch, to itself until the block ends: the one that was begun, or a new one.

    Raises :class:`BatchStopped` without an index, while another run of it goes on, and for other conditions than it began with.
    """
    folder = plans.folder_of(out, wanted.day)
    with troubles_named():
        Index(settings.index_dir).close()  # only that it can be opened: each process opens its own
        with plans.alone(folder):
            plan = None if wanted.fresh else plans.read(folder)
            pieces, source = ([], "") if wanted.file is None else wishes.pieces_of_file(wanted.file, wanted.piece)
            if plan is None:
                if wanted.file is None:
                    pieces = _workers(settings, wanted)
                    plans.forget(out, _kept_since(wanted))
                plan = plans.Plan(wanted.day, wanted.now, wanted.limit, source, tuple(pieces))
                plans.write(folder, plan)
            elif (plan.limit, plan.source) != (wanted.limit, source):
                who = "一个文件" if plan.source else "数据库"
                raise BatchStopped(
                    f"{wanted.day} 已经有一次条件不同的匹配（每人 {plan.limit} 个，{who}里的人）："
                    "请用同样的条件接着做，或加 --fresh 从头做，或用 --out 放到别处。"
                )
            yield Order(settings, folder, plan, wanted.file)


def _kept_since(wanted: Wanted) -> date:
    """Counted from the day that it is: a batch of another day (a mistyped one too) deletes no more than any other."""
    return fair.day_of(wanted.now) - results.KEEP


def _workers(settings: Settings, wanted: Wanted) -> list[wishes.Piece]:
    database = Database(settings.database_url, pool_size=1)
    try:
        with database.write_session() as session:
            results.forget(session, wanted.day, _kept_since(wanted))
            return wishes.pieces_of_workers(session, wanted.piece, wanted.now)
    finally:
        database.close()


class Matcher:
    """The index and the database as one process holds them."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.index: Index = open_index(order.settings.index_dir)
        self.database = Database(order.settings.database_url, pool_size=1)

    def match(self, number: int) -> Done:
        """Match one piece: rows first, in one transaction, then the part, which says that the piece is done."""
        order, plan = self.order, self.order.plan
        piece = plan.pieces[number]
        if order.file is None:
            with self.database.read_session() as session:
                ids, queries = wishes.workers(session, piece, plan.now, plan.limit, by_turns=order.settings.fair_exposure)
        else:
            ids, queries = wishes.lines(order.file, piece, plan.limit)
        try:
            found = best_of(self.index, ids, queries)
        except _UNASKABLE as wrong:
            raise (wrong if order.file is None else self._unaskable(ids, queries)) from wrong
        if order.file is None:
            with self.database.write_session() as session:
                results.save_rows(session, plan.day, piece, found, plan.now)
        results.save_part(part_of(order.folder, number), found)
        return len(ids), len(found.job_id)

    def _unaskable(self, ids: Sequence[int], queries: Sequence[Query]) -> wishes.WishUnreadable:
        """Which line it was: a wish may be written rightly and still ask for what there is not (a point beyond the globe)."""
        for number, query in zip(ids, queries, strict=True):
            try:
                match_many(self.index, [query])
            except _UNASKABLE:
                return wishes.WishUnreadable(f"第 {number} 行没法查：里面有不认识的值（例如不存在的地点、类型或排序）。")
        return wishes.WishUnreadable(f"第 {ids[0]} 到 {ids[-1]} 行里有没法查的愿望。")

    def close(self) -> None:
        """Let go of both."""
        self.index.close()
        self.database.close()


def best_of(index: Index, ids: Sequence[int], queries: Sequence[Query]) -> results.Found:
    """The best jobs of each query, in the order of the queries."""
    matches = match_many(index, queries)
    counts = np.diff(matches.starts)
    return results.Found(
        worker_id=np.repeat(np.array(ids, dtype=np.int64), counts),
        job_id=matches.job_id,
        score=matches.score,
        rank=(np.arange(counts.sum()) - np.repeat(matches.starts[:-1], counts) + 1).astype(np.int16),
    )


def said(trouble: BaseException) -> str:
    """One of :data:`TROUBLES` in a Chinese sentence."""
    if isinstance(trouble, IndexMissing):
        return "还没有岗位索引，请先启动服务（make run），或执行 flask index catch-up。"
    if isinstance(trouble, IndexDamaged):
        return f"岗位索引坏了（{trouble}），请执行 flask index rebuild。"
    if isinstance(trouble, OperationalError | ProgrammingError):
        return "数据库用不了，或还没有建表：请先运行 make run，或检查 DATABASE_URL。"
    if isinstance(trouble, OSError):
        return f"文件读写不了（{trouble.strerror}：{trouble.filename}），请看看磁盘是不是满了、有没有权限。"
    return str(trouble)
