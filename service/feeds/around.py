"""What the tables know around the records of a source: the employers whose codes they name, and what a trade is usually paid.

A feed makes no employer and changes none. It may name one: its job then belongs to the employer that holds the credit code, when
that one's papers were checked here, the source is not doubted and the names do not contradict each other. The source stays
written on the job, and so do its words. Anybody can write anybody's code: without papers, or under another name, nothing is
linked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.clock import BEIJING
from service.duplicates.employers import employer_name, same_name
from service.employers.credit_code import tidy, what_is_wrong
from service.employers.models import Employer, ListEntry
from service.employers.standing import may_publish
from service.employers.tables import ReasonRow, list_rows, reason_row
from service.feeds.records import Record
from service.feeds.source import DOUBTED, FeedSource
from service.jobs.findings import Finding, Severity
from service.jobs.reviews.usual_wages import UsualWages

OF_EMPLOYER = "employer."
"""How the codes of findings begin that are about the standing of an employer."""
_SEVERITY: Final[Mapping[str, Severity]] = {"refuse": "block", "hold": "hold", "warn": "warn"}


@dataclass(frozen=True, slots=True)
class Named:
    """What is known of a credit code. ``employer_id`` and ``name``: of the checked employer that holds it, else empty;
    ``reasons``: what stands in its way today, by its papers and by the lists of authorities."""

    employer_id: int | None = None
    name: str = ""
    reasons: tuple[ReasonRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What a batch of records is settled with. ``named``: by credit code."""

    named: Mapping[str, Named] = field(default_factory=dict)
    usual: UsualWages = field(default_factory=UsualWages)

    def employer_of(self, record: Record, source: FeedSource) -> int | None:
        """The employer that the job of a record belongs to."""
        named = self._of(record)
        if named is None or named.employer_id is None or source.trust < DOUBTED or self._contradicts(record, named):
            return None
        return named.employer_id

    def findings(self, record: Record) -> tuple[Finding, ...]:
        """What is to be said of the employer that a record names."""
        named = self._of(record)
        if named is None or record.parsed is None:
            return ()
        said = record.parsed.employer_name
        if named.employer_id is not None and self._contradicts(record, named):
            advice = f"写的信用代码属于“{named.name}”，和单位名称对不上，没有连到那家单位，请核对。"
            return (*_findings(named.reasons, said), Finding("employer_other_name", "employer_name", said, advice, "warn"))
        return _findings(named.reasons, said)

    def _of(self, record: Record) -> Named | None:
        return None if record.parsed is None else self.named.get(tidy(record.parsed.credit_code))

    @staticmethod
    def _contradicts(record: Record, named: Named) -> bool:
        said = record.parsed.employer_name if record.parsed is not None else ""
        return said != named.name and not same_name(employer_name(said), employer_name(named.name))


def named_in(session: Session, records: Iterable[Record], now: datetime) -> dict[str, Named]:
    """What is known of the codes in these records: two SELECTs, and two for each employer of ours that is among them."""
    said = {tidy(record.parsed.credit_code) for record in records if record.parsed is not None and record.parsed.credit_code}
    codes = {code for code in said if not what_is_wrong(code)}
    if not codes:
        return {}
    found = {code: Named(reasons=reasons) for code, reasons in _listed(session, codes, now).items()}
    holders = select(Employer).where(
        Employer.credit_code.in_(codes), Employer.verified_at.is_not(None), Employer.closed_at.is_(None)
    )
    for employer in session.scalars(holders):
        reasons = may_publish(session, employer, now).reasons
        found[employer.credit_code or ""] = Named(employer.employer_id, employer.name, reasons)
    return found


def _listed(session: Session, codes: set[str], now: datetime) -> dict[str, tuple[ReasonRow, ...]]:
    """Codes that stand on a list of an authority today, whoever holds them."""
    today = now.astimezone(BEIJING).date()
    rows = session.execute(
        select(ListEntry.credit_code, ListEntry.list_kind)
        .where(
            ListEntry.credit_code.in_(codes),
            ListEntry.stands_on(today),
        )
        .distinct()
        .order_by(ListEntry.credit_code, ListEntry.list_kind)
    )
    found: dict[str, list[ReasonRow]] = defaultdict(list)
    for code, kind in rows:
        row = reason_row(list_rows()[kind].reason, now)
        if row is not None:
            found[code].append(row)
    return {code: tuple(reasons) for code, reasons in found.items()}


def _findings(reasons: Iterable[ReasonRow], said: str) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            f"{OF_EMPLOYER}{row.code}",
            "employer_name",
            said,
            row.sentence,
            _SEVERITY[row.effect],
            row.article,
            row.source,
            row.verified,
        )
        for row in reasons
    )
