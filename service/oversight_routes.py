"""What those who oversee may look at: who did what in their territory, and what people look for in vain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import fields, validate
from sqlalchemy import ColumnElement, false, or_, select

from matching.rules import region as region_rules
from service import audit, clock
from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.audit.models import AuditEvent
from service.blueprint import Blueprint
from service.fields import MAX_ID, In, Moment, Out, Text, integer
from service.search.log import FEW, misses
from service.sessions import read_session

blueprint = Blueprint("oversight", __name__, description="监督：操作记录、找不到的岗位")

_NAME = r"^[A-Za-z0-9_.:/+-]*$"


class AuditQuery(In):
    """Which acts to list; all conditions together."""

    account_id = integer(1, MAX_ID, metadata={"description": "谁做的（账号编号）"})
    worker_id = integer(1, MAX_ID, metadata={"description": "涉及哪位工友（工友编号）"})
    action = Text(longest=64, pattern=_NAME, metadata={"description": "什么操作，例如 worker.edit"})
    object_kind = Text(longest=32, pattern=_NAME, metadata={"description": "对什么，例如 job"})
    object_id = Text(longest=64, pattern=_NAME, metadata={"description": "编号，和 object_kind 一起用"})
    since = Moment(metadata={"description": "从什么时候起"})
    until = Moment(metadata={"description": "到什么时候为止（不含）"})
    before = integer(1, MAX_ID, metadata={"description": "从这个序号往前接着列，第一页不填"})
    limit = integer(1, 200, load_default=50, metadata={"description": "一页多少条"})


class AuditOut(Out):
    """One act: who, what, which object, for whom; names of fields, never what stood in them."""

    seq = fields.Integer(required=True)
    at = Moment(required=True)
    account_id = fields.Integer(required=True, allow_none=True)
    role = fields.String(required=True)
    acting_for = fields.Integer(required=True, allow_none=True)
    worker_id = fields.Integer(required=True, allow_none=True)
    action = fields.String(required=True)
    object_kind = fields.String(required=True)
    object_id = fields.String(required=True)
    region_code = fields.Function(
        lambda event: event.region_code or None, required=True, allow_none=True, metadata={"type": "string"}
    )
    details = fields.Dict(keys=fields.String(), required=True)
    request_id = fields.String(required=True)
    hash = fields.String(required=True)


class AuditPage(Out):
    """The newest first; ``next_before`` is null on the last page."""

    items = fields.List(fields.Nested(AuditOut), required=True)
    next_before = fields.Integer(required=True, allow_none=True)


class MissQuery(In):
    """Over how many days."""

    days = integer(1, 180, load_default=30, metadata={"description": "最近多少天"})
    limit = integer(1, 200, load_default=50, metadata={"description": "最多多少行"})


class MissOut(Out):
    """Words that found nothing at first, in a district."""

    words = fields.String(required=True)
    region_code = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, metadata={"description": "区县名称"})
    asked = fields.Integer(required=True, metadata={"description": "搜了多少次"})
    missed = fields.Integer(required=True, metadata={"description": "其中多少次没有直接找到"})


class MissList(Out):
    """Most frequent first. ``least``: what was asked for less often is not shown, so that nobody is recognised."""

    items = fields.List(fields.Nested(MissOut), required=True)
    least = fields.Integer(required=True, validate=validate.Range(1))


@blueprint.route("/v1/audit", methods=["GET"])
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, AuditPage)
@allow("audit.read")
def list_acts(query: dict[str, Any]) -> dict[str, Any]:
    """查操作记录：谁在什么时候对什么做了什么，只看自己负责的地区。查看本身也留记录。"""
    caller = current_account()
    filters = sorted(name for name in query if name not in {"limit", "before"})
    audit.read_personal(caller, "audit", query.get("before", 0), fields=filters, action="audit.read")
    wanted = select(AuditEvent).where(_within(caller)).order_by(AuditEvent.seq.desc()).limit(query["limit"] + 1)
    for name in ("account_id", "worker_id", "action", "object_kind", "object_id"):
        if name in query:
            wanted = wanted.where(getattr(AuditEvent, name) == query[name])
    if "since" in query:
        wanted = wanted.where(AuditEvent.at >= query["since"])
    if "until" in query:
        wanted = wanted.where(AuditEvent.at < query["until"])
    if "before" in query:
        wanted = wanted.where(AuditEvent.seq < query["before"])
    with read_session() as session:
        found = list(session.scalars(wanted))
    page = found[: query["limit"]]
    return {"items": page, "next_before": page[-1].seq if len(found) > len(page) else None}


@blueprint.route("/v1/reports/search-misses", methods=["GET"])
@blueprint.arguments(MissQuery, location="query")
@blueprint.response(200, MissList)
@allow("search_report.read")
def list_misses(query: dict[str, Any]) -> dict[str, Any]:
    """大家在找、但没有直接找到的：按区县列出，看看该引进什么岗位。次数太少的不显示，认不出是谁搜的。"""
    caller = current_account()
    since = clock.now() - timedelta(days=query["days"])
    with read_session() as session:
        rows = misses(session, caller.region_code, since, query["limit"]) if _has_territory(caller) else []
    items = [
        {"words": words, "region_code": code or None, "place": _place(code), "asked": asked, "missed": missed}
        for words, code, asked, missed in rows
    ]
    return {"items": items, "least": FEW}


def _has_territory(caller: Caller) -> bool:
    """An operator without a division looks after all; anybody else without one after nothing."""
    return bool(caller.region_code) or caller.role == "operator"


def _within(caller: Caller) -> ColumnElement[bool]:
    """Acts of the caller's division and below; an auditor also sees what the system itself did."""
    conditions: list[ColumnElement[bool]] = []
    if caller.region_code:
        conditions.append(AuditEvent.region_code.like(f"{region_rules.prefix(caller.region_code)}%"))
    if caller.role == "auditor":
        conditions.append(AuditEvent.account_id.is_(None) & (AuditEvent.region_code == ""))
    return or_(*conditions) if conditions else false()


def _place(code: str) -> str:
    try:
        return region_rules.get(code).full_name if code else "地区不详"
    except region_rules.UnknownRegion:
        return "地区不详"
