"""From the words of a wish to the query: what each piece filters, ranks or leaves out. What was given by name is never overruled.

Filters: place, pay cycle, kind, hours, what is refused. Wishes that only rank: pay, benefits, shifts, couples. Searched as words:
trades, skills, certificates and the words left over.

``离章贡区近`` means near it, not in it: without a point of one's own the middle of the named county is the point, within 30 km
(50 around a city), so that the next county counts where it is near. With a point of one's own inside that circle the circle is
drawn around that point; with one outside it, the named place itself is the filter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, Final, NamedTuple

from matching import wish_words
from matching.geo import distance_km
from matching.model import KINDS, Piece, Query
from matching.rules import region
from matching.rules.benefits import TAGS
from matching.rules.wage import yuan_month
from matching.understanding import understand

NEAR_KM: Final = 20.0
"""What "附近" means when no number was said."""
NEAR_PLACE_KM: Final = {2: 50.0, 3: 30.0, 4: 30.0}
"""How far from the middle of a named city, county or town is still near it. A province is no place to be near of."""
WORDS: Final = frozenset({"trade", "skill", "certificate", "text"})
"""Pieces that are searched as words; all others become wishes and filters."""
_LOCAL: Final = ("本地", "外地", "外省", "出省")
"""Ways of saying near that mean in the named place, when one is named: 赣州本地."""
COUPLE: Final = frozenset({"夫妻工", "夫妻房"})
"""What a couple looks for: either will do."""
_CHINA_SECONDS: Final = 8 * 3600
_DAY_ONE: Final = date(1970, 1, 1).toordinal()


class Wished(NamedTuple):
    """A query, and what was understood of the words in it.

    ``pieces`` as they were used: ``applied`` says whether the query holds them. ``loose``: the words searched for, when none of
    them is a trade, a skill or a certificate but something else was understood or given. If nobody offers anything under such
    words, they may be a way of speaking, and what is known is still worth answering. ``place``: the name of the division whose
    middle serves as the point, empty when the point is the person's own; distances are then from there. ``tags``: the benefits
    and shifts named in the words; where no work is named they are all there is to go by.
    """

    query: Query
    pieces: tuple[Piece, ...]
    loose: str = ""
    place: str = ""
    tags: frozenset[str] = frozenset()


def wished(query: Query, ignore: Collection[str] = ()) -> Wished:
    """The query with what its ``text`` says in it. ``query.now`` says which day is meant by 明天.

    ``ignore`` names pieces that the person switched off, by field (``age``, ``wage`` or any field of ``understand``) or by
    :attr:`Piece.key` (``benefit:包住``). They are reported, not applied, not searched for. Names that fit nothing are no fault.
    """
    if not query.text:
        return Wished(query, ())
    pieces = understand(query.text, date.fromordinal(_DAY_ONE + (query.now + _CHINA_SECONDS) // 86_400))
    kept = [piece for piece in pieces if not _is_ignored(piece, ignore)] if ignore else pieces
    said = [piece for piece in kept if piece.field in WORDS]
    words = " ".join([_searched(piece) for piece in said])
    loose = words if _is_loose(query, kept, said) else ""
    if len(said) == len(pieces):
        return Wished(query if words == query.text else replace(query, text=words), pieces, loose)
    wishes = _Wishes(query)
    for piece in kept:
        if piece.applied and piece.field not in WORDS:
            wishes.read(piece)
    wishes.close(words, [str(piece.value) for piece in said if piece.field == "trade"])
    used = wishes.used.union(said)
    done = tuple([piece if piece.applied == (piece in used) else piece._replace(applied=piece in used) for piece in pieces])
    return Wished(replace(query, text=words, **wishes.changes), done, loose, wishes.place, frozenset(wishes.tags))


def _is_loose(query: Query, kept: Collection[Piece], said: Collection[Piece]) -> bool:
    """Whether the words ``said`` may go when they find nothing: none names work, and more than they is known."""
    if not said or query.skills or any(piece.field != "text" for piece in said):
        return False
    given = (query.age, query.lat, query.hours_max, query.wage_min_yuan_month)
    return len(kept) > len(said) or bool(query.regions or query.kinds) or any(value is not None for value in given)


def _searched(piece: Piece) -> str:
    """The word to search for a piece; a trade typed apart (厨 师) is put together."""
    word = piece.text if piece.text.isascii() or piece.field != "trade" else piece.text.replace(" ", "")
    return wish_words.FACTORY_WORK.get(word, word)


def _is_ignored(piece: Piece, ignore: Collection[str]) -> bool:
    name, said = piece.key.split(":", 1)
    return not {piece.key, name, piece.field, f"{piece.field}:{said}"}.isdisjoint(ignore)


class _Wishes:
    """What the pieces change of a query; ``used`` are the pieces that changed anything, ``place`` as in :class:`Wished`."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self.changes: dict[str, Any] = {}
        self.used: set[Piece] = set()
        self.place = ""
        self.tags: set[str] = set()
        self._ages: list[Piece] = []
        self._regions: list[Piece] = []
        self._near: Piece | None = None
        self._wage: list[Piece] = []
        self._refused: list[Piece] = []

    def read(self, piece: Piece) -> None:
        """Take in one applied piece. What needs others beside it waits for :meth:`close`."""
        value, query = piece.value, self.query
        match piece.field:
            case "benefit":
                self._name(piece, {str(value)})
            case "shift" if value in TAGS:
                self._name(piece, {str(value)})
            case "couple":
                self._name(piece, COUPLE)
            case "settlement" if not query.settlements:
                self._widen(piece, "settlements", {value})
            case "kind" if not query.kinds:
                self._widen(piece, "kinds", {value})
            case "hours_max" if query.hours_max is None:
                self._set(piece, "hours_max", float(value))
            case "age_min" | "age_max" if query.age is None:
                self._ages.append(piece)
            case "wage_min" | "wage_unit" if query.wage_min_yuan_month is None:
                self._wage.append(piece)
            case "region" if not query.regions:
                self._regions.append(piece)
            case "near" if self._near is None:
                self._near = piece
            case "not":
                self._refused.append(piece)

    def close(self, words: str, trades: Collection[str]) -> None:
        """Put in what needs several pieces. ``words`` and ``trades`` (codes) are searched for."""
        if self._ages:  # somebody of 五十多岁 is taken as the middle
            ends = [int(piece.value) for piece in self._ages]
            self._set(self._ages, "age", sum(ends) // len(ends))
        if len(self._wage) == 2:
            month = yuan_month(float(self._wage[0].value), str(self._wage[1].value))
            if month is not None:
                self._set(self._wage, "wage_min_yuan_month", month)
        self._places()
        for piece in self._refused:
            self._leave_out(piece, words, trades)

    def _places(self) -> None:
        """Regions as filters, or the circle around one that only has to be near."""
        query, near = self.query, self._near
        codes = tuple(dict.fromkeys(str(piece.value) for piece in self._regions))
        if near is None or query.radius_km is not None:
            if codes:
                self._set(self._regions, "regions", codes)
            return
        km = None if near.value is True else float(near.value)
        if codes and any(word in near.text for word in _LOCAL):
            self._set([near, *self._regions], "regions", codes)
            return
        if len(codes) != 1 or (around := _around(codes[0])) is None:
            if codes:
                self._set(self._regions, "regions", codes)
            elif query.lat is not None:
                self._set(near, "radius_km", km or NEAR_KM)
            return
        name, lat, lng, usual = around
        if query.lat is None or query.lng is None:
            self.changes |= {"lat": lat, "lng": lng}
            self.place = name
        elif distance_km(query.lat, query.lng, lat, lng) > (km or usual):
            self._set(self._regions, "regions", codes)
            return
        self._set([near, *self._regions], "radius_km", km or usual)

    def _leave_out(self, piece: Piece, words: str, trades: Collection[str]) -> None:
        """What is refused; never what is asked for beside it (不进厂，电子厂质检 is about other factories)."""
        what, query = str(piece.value), self.query
        field, _, value = what.partition(":")
        known = wish_words.refusals().get(what)
        if known is not None:
            self._add(
                piece, "tags_none", known.tags - query.tags_all - query.tags_any - self.changes.get("tags_wanted", frozenset())
            )
            self._add(piece, "trades_none", [code for code in known.trades if not _holds_any(code, trades)])
            self._add(piece, "words_none", [word for word in known.words if word not in words])
            if known.wanted:
                self._want(piece, known.wanted)
            if known.hours_max is not None and query.hours_max is None:
                self._set(piece, "hours_max", min(known.hours_max, self.changes.get("hours_max", known.hours_max)))
        match field:
            case "trade" if value not in trades:
                self._add(piece, "trades_none", [value])
            case "word" if known is None and value not in words:
                self._add(piece, "words_none", [value])
            case "kind" if not query.kinds:
                self._set(piece, "kinds", self.changes.get("kinds", frozenset(KINDS)) - {value} or frozenset(KINDS))

    def _set(self, pieces: Piece | Iterable[Piece], name: str, value: object) -> None:
        self.changes[name] = value
        self.used.update([pieces] if isinstance(pieces, Piece) else pieces)

    def _widen(self, piece: Piece, name: str, values: Collection[object]) -> None:
        self._set(piece, name, self.changes.get(name, frozenset()) | frozenset(values))

    def _want(self, piece: Piece, tags: Collection[str]) -> None:
        self._set(piece, "tags_wanted", self.changes.get("tags_wanted", self.query.tags_wanted) | frozenset(tags))

    def _name(self, piece: Piece, tags: Collection[str]) -> None:
        self._want(piece, tags)
        self.tags.update(tags)

    def _add(self, piece: Piece, name: str, values: Collection[str]) -> None:
        if values:
            before = self.changes.get(name, getattr(self.query, name))
            together = before | frozenset(values) if isinstance(before, frozenset) else tuple(dict.fromkeys((*before, *values)))
            self._set(piece, name, together)


def _holds_any(code: str, trades: Collection[str]) -> bool:
    """Whether an occupation is, or lies below, ``code``: 6-29 holds 6-29-01-01."""
    return any(trade == code or trade.startswith(code + "-") for trade in trades)


@cache
def _around(code: str) -> tuple[str, float, float, float] | None:
    """Name, middle and reach of a division that one can live near; None for a province."""
    place = region.get(code)
    km = NEAR_PLACE_KM.get(place.level)
    return None if km is None else (place.name, place.lat, place.lng, km)
