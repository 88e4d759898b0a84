"""Whether two adverts are for one job: what rules it out, then what speaks for it, counted.

Anything that two adverts both say and say differently (district, plant, shift, rank, wage, day of a gig) rules it out. What is
left must be the same employer, and enough must agree. A job that is wrongly hidden is lost, one that is shown twice costs a look:
two lines of one list are two jobs unless they say the same throughout (:func:`_repeated`). The numbers were set on the pairs of
the tests that are not held out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from rapidfuzz import fuzz

from service.duplicates import places, titles, wages
from service.duplicates.employers import same_name
from service.duplicates.sketch import Sketch
from service.duplicates.titles import Title, titles_alike

ENOUGH: Final = 4.0
MORE_FROM_AGENCIES: Final = 2.5
"""An agency sends the same words for many clients: more must agree."""
OTHER_PLACE: Final = 2.0
OTHER_HEADCOUNT: Final = 0.5
"""What speaks against it where it does not rule it out."""
TWIN_TEXT: Final = 92
"""Without an employer's name only a copy word for word counts, with a text that says something."""
REPEATED_TEXT: Final = 85
LEAST_TEXT: Final = 30
SHORT_TEXT: Final = 8

Texts = Callable[[int], str]
"""The plain beginning of a description, by job id; asked only where the rest does not decide."""


class Verdict(NamedTuple):
    """Two adverts are one job: how sure (more is surer), and what agrees, as codes."""

    score: float
    reasons: tuple[str, ...]


def same_job(one: Sketch, other: Sketch, texts: Texts) -> Verdict | None:
    """The verdict, or None when they are two jobs, or nobody can tell. Symmetric."""
    one_list = bool(one.source) and one.source == other.source
    if one_list and _phones_differ(one, other):
        return None
    place = _place(one, other)
    if place == places.APART or one.group != other.group:
        return None
    pay = wages.wages(one.wage, other.wage)
    if pay == wages.APART or not _same_time(one, other):
        return None
    employer = _employer(one, other)
    if employer is None:
        return None
    alike = _titles(one, other)
    if alike == titles.OTHER or titles.shifts_differ(one.shifts, other.shifts):
        return None
    if one_list or (one.first_party and other.first_party and _phones_differ(one, other)):
        if alike != titles.SAME or not _repeated(one, other, place, pay):
            return None
        if one_list and not _same_words(texts(one.job_id), texts(other.job_id)):
            return None
    if not employer:
        return _twin(one, other, alike, pay, texts)
    return _weighed(one, other, employer, place, pay, alike, texts)


def _phones_differ(one: Sketch, other: Sketch) -> bool:
    return bool(one.phone and other.phone and one.phone != other.phone)


def _repeated(one: Sketch, other: Sketch, place: int, pay: int) -> bool:
    """Whether two lines say the same of pay, address and headcount, as far as both say anything. Title and shift are looked at
    before."""
    if pay == wages.NEAR or place == places.UNLIKE or (pay == wages.SAME and one.wage != other.wage):
        return False
    if one.address.text and other.address.text and place != places.SAME:
        return False
    return one.headcount is None or other.headcount is None or one.headcount == other.headcount


def _same_words(first: str, second: str) -> bool:
    return not first or not second or fuzz.ratio(first, second) >= REPEATED_TEXT


def _place(one: Sketch, other: Sketch) -> int:
    division = places.divisions(one.region, other.region)
    if division == places.APART:
        return places.APART
    address = places.addresses(one.address, other.address)
    if one.point is not None and other.point is not None:
        away = places.metres(*one.point, *other.point)
        if away > places.APART_METRES:
            return places.APART
        if away <= places.SAME_METRES and address != places.APART:
            return places.SAME
    return address if address != places.UNKNOWN else division


def _same_time(one: Sketch, other: Sketch) -> bool:
    """A gig of tomorrow is not that of today; a gig and a lasting job are one only when nothing says when it begins."""
    return one.starts == other.starts if one.kind == "gig" and other.kind == "gig" else "gig" not in (one.kind, other.kind)


def _employer(one: Sketch, other: Sketch) -> str | None:
    """``id`` or ``name`` by which it is one employer, "" when at least one is nobody, None when they are two."""
    if one.credit_code and other.credit_code:
        return "id" if one.credit_code == other.credit_code else None
    if one.employer_id is not None and one.employer_id == other.employer_id:
        return "id"
    if not one.employer.brand or not other.employer.brand:
        return "" if one.employer.brand == other.employer.brand else None
    return "name" if same_name(one.employer, other.employer) else None


def _titles(one: Sketch, other: Sketch) -> int:
    first, second = one.title, other.title
    return titles_alike(first, second) if _order(first) <= _order(second) else titles_alike(second, first)


def _order(title: Title) -> tuple[str, int]:
    return title.written, len(title.rest)


def _twin(one: Sketch, other: Sketch, alike: int, pay: int, texts: Texts) -> Verdict | None:
    if alike != titles.SAME or pay != wages.SAME or one.region != other.region:
        return None
    first, second = texts(one.job_id), texts(other.job_id)
    if min(len(first), len(second)) < LEAST_TEXT or fuzz.ratio(first, second) < TWIN_TEXT:
        return None
    return Verdict(ENOUGH, ("title", "wage", "district", "text"))


def _weighed(one: Sketch, other: Sketch, employer: str, place: int, pay: int, alike: int, texts: Texts) -> Verdict | None:
    wanted = ENOUGH + (MORE_FROM_AGENCIES if one.employer.agency or other.employer.agency else 0.0)
    score = {titles.SAME: 3.0, titles.CLOSE: 2.0, titles.WEAK: 0.5}[alike]
    score += {wages.SAME: 2.0, wages.NEAR: 1.0, wages.UNKNOWN: 0.0}[pay]
    score += {places.SAME: 1.0, places.NEAR: 0.5, places.UNKNOWN: 0.0, places.UNLIKE: -OTHER_PLACE}[place]
    if one.headcount is not None and other.headcount is not None:
        score += 0.5 if one.headcount == other.headcount else -OTHER_HEADCOUNT
    reasons = ["employer_code" if employer == "id" else "employer_name", "title" if alike == titles.SAME else "title_near"]
    if place in (places.SAME, places.NEAR):
        reasons.append("address" if place == places.SAME else "district")
    if pay != wages.UNKNOWN:
        reasons.append("wage" if pay == wages.SAME else "wage_near")
    if wanted - 2.0 <= score < wanted + 1.0:  # the text adds two at most, and takes one
        text = _text(texts(one.job_id), texts(other.job_id))
        score += text
        if text > 0:
            reasons.append("text")
    return Verdict(score, tuple(reasons)) if score >= wanted else None


def _text(first: str, second: str) -> float:
    if min(len(first), len(second)) < SHORT_TEXT:
        return 0.0
    likeness = fuzz.ratio(first, second)
    if likeness >= 85:
        return 2.0
    if likeness >= 60:
        return 1.0
    return -1.0 if likeness < 25 else 0.0
