"""What becomes of one record, given what the database knows of it. The same answer for a trial run and for a real one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from service.clock import BEIJING
from service.feeds.record import Parsed, RecordOutcome
from service.feeds.records import Record
from service.feeds.source import FeedSource
from service.jobs.advert import Advert, Reading, Source, read_advert
from service.jobs.checks import check_advert
from service.jobs.findings import Finding
from service.jobs.put import GONE

COMPLETENESS = "D-07."
"""How the rules begin that ask for a legal element to be there (人力资源市场暂行条例 article 24)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is in the tables about a record: its row in ``feed_record`` and the state of its job (empty status: no job)."""

    record_id: int
    content_hash: str
    outcome: str
    vanished: bool
    job_id: int | None
    job_status: str
    job_closed_reason: str
    job_valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer. ``advert`` and ``reading`` are there when the job has to be written; ``close`` means: show it no longer."""

    outcome: RecordOutcome
    code: str = ""
    reason: str = ""
    advert: Advert | None = None
    reading: Reading | None = None
    close: bool = False


def settle(record: Record, known: Known | None, source: FeedSource, now: datetime) -> Settled:
    """Decide about one record. Pure but for the rules it asks."""
    shown = known is not None and known.job_status == "open"
    if record.parsed is None or record.unusable is not None:
        why = record.unusable
        if why is None:
            raise ValueError("a record is either parsed or unusable")
        return Settled(why.outcome, why.code, why.reason, close=shown and record.copy == 0)
    if known is not None and known.job_status == "closed" and known.job_closed_reason != GONE:
        return Settled("held", "closed_by_person", "工作人员或单位已经关闭这一条，不会自动重新发布。")
    if known is not None and known.job_status == "held":
        return Settled("held", "held_by_check", "这一条正在等待人工核对，核对前不会发布。")
    if known is not None and shown and _stands(record, record.parsed, known, source, now):
        return Settled("unchanged")
    ends = _end(record.parsed, source, now)
    if ends <= now:
        return Settled("rejected", "expired", f"有效期到 {record.parsed.valid_until_on} 已经过了。", close=shown)
    advert = advert_of(record, source, now, ends)
    reading = read_advert(advert, now)
    if not reading.fields["region_code"]:
        said = next((finding for finding in reading.findings if finding.field == "region"), None)
        return Settled(
            "held" if source.source_class == "vacancy" else "rejected",
            said.rule if said else "region_unread",
            said.advice if said else "没认出工作地点。",
            close=shown,
        )
    barred = _barred(check_advert(advert, now, reading))
    if barred is not None:
        return Settled("held", barred.rule, _words(barred), close=shown)
    return Settled("published", advert=advert, reading=reading)


def _barred(findings: tuple[Finding, ...]) -> Finding | None:
    """The first thing that may not be published. What is only absent was judged before."""
    return next(
        (found for found in findings if found.severity in {"block", "hold"} and not found.rule.startswith(COMPLETENESS)), None
    )


def _words(finding: Finding) -> str:
    said = f"“{finding.words}”：" if finding.words else ""
    return f"{said}{finding.advice}" + (f"（{finding.article}）" if finding.article else "")


def advert_of(record: Record, source: FeedSource, now: datetime, ends: datetime) -> Advert:
    """The record as ``jobs`` takes it. A day of publication in the future is a slip: it becomes now."""
    parsed = record.parsed
    if parsed is None:
        raise ValueError("only a parsed record can be an advert")
    published = _midnight(parsed.published_on) if parsed.published_on else None
    return Advert(
        kind="public",
        title=parsed.title,
        description="\n".join(text for text in (parsed.content, parsed.remarks) if text),
        employer_name=parsed.employer_name,
        trade=parsed.trade or None,
        skills=parsed.skills,
        headcount=parsed.headcount,
        education=parsed.education,
        experience=parsed.experience,
        wage=parsed.wage,
        age=parsed.age,
        region=parsed.region,
        address=parsed.address,
        tags=parsed.tags,
        published_at=min(published, now) if published else None,
        valid_until=ends,
        source=Source(
            key=source.key,
            name=source.name,
            source_class=source.source_class,
            original_id=record.original_id,
            url=parsed.url or source.url,
            legal_basis=source.legal_basis,
            publisher_class=source.publisher_class,
            label=source.label,
            missing=record.missing,
        ),
    )


def _end(parsed: Parsed, source: FeedSource, now: datetime) -> datetime:
    """The last moment of the day said; a source that says none is valid for so many days from loading."""
    if parsed.valid_until_on:
        return datetime.combine(date.fromisoformat(parsed.valid_until_on), time(23, 59, 59), BEIJING)
    return now + timedelta(days=source.valid_days)


def _stands(record: Record, parsed: Parsed, known: Known, source: FeedSource, now: datetime) -> bool:
    """Whether the open advert is still what the source says and need not be renewed yet.

    Half of its time left is the line: a daily pull then writes each advert once a month. An advert with an end of its own is
    renewed by its source alone, because its end is part of its content.
    """
    if known.vanished or known.content_hash != record.content_hash or known.job_valid_until is None:
        return False
    spare = timedelta() if parsed.valid_until_on else timedelta(days=source.valid_days / 2)
    return known.job_valid_until > now + spare


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), BEIJING)
