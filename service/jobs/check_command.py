"""``flask jobs check``: adverts on standard input, one a line, judged as ``POST /v1/jobs/check`` does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from matching.model import KINDS, Kind
from service import clock
from service.employers.models import PUBLISHER_CLASSES
from service.jobs.advert import Advert, GigAdvert, LiveAdvert, Source, read_advert
from service.jobs.checks import verdict
from service.jobs.checks.line import advert_of_text, of_a_line
from service.jobs.findings import Finding
from service.jobs.reviews.around import judge
from service.jobs.schemas import JobDraft, JobPatch
from service.sessions import read_session

_NOT_ADVERT = frozenset({"gig", "live", "kind"})


@click.command("check")
@click.option("--kind", default="public", show_default=True, type=click.Choice(KINDS), help="没写类型的行算哪一类。")
@with_appcontext
def check_command(kind: str) -> None:
    """检查标准输入里的招聘信息，一行一条：文字，或一个 JSON（text 和 kind，或发布的各项）。"""
    now = clock.now()
    with _tables() as session:
        for raw in sys.stdin.buffer:
            line = _decoded(raw)
            if line is None:
                said: dict[str, Any] = {"error": "这一行不是 UTF-8 也不是 GB18030 的文字，请换一种编码保存后再试。"}
            elif line.strip():
                said = judge_line(line.strip(), cast("Kind", kind), now, session)
            else:
                continue
            click.echo(json.dumps(said, ensure_ascii=False))


def judge_line(line: str, kind: Kind, now: datetime, session: Session) -> dict[str, Any]:
    """The verdict on a line and its findings, the gravest first; ``error`` for one that is no advert."""
    try:
        advert, whole = _advert(line, kind)
    except ValidationError as wrong:
        return {"error": "这一行的内容不对", "fields": wrong.messages}
    reading = read_advert(advert, now)
    found = judge(session, advert, reading, now)
    findings = found if whole else of_a_line(found, reading)
    return {"verdict": verdict(findings), "findings": [_line(finding) for finding in findings if finding.severity != "note"]}


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
        return advert_of_text(line, kind), False
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
        return advert_of_text(text, chosen, said), False
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
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items() if name not in _NOT_ADVERT}


def _line(finding: Finding) -> dict[str, Any]:
    names = ("rule", "severity", "field", "words", "advice", "article", "source", "verified")
    said = asdict(finding)
    return {name: said[name] for name in names}


@contextmanager
def _tables() -> Iterator[Session]:
    """A session; a sentence where there is no database yet."""
    try:
        with read_session() as session:
            yield session
    except (OperationalError, ProgrammingError) as wrong:
        raise click.ClickException("数据库打不开，或还没有建表：请先运行 make run，或检查 DATABASE_URL。") from wrong
