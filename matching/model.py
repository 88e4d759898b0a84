"""Jobs, queries and answers: the only words that the library shares with whoever calls it.

Everything here is frozen, holds plain values and knows neither HTTP nor SQL. Times are whole seconds since 1970-01-01 UTC,
money is whole yuan a month, coordinates are GCJ-02 degrees, regions are 12-digit GB/T 2260 codes, trades are codes of the
occupation classification of 2022 (``6-18-02-04``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

Kind = Literal["public", "gig", "live"]
Sex = Literal["male", "female"]
Settlement = Literal["day", "week", "month", "job"]
Sort = Literal["score", "distance", "wage", "newest", "applications"]

KINDS: tuple[Kind, ...] = ("public", "gig", "live")
SETTLEMENTS: tuple[Settlement, ...] = ("day", "week", "month", "job")
SORTS: tuple[Sort, ...] = ("score", "distance", "wage", "newest", "applications")


@dataclass(frozen=True, slots=True)
class Job:
    """An open job, as far as finding and ranking it needs.

    ``age_men`` and ``age_women`` are set only where the advert's limits differ by sex; ``age_min`` and ``age_max`` are then the
    outer bounds. ``age_binding`` says that the limit rests on a rule that was read (a lawful reason): outside it the job is left
    out of the answer. Any other limit only lowers the score, because an age written in an advert must not silently hide work.
    """

    job_id: int
    kind: Kind
    title: str
    published_at: int
    valid_until: int | None = None
    trade_codes: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    description: str = ""
    region: str = ""
    lat: float | None = None
    lng: float | None = None
    wage_min_yuan_month: int | None = None
    wage_max_yuan_month: int | None = None
    age_min: int | None = None
    age_max: int | None = None
    age_men: tuple[int | None, int | None] | None = None
    age_women: tuple[int | None, int | None] | None = None
    age_binding: bool = False
    minors_barred: bool = False
    tags: frozenset[str] = frozenset()
    settlement: Settlement | None = None
    hours_per_day: float | None = None
    employer_id: int | None = None
    applications: int = 0


class After(NamedTuple):
    """The last key of the page before: the next page holds what sorts strictly behind it.

    Sort order is always (``value`` descending, ``published_at`` descending, ``job_id`` ascending); ``value`` is the score, or for
    the other sorts a number in which larger is better (negative distance in metres, yuan a month, seconds).
    """

    value: int
    published_at: int
    job_id: int


class Term(NamedTuple):
    """A weighted term of the query, with the asked word and the relation through which it came.

    Of the terms of one ``group`` (the words for one asked word, or its occupations) a job gets the points of the best.
    """

    term: str
    weight: int
    asked: str
    relation: str
    group: int
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A person who looks for work: wishes that rank, and filters that leave out.

    ``now`` is the moment of the first page: later pages carry it on, so that freshness and expiry do not shift between pages.
    ``terms`` are the words as ``matching.weighed`` gave them on the first page; later pages carry them too, because a full build
    in between counts words anew, and scores of another weighing would skip jobs. ``regions`` are filters over whole subtrees;
    ``radius_km`` is a filter only together with a point. ``tags_all`` must all be there, of ``tags_any`` one, of ``tags_none``
    none. A job that carries a word of ``words_none`` or an occupation at or below a code of ``trades_none`` is left out (what a
    person refuses). ``fair_seed`` lets near-ties change places: the same seed (of a person and a day) gives the same order, None
    switches it off. With ``personal`` false nothing of the person ranks: age, sex and point still leave out, wishes count
    nothing, and the same words give everybody the same order. ``wage_min_yuan_month`` is a wish that ranks;
    ``wage_floor_yuan_month`` leaves out jobs known to pay less, and jobs whose pay is not known.
    """

    now: int
    text: str = ""
    skills: tuple[str, ...] = ()
    trade_codes: tuple[str, ...] = ()
    age: int | None = None
    sex: Sex | None = None
    lat: float | None = None
    lng: float | None = None
    radius_km: float | None = None
    regions: tuple[str, ...] = ()
    kinds: frozenset[Kind] = frozenset()
    wage_min_yuan_month: int | None = None
    wage_floor_yuan_month: int | None = None
    tags_wanted: frozenset[str] = frozenset()
    tags_all: frozenset[str] = frozenset()
    tags_any: frozenset[str] = frozenset()
    tags_none: frozenset[str] = frozenset()
    settlements: frozenset[Settlement] = frozenset()
    hours_max: float | None = None
    published_since: int | None = None
    employers_blocked: frozenset[int] = frozenset()
    words_none: tuple[str, ...] = ()
    trades_none: tuple[str, ...] = ()
    fair_seed: int | None = None
    personal: bool = True
    sort: Sort = "score"
    limit: int = 20
    after: After | None = None
    terms: tuple[Term, ...] | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """A profile of the pool that jobs are matched against: what the person would ask for, and whether they want to be found.

    Of ``wish`` only what the person is and wants counts, not when and how it was asked (moment, order, page, weighed words).
    Without ``consent`` nobody is in any answer. ``active_at``: seconds of the last sign of life.
    """

    worker_id: int
    consent: bool
    active_at: int
    wish: Query

    def query(self, now: int) -> Query:
        """The search that this person would make at the moment ``now``."""
        return replace(
            self.wish, now=now, published_since=None, fair_seed=None, personal=True, sort="score", after=None, terms=None
        )


class Reason(NamedTuple):
    """Why a job fits (or where it does not), in one short Chinese sentence; ``code``: text place wage age fresh tags."""

    code: str
    text: str


class Parts(NamedTuple):
    """The score taken apart; whole points, they add up to the score. Maxima stand in ``formula.py``."""

    text: int = 0
    place: int = 0
    wage: int = 0
    age: int = 0
    fresh: int = 0
    preference: int = 0
    fair: int = 0


class Hit(NamedTuple):
    """One found job. ``key`` is what the next page would start after."""

    job_id: int
    score: int
    parts: Parts
    distance_km: float | None
    reasons: tuple[Reason, ...]
    key: After


class CandidateKey(NamedTuple):
    """Where a worker stands in the order of a job: (``score`` descending, ``active_at`` descending, ``worker_id`` ascending)."""

    score: int
    active_at: int
    worker_id: int


class Candidate(NamedTuple):
    """One found worker: the score and its parts are those which the job would have in this worker's own search."""

    worker_id: int
    score: int
    parts: Parts
    distance_km: float | None
    key: CandidateKey


@dataclass(frozen=True, slots=True)
class Facets:
    """How many of all matches (not of the page) fall where. Regions are county codes."""

    kind: dict[str, int] = field(default_factory=dict)
    trade: dict[str, int] = field(default_factory=dict)
    region: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """Number of matches of a query over the whole index, and their facets."""

    total: int
    facets: Facets


class Piece(NamedTuple):
    """One thing understood from a person's words: which field, its value, the words it came from, and whether it is applied."""

    field: str
    value: str | int | float | bool
    text: str
    confidence: float
    applied: bool

    @property
    def key(self) -> str:
        """What switches it off: its field and words, ``benefit:包住``. Both ends of an age share one, a wage and its unit too."""
        name = "age" if self.field.startswith("age_") else "wage" if self.field.startswith("wage_") else self.field
        return f"{name}:{self.text.replace(',', ' ')}"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word to search for, with the number of open jobs that carry it; ``corrected`` when it repairs what was typed."""

    text: str
    count: int
    corrected: bool


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A way to go on from a question: a ``word`` to search for, or a ``trade``, ``tag`` or ``region`` (by code) to filter by, and
    how many of the jobs found so far have it."""

    kind: str
    value: str
    count: int
