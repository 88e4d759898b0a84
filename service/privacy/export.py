"""Everything held about a person, as data and as a page that people can read (个人信息保护法 art. 45)."""

from __future__ import annotations

import html
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import clock
from service.accounts.models import Account
from service.audit.models import AuditEvent
from service.employers.models import Employer
from service.privacy.limits import limits
from service.privacy.registry import Person, PersonalTable, personal_tables
from service.privacy.words import column_title, in_words
from service.workers.choices import act_title

_HEAD = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>我的全部资料</title><style>'
    "body{font-size:20px;line-height:1.6;margin:1em;max-width:50em}h2{margin-top:2em}"
    "dl{border-top:1px solid #999;padding-top:.5em}dt{font-weight:bold}dd{margin:0 0 .4em 1em;overflow-wrap:anywhere}"
    "</style></head><body><h1>我的全部资料</h1>"
)
_RIGHTS = "哪里不对可以在“我的档案”里改，也可以随时注销。"
_HANDLER = "单位经办人：您作为单位管理员登记的姓名和身份证号码"
_HANDLER_KEPT = "和单位资料一起保存；换经办人时改成新的，旧的不留"
HANDLER_FIELDS = ("handler_name", "handler_id")
_ACTS = "操作记录：我办了什么，别人替我办了什么、看了什么"
_ACTS_KEPT = "只有编号和事项，没有内容；依法作为凭证保存，到期归档"
_OF_ACTS = ("at", "action", "role", "account_id", "acting_for", "object_kind", "object_id")
ROWS_MOST = 10_000
"""Of one table; more than any person has, and the answer stays bounded."""


def collect(session: Session, person: Person, now: datetime) -> dict[str, Any]:
    """All rows of all personal tables, the newest last: ``{"made_at", "tables": [{"table", "title", "kept", "rows"}]}``."""
    tables = []
    for one in personal_tables():
        where = one.of(person)
        if where is None:
            continue
        query = select(one.model).where(where).order_by(*one.table.primary_key.columns).limit(ROWS_MOST)
        rows = [_row(one, row) for row in session.scalars(query)]
        if rows:
            tables.append({"table": one.name, "title": one.says.title, "kept": kept_how_long(one), "rows": rows})
    handled = [_handler(employer) for employer in handled_employers(session, person)]
    if handled:
        tables.append({"table": Employer.__tablename__, "title": _HANDLER, "kept": _HANDLER_KEPT, "rows": handled})
    acts = _acts(session, person)
    if acts:
        tables.append({"table": AuditEvent.__tablename__, "title": _ACTS, "kept": _ACTS_KEPT, "rows": acts})
    return {"made_at": clock.show(now), "tables": tables}


def handled_employers(session: Session, person: Person) -> list[Employer]:
    """The employers whose handler (经办人) goes out with this person's data: those that the person administers.

    No account is marked as the handler's own. The administrator wrote him down, is the handler as a rule, and may read him in
    full anyhow (``employer.handler``); a recruiter may not, and does not get him here.
    """
    mine = select(Account.employer_id).where(Account.account_id.in_(person.account_ids), Account.role == "employer_owner")
    rows = session.scalars(select(Employer).where(Employer.employer_id.in_(mine)).order_by(Employer.employer_id))
    return [row for row in rows if row.handler_name or row.handler_id]


def kept_how_long(one: PersonalTable) -> str:
    """In words: until when rows of this table stay."""
    if one.says.erase == "delete":
        return "注销时删除"
    if one.says.erase == "blank":
        return "注销时清空"
    limit = limits()[one.says.rule]
    return f"注销后保留，{limit.counted}满 {limit.days} 天删除（{limit.article}）"


def page(collected: dict[str, Any]) -> str:
    """The same as one HTML page without scripts or links to elsewhere, readable on a phone and on paper. Only answers that are
    remembered word for word are left to the JSON."""
    made_at = html.escape(in_words("made_at", collected["made_at"]))
    parts = [_HEAD, f"<p>城暖平台里关于您的全部记录，导出于 {made_at}（时间都是北京时间）。{_RIGHTS}</p>"]
    for table in collected["tables"]:
        parts.append(f"<h2>{html.escape(table['title'])}（{len(table['rows'])}）</h2><p>{html.escape(table['kept'])}</p>")
        for row in table["rows"]:
            said = [(name, value) for name, value in row.items() if value not in (None, "", [], {})]
            lines = "".join(
                f"<dt>{html.escape(column_title(name))}</dt><dd>{html.escape(in_words(name, value))}</dd>" for name, value in said
            )
            parts.append(f"<dl>{lines}</dl>")
    parts.append("</body></html>\n")
    return "".join(parts)


def _acts(session: Session, person: Person) -> list[dict[str, Any]]:
    """What the trail of acts has about the person: what others did for them or read of them, and what they did themselves. What
    somebody did in an office about other people is not about that somebody, and is left out."""
    about = AuditEvent.worker_id == person.worker_id
    own = AuditEvent.account_id.in_(person.account_ids) & AuditEvent.worker_id.is_(None)
    wanted = select(AuditEvent).where(own if person.worker_id is None else about | own)
    rows = session.scalars(wanted.order_by(AuditEvent.seq.desc()).limit(ROWS_MOST)).all()
    return [
        {"title": act_title(row.action)}
        | {name: _value(getattr(row, name)) for name in _OF_ACTS}
        # Of an office's own acts the details would name the employers and stations it dealt with.
        | ({"details": row.details} if row.worker_id is not None else {})
        for row in reversed(rows)
    ]


def _row(one: PersonalTable, row: Any) -> dict[str, Any]:
    said = {
        name: _value(getattr(row, one.model.__mapper__.get_property_by_column(one.table.c[name]).key)) for name in one.shown()
    }
    return said | {name: getattr(row, name) for name in one.opened() if name not in one.says.hidden}


def _handler(employer: Employer) -> dict[str, Any]:
    names = ("employer_id", "name", *HANDLER_FIELDS)
    return {name: getattr(employer, name) for name in names}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.show(value)
    return value.isoformat() if isinstance(value, date) else value
