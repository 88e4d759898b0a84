"""What becomes of one record, given what the database knows of it. The same answer for a trial run and for a real one.

What a person has to look at becomes a job that waits in the queue of reviews, and is shown once somebody lets it through; what a
rule forbids is refused. A record that its source itself has to mend (a legal element, the place) waits without a job.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from service.clock import BEIJING
from service.feeds.around import OF_EMPLOYER, Around
from service.feeds.clean import Contact
from service.feeds.industry import industry_of
from service.feeds.record import Parsed, RecordOutcome
from service.feeds.records import INCOMPLETE, Record
from service.feeds.source import DOUBTED, FeedSource
from service.feeds.trail import Trail, done, noted, stopped, to_be_compared
from service.jobs.advert import Advert, Reading, Source, read_advert
from service.jobs.checks import check_advert, holds
from service.jobs.findings import Finding
from service.jobs.hold import ADVERT, EMPLOYER
from service.jobs.put import GONE
from service.jobs.reviews.before import NOTHING_SAID, Word, heeding
from service.jobs.rules import rules_on

NOTHING_KNOWN = Around()
THERE = ("open", "held")
"""A job in one of these states is shown, or would be as soon as somebody lets it through."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is in the tables about a record: its row in ``feed_record``, the state of its job (empty status: no job) and what
    staff have said about that one."""

    record_id: int
    content_hash: str
    outcome: str
    vanished: bool
    job_id: int | None
    job_status: str
    job_closed_reason: str
    job_valid_until: datetime | None
    job_employer_id: int | None = None
    contact: Contact = field(default_factory=Contact)
    reason_code: str = ""
    reason: str = ""
    steps: Trail = field(default_factory=dict)
    job_held_for: frozenset[str] = frozenset()
    word: Word = NOTHING_SAID


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer. ``advert`` and ``reading`` are there when the job has to be written, ``held_for`` is what it waits for and
    ``findings`` what was found; ``close`` means: show it no longer. ``trail`` is what each step made of it, empty when what is
    kept from before stands."""

    outcome: RecordOutcome
    code: str = ""
    reason: str = ""
    advert: Advert | None = None
    reading: Reading | None = None
    close: bool = False
    trail: Trail = field(default_factory=dict)
    held_for: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()


def settle(
    record: Record,
    known: Known | None,
    source: FeedSource,
    now: datetime,
    *,
    around: Around = NOTHING_KNOWN,
    again: bool = False,
) -> Settled:
    """Decide about one record. Pure but for the rules it asks. ``around``: what the tables know beside the record; ``again``:
    also when nothing has changed since the last time."""
    there = known is not None and known.job_status in THERE
    if record.parsed is None or record.unusable is not None:
        why = record.unusable
        if why is None:
            raise ValueError("a record is either parsed or unusable")
        close = there and record.copy == 0
        if record.parsed is None or why.code != INCOMPLETE:
            return Settled(why.outcome, why.code, why.reason, close=close, trail=record.trail)
        # What is missing ends it; where it is and what it is are looked at all the same, so that everything is told at once.
        trail = _read(record, record.parsed, source, now, now + timedelta(days=1))[2]
        trail["checked"] = stopped(why.code, why.reason)
        return Settled(why.outcome, why.code, why.reason, close=close, trail=trail)
    if known is not None and known.job_status == "closed" and known.job_closed_reason != GONE:
        return _ended(record, "published", "held", "closed_by_person", "工作人员或单位已经关闭这一条，不会自动重新发布。")
    ends = _end(record.parsed, source, now)
    if ends <= now:
        return _ended(
            record, "checked", "rejected", "expired", f"有效期到 {record.parsed.valid_until_on} 已经过了。", close=there
        )
    employer_id = around.employer_of(record, source)
    # An employer that came here since is joined at once; one that cannot be joined any more stays until the words change.
    linked = known is not None and employer_id in {None, known.job_employer_id}
    if known is not None and there and linked and not again and _same(record, known):
        if known.job_status == "held":
            return _still_held(record, known)
        # Of one that was let through since its record says so by being judged once more.
        if known.outcome in {"published", "unchanged"} and _lasts(record.parsed, known, source, now):
            return Settled("unchanged")
    advert, reading, trail = _read(record, record.parsed, source, now, ends, employer_id)
    placed = trail["placed"]
    if placed[0] == "stopped":
        outcome: RecordOutcome = "held" if source.source_class == "vacancy" else "rejected"
        return Settled(outcome, placed[1], placed[2], close=there, trail=trail)
    usual = around.usual.of(reading.fields["trade_codes"], reading.fields["region_code"])
    said = (*around.findings(record), *check_advert(advert, now, reading, usual=usual))
    findings = _judged(said, source, known, now)
    barred = next((found for found in findings if found.severity == "block"), None)
    if barred is not None:
        trail["checked"] = stopped(barred.rule, _words(barred))
        return Settled("rejected", barred.rule, _words(barred), close=there, trail=trail)
    held = tuple(found for found in findings if holds(found))
    if held:
        trail["checked"] = stopped(held[0].rule, _words(held[0]))
        return Settled(
            "held",
            held[0].rule,
            _words(held[0]),
            advert,
            reading,
            trail=trail,
            held_for=frozenset(_waits_for(found, employer_id) for found in held),
            findings=findings,
        )
    warned = [finding for finding in findings if finding.severity == "warn"]
    trail["checked"] = noted(warned[0].rule, "；".join(_words(one) for one in warned)) if warned else done()
    trail["deduplicated"] = to_be_compared()
    trail["published"] = done()
    return Settled("published", advert=advert, reading=reading, trail=trail, findings=findings)


def _still_held(record: Record, known: Known) -> Settled:
    """An unchanged record whose job waits: because of its words, as was said then, or because somebody held it since."""
    if known.outcome == "held":
        return Settled("held", known.reason_code, known.reason)
    return _ended(record, "published", "held", "held_by_check", "这一条正在等待人工核对，核对前不会发布。")


def _judged(found: tuple[Finding, ...], source: FeedSource, known: Known | None, now: datetime) -> tuple[Finding, ...]:
    """What counts of what was found, the gravest first. What is only absent was judged before. Of a source that is doubted a
    person looks also at what a rule of law only warns about."""
    asked = {rule.rule for rule in rules_on(now) if rule.missing}
    judged = tuple(
        replace(one, severity="hold") if source.trust < DOUBTED and one.severity == "warn" and one.article else one
        for one in found
        if one.rule not in asked
    )
    if known is not None:
        judged = heeding(judged, known.word, held=ADVERT in known.job_held_for)
    order = {"block": 0, "hold": 1, "warn": 2, "note": 3}
    return tuple(sorted(judged, key=lambda one: order[one.severity]))


def _waits_for(finding: Finding, employer_id: int | None) -> str:
    """What an advert waits for. An employer of ours is let through by its own papers, and all that is its with it."""
    return EMPLOYER if employer_id is not None and finding.rule.startswith(OF_EMPLOYER) else ADVERT


def _ended(record: Record, step: str, outcome: RecordOutcome, code: str, reason: str, *, close: bool = False) -> Settled:
    return Settled(outcome, code, reason, close=close, trail={**record.trail, step: stopped(code, reason)})


def _read(
    record: Record, parsed: Parsed, source: FeedSource, now: datetime, ends: datetime, employer_id: int | None = None
) -> tuple[Advert, Reading, Trail]:
    """The advert, how it is read, and what placing and classifying made of it."""
    advert = advert_of(record, source, now, ends, employer_id)
    reading = read_advert(advert, now)
    return advert, reading, {**record.trail, "placed": _placed(reading), "classified": _classified(parsed, reading)}


def _placed(reading: Reading) -> list[str]:
    code, point = reading.fields["region_code"], reading.fields["point_source"]
    said = next((finding for finding in reading.findings if finding.field in {"region", "lat"}), None)
    if not code:
        return stopped(said.rule if said else "region_unread", said.advice if said else "没认出工作地点。")
    if point is None:
        return noted("no_point", f"{code}：只写到市或省，没有具体位置，不能按距离找到。")
    if said is not None:
        return noted(said.rule, said.advice)
    return ["done", code, {"given": "来源给了坐标", "region": "用的是所在地区的中心点"}[point]]


def _classified(parsed: Parsed, reading: Reading) -> list[str]:
    codes = reading.fields["trade_codes"]
    section = industry_of(parsed.industry, parsed.employer_name)
    industry = f"行业：{section.letter} {section.name}" if section else "行业没有认出"
    if codes:
        return ["done", codes[0], industry]
    said = next((finding for finding in reading.findings if finding.field == "trade"), None)
    return noted(said.rule if said else "trade_unread", f"{said.advice if said else '没认出是什么工种。'}{industry}。")


def _words(finding: Finding) -> str:
    said = f"“{finding.words}”：" if finding.words else ""
    return f"{said}{finding.advice}" + (f"（{finding.article}）" if finding.article else "")


def advert_of(record: Record, source: FeedSource, now: datetime, ends: datetime, employer_id: int | None = None) -> Advert:
    """The record as ``jobs`` takes it. A day of publication in the future is a slip: it becomes now."""
    parsed = record.parsed
    if parsed is None:
        raise ValueError("only a parsed record can be an advert")
    published = _midnight(parsed.published_on) if parsed.published_on else None
    return Advert(
        kind="public",
        title=parsed.title,
        description="\n".join(text for text in (parsed.content, parsed.remarks) if text),
        employer_id=employer_id,
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
        lat=parsed.lat,
        lng=parsed.lng,
        crs=parsed.crs,
        tags=parsed.tags,
        contact_name=record.contact.name,
        contact_phone=record.contact.phone,
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


def _same(record: Record, known: Known) -> bool:
    """Whether the source says what it said when the job was written."""
    return not known.vanished and known.content_hash == record.content_hash and known.contact == record.contact


def _lasts(parsed: Parsed, known: Known, source: FeedSource, now: datetime) -> bool:
    """Whether the open advert need not be renewed yet.

    Half of its time left is the line: a daily pull then writes each advert once a month. An advert with an end of its own is
    renewed by its source alone, because its end is part of its content.
    """
    spare = timedelta() if parsed.valid_until_on else timedelta(days=source.valid_days / 2)
    return known.job_valid_until is not None and known.job_valid_until > now + spare


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), BEIJING)
