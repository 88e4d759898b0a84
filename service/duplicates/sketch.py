"""What comparing needs of a job: small, so that a million fit into memory, and without a database."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from matching import normalise
from matching.rules.numerals import plain
from service.clock import seconds
from service.duplicates.employers import NOBODY, EmployerName, employer_name
from service.duplicates.places import Address, address_of
from service.duplicates.titles import Title, shifts_in, stem, title_of
from service.duplicates.wages import Wage
from service.jobs.contacts import first_phone
from service.jobs.origins import DIRECT, PARTNER_PREFIX, Party, party

TEXT_CHARS = 200
"""So much of a description is compared: whoever copies an advert copies its beginning."""
DAILY = frozenset({"日结"})
"""Of a gig no news, of a lasting job another one."""
_VERSION = b"1"
"""Of the keys: raise it when what they are made of changes, and the next nightly run writes them anew."""
_LEAST_TEXT = 30
_LEAST_PHONE = 7
_PHONE_KEY = secrets.token_bytes(32)
"""Of this process alone: what is kept of a telephone number tells two apart here and means nothing anywhere else."""
_SHIFT_NAMES = ("day", "night", "rotating")
_SHIFT_SIGNS = frozenset("班倒")
"""Without one of them a text names no shift: most need not be read for it, which is half the time of a run."""


class Sketch(NamedTuple):
    """One open advert. ``point`` only when the poster gave it; ``starts`` the day a gig begins; ``rank`` sorts the best first.

    ``source`` is whose list it stands on, "" when that is nobody's; ``phone`` a hash of the number to call, 0 without one.
    """

    job_id: int
    source: str
    phone: int
    kind: str
    group: str
    employer_id: int | None
    credit_code: str
    employer: EmployerName
    title: Title
    trades: tuple[str, ...]
    region: str
    address: Address
    point: tuple[float, float] | None
    wage: Wage
    pay_month: int
    shifts: frozenset[str]
    starts: int | None
    headcount: int | None
    rank: tuple[int, int, int, int]
    keys: tuple[int, ...]

    @property
    def first_party(self) -> bool:
        """Whether an employer, a station or an office has published it here."""
        return self.rank[0] < Party.PARTNER

    @property
    def own(self) -> bool:
        """Whether an employer that is registered here has published it itself."""
        return self.employer_id is not None and self.rank[0] < Party.PARTNER

    def may_hide(self, other: Sketch) -> bool:
        """Whether this advert may stand for another one, which is then not shown: what an employer has published here itself
        nobody else hides, whatever name he writes over a copy of it."""
        if not other.own or self.employer_id == other.employer_id:
            return True
        return bool(self.own and self.credit_code and self.credit_code == other.credit_code)


class Given(NamedTuple):
    """The columns of a job that a sketch is made of, under their names in the table (the gig's start beside them)."""

    job_id: int
    kind: str
    title: str
    description: str
    employer_id: int | None
    employer_name: str
    credit_code: str | None
    publisher_class: str
    trade_codes: Collection[str]
    region_code: str
    address: str
    lat: float | None
    lng: float | None
    point_source: str | None
    wage_min: float | None
    wage_max: float | None
    wage_unit: str | None
    wage_min_yuan_month: int | None
    shift: str | None
    headcount: int | None
    tags: Collection[str]
    contact_phone: str
    missing: Collection[str]
    source_key: str
    source_class: str
    published_at: datetime
    starts_at: datetime | None


def sketch(given: Given) -> Sketch:
    """The sketch of an advert."""
    title = title_of(given.title)
    if given.kind == "gig":
        title = title._replace(terms=title.terms - DAILY)
    named = employer_name(given.employer_name) if given.employer_name else NOBODY
    # A partner hands on adverts that name their employer: all partners count as agencies, and none is the one that it names.
    if given.publisher_class == "agency" and named.brand and not given.source_key.startswith(PARTNER_PREFIX):
        named = named._replace(agency=True)
    shifts = title.shifts
    if not shifts and given.shift in _SHIFT_NAMES:
        shifts = frozenset({given.shift})
    elif not shifts and not _SHIFT_SIGNS.isdisjoint(given.description[:TEXT_CHARS]):
        shifts = shifts_in(plain_text(given.description))
    made = Sketch(
        job_id=given.job_id,
        source=_source(given),
        phone=_phone(given.contact_phone),
        kind=given.kind,
        group=given.source_class,
        employer_id=given.employer_id,
        credit_code=given.credit_code or "",
        employer=named,
        title=title,
        trades=tuple(given.trade_codes),
        region=given.region_code,
        address=address_of(given.address),
        point=(given.lat, given.lng)
        if given.point_source == "given" and given.lat is not None and given.lng is not None
        else None,
        wage=Wage(given.wage_min, given.wage_max, given.wage_unit),
        pay_month=given.wage_min_yuan_month or 0,
        shifts=shifts,
        starts=None if given.starts_at is None else seconds(given.starts_at) // 86_400,
        headcount=given.headcount,
        rank=(_party(given), _thinness(given), seconds(given.published_at), given.job_id),
        keys=(),
    )
    return made._replace(keys=_keys(made, given.description))


def plain_text(description: str) -> str:
    """The beginning of a description in one plain form."""
    return plain(normalise(description[:TEXT_CHARS])) if description else ""


def _source(given: Given) -> str:
    """Whose list it stands on. What is published here by itself is the list of its employer."""
    if given.source_key != DIRECT:
        return given.source_key
    return "" if given.employer_id is None else f"{DIRECT}-{given.employer_id}"


def _phone(written: str) -> int:
    digits = first_phone(written) or re.sub(r"\D", "", written)
    if len(digits) < _LEAST_PHONE:
        return 0
    return int.from_bytes(blake2b(digits.encode(), digest_size=8, key=_PHONE_KEY).digest(), "big")


def _party(given: Given) -> int:
    """First-party before partner; what partners and feeds bring is one."""
    return min(party(given.source_key, given.publisher_class), Party.PARTNER)


def _thinness(given: Given) -> int:
    """How much is missing, in three steps: small differences must not outweigh age."""
    there = sum(
        (
            bool(given.employer_name),
            bool(given.trade_codes),
            len(given.description.strip()) >= 20,
            given.wage_min is not None or given.wage_max is not None,
            bool(given.region_code),
            bool(given.address),
            given.headcount is not None,
            bool(given.tags),
            not given.missing,
        )
    )
    return 0 if there >= 8 else 1 if there >= 5 else 2


def _keys(made: Sketch, description: str) -> tuple[int, ...]:
    """Adverts that share no key are never compared: whose it is, in which city, which work."""
    city = made.region[:4]
    whose = [f"c{made.credit_code}"] if made.credit_code else []
    if made.employer_id is not None and not made.employer.brand:
        whose.append(f"i{made.employer_id}")
    if made.employer.brand:
        whose.append(f"n{made.employer.brand}")
    work = {code[:7] for code in made.trades} | made.title.codes
    # All of an employer in a city; where those are too many, by the class of the work, and by the title itself.
    found = {_key(made.group, who, city, one) for who in whose for one in ("*", *work, f"={stem(made.title)}")}
    if not whose and len(text := plain_text(description)) >= _LEAST_TEXT:
        # Nobody is named: only a copy word for word can be told to be one.
        found.add(_key(made.group, "t", city, made.title.written, text[:_LEAST_TEXT]))
    return tuple(sorted(found))


def _key(*parts: str) -> int:
    digest = blake2b("\0".join(parts).encode(errors="ignore"), digest_size=8, key=_VERSION)
    return int.from_bytes(digest.digest(), "big", signed=True)
