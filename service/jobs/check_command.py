"""``flask jobs check``: adverts on standard input, one a line, judged as ``POST /v1/jobs/check`` does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from matching.model import KINDS, Kind
from service import clock
from service.employers.models import PUBLISHER_CLASSES, ListEntry
from service.jobs.advert import Advert, GigAdvert, LiveAdvert, Source, read_advert
from service.jobs.bodies import JobDraft, JobPatch
from service.jobs.checks import Verdict, check_advert, verdict
from service.jobs.checks.line import advert_of_text, of_a_line
from service.jobs.findings import Finding
from service.jobs.reviews.around import judge
from service.jobs.reviews.models import JobReview, RepeatLift, TradeWage
from service.sessions import read_session

_WITHOUT = (
    "数据库打不开，或还没有建表：只按规则检查，不看当地工资、名单和单位的记录。"
    "要全面检查，请先运行 make run，或检查 DATABASE_URL。"
)
_NOT_ADVERT = frozenset({"gig", "live", "kind"})


@click.command("check")
@click.option("--kind", default="public", show_default=True, type=click.Choice(KINDS), help="没写类型的行算哪一类。")
@with_appcontext
def check_command(kind: str) -> None:
    """检查标准输入里的招聘信息，一行一条：文字（换行写成 \\n），或一个 JSON（text 和 kind，或发布的各项）。"""
    now, out = clock.now(), sys.stdout.buffer
    with _tables() as session:
        for raw in sys.stdin.buffer:
            said = answer_line(raw, cast("Kind", kind), now, session)
            # Half of a pair of surrogates, which JSON can write, is no text that can be sent on.
            out.write(json.dumps(said, ensure_ascii=False).encode("utf-8", errors="replace") + b"\n")
            out.flush()


def answer_line(raw: bytes, kind: Kind, now: datetime, session: Session | None) -> dict[str, Any]:
    """The line as ``text`` and the verdict on it; ``verdict`` null and a ``reason`` for one that cannot be read."""
    line = _decoded(raw)
    if line is None:
        reason = "这一行不是 UTF-8 也不是 GB18030 的文字，请换一种编码保存后再试。"
        return _unread(raw.decode("utf-8", errors="replace").rstrip("\r\n"), reason)
    line = line.rstrip("\r\n")
    if not line.strip():
        return _unread(line, "这一行是空的。")
    try:
        verdict_, findings = judge_line(line.strip(), kind, now, session)
    except ValidationError as wrong:
        return _unread(line, "这一行的内容不对，请看 fields 里每一项的说明。") | {"fields": wrong.messages}
    return {"text": line, "verdict": verdict_, "findings": findings, "reason": None}


def judge_line(line: str, kind: Kind, now: datetime, session: Session | None) -> tuple[Verdict, list[dict[str, Any]]]:
    """The verdict on a line and its findings, the gravest first. Raises ValidationError for one that is no advert."""
    advert, whole = _advert(line, kind)
    reading = read_advert(advert, now)
    found = check_advert(advert, now, reading) if session is None else judge(session, advert, reading, now)
    findings = found if whole else of_a_line(found, reading)
    return verdict(findings), [_line(finding) for finding in findings if finding.severity != "note"]


def _unread(line: str, reason: str) -> dict[str, Any]:
    return {"text": line, "verdict": None, "findings": [], "reason": reason}


def _decoded(raw: bytes) -> str | None:
    """A line as text: what is kept on an office's computer is often GB18030. None when it is neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _advert(line: str, kind: Kind) -> tuple[Advert, bool]:
    """The advert of a line, and whether it was given field by field."""
    body = _object(line)
    if body is None:
        return advert_of_text(_broken(line), kind), False
    text = body.pop("text", None)
    publisher = str(body.pop("publisher_class", "employer"))
    if publisher not in PUBLISHER_CLASSES:
        raise ValidationError({"publisher_class": [f"只能是 {'、'.join(PUBLISHER_CLASSES)}。"]})
    if isinstance(text, str):
        chosen = body.pop("kind", kind)
        if chosen not in KINDS:
            raise ValidationError({"kind": [f"只能是 {'、'.join(KINDS)}。"]})
        employer = body.pop("employer_name", None)
        said = _plain(JobPatch().load(body)) | {"publisher_class": publisher}
        if isinstance(employer, str):
            said["employer_name"] = employer
        return advert_of_text(_broken(text), chosen, said), False
    draft = JobDraft().load({"kind": kind} | body)
    gig, live = draft.get("gig"), draft.get("live")
    return (
        Advert(
            kind=draft["kind"],
            source=Source("line", "", publisher_class=publisher),
            gig=GigAdvert(gig["starts_at"], gig["ends_at"], gig["seats"], gig.get("insurance", "")) if gig else None,
            live=LiveAdvert(0, live["listing_no"]) if live else None,
            **_plain(draft),
        ),
        True,
    )


def _object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _broken(text: str) -> str:
    """With the line breaks that a line can only spell."""
    return text.replace("\\n", "\n")


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items() if name not in _NOT_ADVERT}


def _line(finding: Finding) -> dict[str, Any]:
    names = ("rule", "severity", "field", "words", "advice", "article", "source", "verified")
    said = asdict(finding)
    return {name: said[name] for name in names}


@contextmanager
def _tables() -> Iterator[Session | None]:
    """A session; None, and a sentence on standard error, where there is no database with our tables."""
    with ExitStack() as stack:
        try:
            session = stack.enter_context(read_session())
            for table in (TradeWage, ListEntry, JobReview, RepeatLift):
                session.execute(select(table).limit(1))
        except (OperationalError, ProgrammingError):
            click.echo(_WITHOUT, err=True)
            session = None
        yield session
