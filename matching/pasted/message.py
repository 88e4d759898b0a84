"""A pasted group message to drafts of jobs: `parse_message`.

A draft is what somebody looks over before it is published, never a job by itself. Every field comes with the places in the
message where it was read, so that a wrong reading is seen at once; nothing is invented, what is not said stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from matching.pasted import fields, times
from matching.pasted.callers import lifted, name_beside, only_calls
from matching.pasted.contacts import Contact, contacts
from matching.pasted.employers import Company, companies_in, employer_of
from matching.pasted.letters import HIDDEN, Letters, Span, plain
from matching.pasted.lines import clauses
from matching.pasted.mentions import Offer
from matching.pasted.place import Where, where
from matching.pasted.slips import righted
from matching.pasted.split import MOST_JOBS, Part, split
from matching.pasted.work import trade_of
from matching.rules.age import AgeLimits
from matching.rules.wage import Wage

MOST_CHARS = 5_000
"""More than a group message holds; what stands behind is not read, so that the time stays bounded."""
_CONTACT_WORDS = re.compile(
    rf"[\W_{HIDDEN}]|联系人?|电话|手机|微信|同号|报名|咨询|热线|招聘|方式|号码?|加|打|有意者?|欢迎|来电|致电|可|或|"
    rf"私聊|详情|请"
    r"|[\u4e00-\u9fff]{1,2}?(?:先生|女士|小姐|经理|厂长|老板|主管|站长|师傅|主任|总|工|姐|哥)"
)
"""What is left of a clause without these is more than whom to call."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One job as a message says it. None: not said, or not readable.

    `trade`: code of the occupation; `wage`: as `parse_wage` reads it; `region`: 12-digit code, `region_open` the codes that an
    ambiguous name could mean; `shift`: day night rotating flexible; `settlement`: day week month job; `start`: ISO date or a
    word; `contact_phone`: digits; `hours`: of the working day; `employer`, `contact_name`:
    "" where none is surely named. `spans`: by field, the
    places (start, end) in characters of the message. `text`: the lines that belong to this job, without contacts.
    """

    title: str
    trade: str | None
    headcount: int | None
    age: AgeLimits | None
    wage: Wage | None
    region: str | None
    region_open: tuple[str, ...]
    address: str | None
    benefits: tuple[str, ...]
    shift: str | None
    settlement: str | None
    start: str | None
    contact_phone: str | None
    hours: times.Hours | None
    employer: str
    contact_name: str
    text: str
    spans: dict[str, tuple[Span, ...]] = field(default_factory=dict)

    def said(self, name: str, message: str) -> str:
        """The words of the message that a field was read from."""
        return "，".join(message[start:end] for start, end in self.spans.get(name, ()))

    def shown(self) -> dict[str, Any]:
        """The keys that the API document promises, ready for JSON."""
        wage, age = self.wage, self.age
        return {
            "title": self.title,
            "trade": self.trade,
            "headcount": self.headcount,
            "age_min": age.min if age else None,
            "age_max": age.max if age else None,
            "wage": None
            if wage is None
            else {
                "text": wage.text,
                "min": wage.min,
                "max": wage.max,
                "unit": wage.unit,
                "min_yuan_month": wage.min_yuan_month,
                "max_yuan_month": wage.max_yuan_month,
                "negotiable": wage.negotiable,
                "reason": wage.reason,
            },
            "region": self.region,
            "address": self.address,
            "benefits": list(self.benefits),
            "shift": self.shift,
            "settlement": self.settlement,
            "start": self.start,
            "contact_phone": self.contact_phone,
            "contact_name": self.contact_name or None,
            "employer_name": self.employer or None,
            "spans": {name: [list(span) for span in spans] for name, spans in self.spans.items() if name != "hours"},
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """The jobs of a message, and what of it was not read: about so many more jobs, so many characters behind the last one."""

    drafts: list[Draft]
    more_jobs: int
    more_chars: int

    def note(self) -> str:
        """What somebody is told of the part that was not read; "" when all of it was."""
        told = []
        if self.more_jobs:
            told.append(f"一次最多读 {MOST_JOBS} 个岗位，后面还有约 {self.more_jobs} 个没有读")
        if self.more_chars:
            told.append(f"一次最多读 {MOST_CHARS} 个字，后面还有 {self.more_chars} 个字没有读")
        return "；".join(told) + "，请把没读到的部分另外粘贴一次。" if told else ""


def parse_message(message: str, today: date | None = None, home: str = "") -> list[Draft]:
    """The jobs that a group message offers, in its order; empty when it offers none. Never raises on any text.

    `today` turns 明天 into a date. `home`: the division code of whoever pastes it, for names that are ambiguous in the country.
    """
    return read_message(message, today, home).drafts


def read_message(message: str, today: date | None = None, home: str = "") -> Reading:
    """`parse_message` with what was not read, for whoever tells a person about it."""
    letters = plain(message[:MOST_CHARS])
    letters = Letters(righted(letters.text), letters.at)
    found = contacts(letters.text)
    hidden = letters.hide([(contact.start, contact.end) for contact in found])
    parts, more = split(hidden.text)
    titles = [(part.offer.start, part.offer.end) for part in parts]
    starts = frozenset(start for start, _ in titles)
    companies = companies_in(hidden.text, starts) if parts else []
    drafts = [_draft(message, hidden, part, titles, found, companies, today, home) for part in parts]
    return Reading(drafts, more, max(0, len(message) - MOST_CHARS))


def _draft(
    message: str,
    letters: Letters,
    part: Part,
    titles: list[Span],
    found: list[Contact],
    companies: list[Company],
    today: date | None,
    home: str,
) -> Draft:
    text, offer = letters.text, part.offer
    pieces = [*part.own, *part.shared]
    spans: dict[str, tuple[Span, ...]] = {"title": (letters.span(offer.start, offer.end),)}

    def kept(name: str, places: tuple[Span, ...]) -> None:
        spans[name] = tuple(letters.span(start, end) for start, end in places if start < end)

    title = _as_written(message, letters, offer)
    code = trade_of(text, offer, pieces)
    if code is not None:
        spans["trade"] = spans["title"]
    heads = fields.heads_wanted(text, part.own, offer.heads)
    if heads:
        kept("headcount", heads.spans)
    wage = fields.wage_in(text, part.own, part.shared, offer.title(text) if len(titles) > 1 else "")
    if wage:
        kept("wage", wage.spans)
    age = fields.age_in(text, pieces)
    if age:
        for name, bound in (("age_min", age.value.min), ("age_max", age.value.max)):
            if bound is not None:
                kept(name, age.spans)
    place = where(text, pieces, titles, home)
    if place.region_span is not None and place.code is not None:
        kept("region", (place.region_span,))
    if place.address_span is not None:
        kept("address", (place.address_span,))
    benefits = fields.benefits_in(text, part.own, part.shared)
    if benefits.value:
        kept("benefits", benefits.spans)
    shift = fields.shift_in(text, pieces)
    if shift:
        kept("shift", shift.spans)
    settlement = fields.settlement_in(text, pieces)
    if settlement:
        kept("settlement", settlement.spans)
    start = times.start_in(text, pieces, today)
    if start:
        kept("start", start.spans)
    hours = times.hours_in(text, pieces)
    if hours:
        kept("hours", hours.spans)
    labelled = fields.employer_in(text, pieces)
    starts = frozenset(start for start, _ in titles)
    employer = labelled.spans[0] if labelled else employer_of(text, companies, offer.start, pieces, starts)
    if employer:
        kept("employer_name", (employer,))
    phone = _phone(pieces, found)
    if phone:
        kept("contact_phone", ((phone.start, phone.end),))
    caller = name_beside(text, phone) if phone else None
    if caller:
        kept("contact_name", (caller,))
    return Draft(
        title=title,
        trade=code,
        headcount=heads.value if heads else None,
        age=age.value if age else None,
        wage=wage.value if wage else None,
        region=place.code,
        region_open=place.ambiguous if place.code is None else (),
        address=_written(message, letters, place),
        benefits=benefits.value,
        shift=shift.value if shift else None,
        settlement=settlement.value if settlement else None,
        start=start.value if start else None,
        contact_phone=phone.phone if phone else None,
        hours=hours.value if hours else None,
        employer=_of_message(message, letters, employer),
        contact_name=_of_message(message, letters, caller),
        text=_told(message, letters, pieces, found),
        spans=spans,
    )


def _as_written(message: str, letters: Letters, offer: Offer) -> str:
    """The title with the letters of the message, without the gaps of 急 招 普 工."""
    plain_title = offer.title(letters.text)
    if plain_title == letters.text[offer.start : offer.end]:
        return "".join(message[letters.at[at]] for at in range(offer.start, offer.end))
    return plain_title


def _of_message(message: str, letters: Letters, span: Span | None) -> str:
    return "" if span is None else "".join(message[letters.at[at]] for at in range(*span))


def _written(message: str, letters: Letters, place: Where) -> str | None:
    if place.address_span is None:
        return None
    return "".join(message[letters.at[at]] for at in range(*place.address_span))


def _phone(pieces: list[Span], found: list[Contact]) -> Contact | None:
    """The first telephone number of the job's own pieces, else of those that hold for all."""
    for start, end in pieces:
        for contact in found:
            if contact.phone and start <= contact.start < end:
                return contact
    return None


def _told(message: str, letters: Letters, pieces: list[Span], found: list[Contact]) -> str:
    """The clauses of a job as they are written, a line each piece, without those that only say whom to call."""
    told: list[str] = []
    names = [name for contact in found if contact.phone and (name := name_beside(letters.text, contact)) is not None]
    text = lifted(letters.text, names)
    for piece in sorted(pieces):
        kept: list[str] = []
        for start, end in clauses(text, piece):
            clause = text[start:end]
            if only_calls(clause) or (HIDDEN in clause and not _CONTACT_WORDS.sub("", clause)):
                continue
            said = "".join(" " if text[at] == HIDDEN else message[letters.at[at]] for at in range(start, end))
            if said := re.sub(r" +", " ", said).strip():
                kept.append(said)
        if kept:
            told.append("，".join(kept))
    return "\n".join(told)
