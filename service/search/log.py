"""Searches are counted in the memory of the process and written every half minute by a thread: a search itself pays 2 µs, and a
process that is killed loses half a minute of counts. What goes into the table says nothing about a person: words without numbers
and names, the hour, the district.
"""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from matching.geo import distance_km
from matching.rules import region as region_rules
from service.db import Database
from service.log_masks import mask_text
from service.search.models import LONGEST_WORDS, SearchLog

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 30.0
MOST_KEPT = 20_000
"""Different searches held while the database is away; more are let go, since they are only counts."""
FARTHEST_KM = 150
FEW = 5
"""Words asked for less often than this are not shown to anybody: few people say what only one would say."""
_HIDDEN = "#"
_NUMBER = re.compile(r"[0-9](?:[ .\-]?[0-9]){4,}[xX]?")
_RANGE = re.compile(r"([1-9][0-9]{2,4})[ \-]([1-9][0-9]{2,4})")
_SPOKEN = re.compile(r"[零〇一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖]{6,}")
_LEFT = re.compile(r"\*{3}(?:[0-9]{4})?")
_ACCOUNT = re.compile(r"[^\s@]+@[^\s@]+|(?=[A-Za-z0-9_-]*[A-Za-z_])(?=[A-Za-z0-9_-]*[0-9_])[A-Za-z0-9_-]{6,}", re.ASCII)
_NAMED = re.compile(
    r"(我叫|我是|名叫|姓名|名字|联系人|联系|找人|老板叫|加微信|加我|微信号|微信|电话)([是为:：\s]*)([\u4e00-\u9fff·]{2,4}|[A-Za-z0-9_-]{3,})"
)
_TITLED = re.compile(r"[\u4e00-\u9fff]{1,3}(?=先生|女士|小姐)")


class _Key(NamedTuple):
    hour: datetime
    words: str
    place: str | tuple[float, float]
    widened: bool


@dataclass(slots=True)
class _Count:
    asked: int = 0
    missed: int = 0
    found: int = 0


class SearchCounts:
    """The counts of this process. ``database`` is asked for when they are written."""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database
        self._counts: dict[_Key, _Count] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Write by a thread from now on; in a web process, after the fork."""
        self._thread = threading.Thread(target=self._run, name="search-log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is left and end the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def note(
        self, said: str, regions: Sequence[str], lat: float | None, lng: float | None, *, found: int, widened: bool, now: datetime
    ) -> None:
        """Count one search. Nothing is looked up here, and nothing of who asked is known."""
        if len(said) > 4 * LONGEST_WORDS:
            return  # not words but a text
        place: str | tuple[float, float] = ""
        if regions:
            place = regions[0]
        elif lat is not None and lng is not None:
            place = (round(lat, 1), round(lng, 1))
        key = _Key(now.replace(minute=0, second=0, microsecond=0), said, place, widened)
        with self._lock:
            count = self._counts.get(key)
            if count is None:
                if len(self._counts) >= MOST_KEPT:
                    return
                count = self._counts[key] = _Count()
            count.asked += 1
            count.missed += found == 0 or widened
            count.found = found

    def flush(self) -> int:
        """Write the counts; how many lines that were. Raises SQLAlchemyError, and keeps them then."""
        with self._lock:
            taken, self._counts = self._counts, {}
        lines = _lines(taken)
        if not lines:
            return 0
        try:
            with self._database().write_session() as session:
                _write(session, lines)
        except SQLAlchemyError:
            with self._lock:
                for key, count in taken.items():
                    if len(self._counts) < MOST_KEPT or key in self._counts:
                        _add(self._counts.setdefault(key, _Count()), count)
            raise
        return len(lines)

    def _run(self) -> None:
        while True:
            last = self._stop.wait(FLUSH_SECONDS)
            try:
                self.flush()
            except SQLAlchemyError as trouble:
                log.warning("search_log_waits", kind=type(trouble).__name__)
            if last:
                return


def without_persons(said: str) -> str:
    """Words of a search without what could name somebody: numbers that are no pay (also in Chinese), accounts,
    addresses, and names where people introduce themselves or ask for somebody."""
    text = " ".join(_LEFT.sub(_HIDDEN, mask_text(unicodedata.normalize("NFKC", said))).split())
    text = _NAMED.sub(rf"\1\2{_HIDDEN}", text)
    text = _TITLED.sub(_HIDDEN, text)
    text = _ACCOUNT.sub(_HIDDEN, _SPOKEN.sub(_HIDDEN, _NUMBER.sub(_number, text)))
    return text[:LONGEST_WORDS].strip()


def _number(found: re.Match[str]) -> str:
    """Pay stays: up to five digits, or from so much to so much."""
    pay = _RANGE.fullmatch(found[0])
    if (pay is not None and int(pay[1]) <= int(pay[2])) or (len(found[0]) == 5 and found[0].isdecimal()):
        return found[0]
    return _HIDDEN


@lru_cache(maxsize=65_536)
def district(place: str | tuple[float, float]) -> str:
    """The county of a region code, or the one whose middle is nearest to a rounded point; empty when none is
    within ``FARTHEST_KM``."""
    if isinstance(place, str):
        return f"{place[:6]}000000" if place else ""
    codes, lat, lng = _counties()
    # Which is nearest is seen on a plane as well, and for all counties at once; the distance itself is exact.
    east = (lng - place[1]) * math.cos(math.radians(place[0]))
    near = int(np.argmin((lat - place[0]) ** 2 + east**2))
    return codes[near] if distance_km(*place, float(lat[near]), float(lng[near])) < FARTHEST_KM else ""


def misses(session: Session, region_code: str, since: datetime, limit: int) -> list[tuple[str, str, int, int]]:
    """(words, district, asked, missed) of searches that found nothing at first, most frequent first, in a division and below.

    Words that were asked for fewer than ``FEW`` times in a district since then are left out.
    """
    asked, missed = func.sum(SearchLog.asked), func.sum(SearchLog.missed)
    query = (
        select(SearchLog.words, SearchLog.region_code, asked, missed)
        .where(SearchLog.hour >= since, SearchLog.words != "")
        .group_by(SearchLog.words, SearchLog.region_code)
        .having(asked >= FEW, missed > 0)
        .order_by(missed.desc(), SearchLog.words, SearchLog.region_code)
        .limit(limit)
    )
    if region_code:
        query = query.where(SearchLog.region_code.like(f"{region_rules.prefix(region_code)}%"))
    return [(words, code, int(often), int(empty)) for words, code, often, empty in session.execute(query)]


def forget_old(session: Session, before: datetime) -> None:
    """Drop the counts of hours before ``before``."""
    session.execute(delete(SearchLog).where(SearchLog.hour < before))


def _lines(taken: dict[_Key, _Count]) -> dict[_Key, _Count]:
    """Cleaned, with what has become the same added up."""
    lines: dict[_Key, _Count] = {}
    for key, count in taken.items():
        clean = _Key(key.hour, without_persons(key.words), district(key.place), key.widened)
        _add(lines.setdefault(clean, _Count()), count)
    return lines


def _add(to: _Count, count: _Count) -> None:
    to.asked, to.missed, to.found = to.asked + count.asked, to.missed + count.missed, count.found


def _write(session: Session, lines: dict[_Key, _Count]) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [
        {
            "hour": key.hour, "region_code": key.place, "words": key.words, "widened": key.widened,
            "asked": count.asked, "missed": count.missed, "found": count.found,
        }
        for key, count in sorted(lines.items(), key=lambda line: (line[0].hour, str(line[0].place), *line[0][1::2]))
    ]  # fmt: skip
    statement = dialect.insert(SearchLog)
    fresh = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["hour", "region_code", "words", "widened"],
        set_={
            "asked": SearchLog.asked + fresh.asked,
            "missed": SearchLog.missed + fresh.missed,
            "found": fresh.found,
        },
    )
    session.connection().execute(statement, rows)


@lru_cache(maxsize=1)
def _counties() -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]:
    """Codes, latitudes and longitudes of the middles of all counties."""
    found = []
    for number in range(11, 83):
        try:
            below = region_rules.descendants(f"{number}0000000000")
        except region_rules.UnknownRegion:
            continue
        found += [(one.code, one.lat, one.lng) for one in below if one.level == 3 and one.lat is not None and one.lng is not None]
    codes, lat, lng = zip(*found, strict=True)
    return tuple(codes), np.array(lat), np.array(lng)
