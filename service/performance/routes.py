"""`/performance`: a page that reads well on a phone, and the same as JSON. No script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import flask
from marshmallow import fields
from sqlalchemy import select

from service import clock
from service.accounts.access import allow
from service.blueprint import Blueprint
from service.fields import Out
from service.performance.counted import at_most, share_below
from service.performance.models import DailyFigures
from service.rate_classes import limited
from service.sessions import read_session

PAGE = Path(__file__).resolve().parent / "page.html"
SHOWN = timedelta(days=90)
PROMISE_SECONDS = 0.1

blueprint = Blueprint("performance", __name__, description="公开的运行数字")


class DayOut(Out):
    """The figures of a day; null where there was nothing to measure. Shares are between 0 and 1."""

    day = fields.Date(required=True)
    searches = fields.Integer(required=True)
    search_within_100_ms = fields.Float(required=True, allow_none=True)
    search_p50_ms = fields.Integer(required=True, allow_none=True, metadata={"description": "一半的查找不超过这么多毫秒"})
    search_p95_ms = fields.Integer(required=True, allow_none=True)
    search_p99_ms = fields.Integer(required=True, allow_none=True)
    requests = fields.Integer(required=True)
    errors = fields.Integer(required=True, metadata={"description": "我们出错（5xx）的次数"})
    uptime = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "每分钟问一次，答了的比例；从第一次能回答算起，重启也算停"},
    )
    visible_p50_ms = fields.Integer(required=True, allow_none=True, metadata={"description": "从发布到能查到，一半不超过它"})
    visible_p95_ms = fields.Integer(required=True, allow_none=True)
    messages = fields.Integer(required=True, metadata={"description": "要交给微信的消息"})
    messages_within_10_s = fields.Float(required=True, allow_none=True)
    reviews = fields.Integer(required=True, metadata={"description": "当天到期或审完的单位材料"})
    reviews_in_time = fields.Float(required=True, allow_none=True)
    updated_at = fields.String(required=True)


class PerformanceAnswer(Out):
    """The last 90 days, the newest first."""

    days = fields.List(fields.Nested(DayOut), required=True)


@blueprint.route("/performance", methods=["GET"])
@blueprint.response(200, content_type="text/html", description="网页；要 JSON 就和 /performance.json 一样")
@allow.anyone("system.read")
@limited("watch")
def show_page() -> flask.Response:
    """公开的运行数字：每天多少次查找、多快、出了多少错、停了多久。"""
    told = _figures()
    if flask.request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return _cached(flask.jsonify(PerformanceAnswer().dump(told)))
    page = flask.Response(flask.render_template_string(_template(), **told), mimetype="text/html")
    page.headers["Content-Security-Policy"] = _policy()
    return _cached(page)


@blueprint.route("/performance.json", methods=["GET"])
@blueprint.response(200, PerformanceAnswer)
@allow.anyone("system.read")
@limited("watch")
def show_json() -> flask.Response:
    """公开的运行数字（JSON）。"""
    return _cached(flask.jsonify(PerformanceAnswer().dump(_figures())))


def _cached(response: flask.Response) -> flask.Response:
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _figures() -> dict[str, Any]:
    first = clock.now().astimezone(clock.BEIJING).date() - SHOWN
    with read_session() as session:
        rows = list(session.scalars(select(DailyFigures).where(DailyFigures.day >= first).order_by(DailyFigures.day.desc())))
    return {"days": [_day(row) for row in rows], "today": clock.now().astimezone(clock.BEIJING).date()}


def _day(row: DailyFigures) -> dict[str, Any]:
    return {
        "day": row.day,
        "searches": sum(row.search_times.values()),
        "search_within_100_ms": _share(share_below(row.search_times, PROMISE_SECONDS)),
        **{f"search_p{step}_ms": _ms(at_most(row.search_times, step)) for step in (50, 95, 99)},
        "requests": row.requests,
        "errors": row.errors,
        "uptime": _share(row.probes_ok / row.probes if row.probes else None),
        **{f"visible_p{step}_ms": _ms(at_most(row.visible_times, step)) for step in (50, 95)},
        "messages": row.messages,
        "messages_within_10_s": _share(row.messages_in_time / row.messages if row.messages else None),
        "reviews": row.reviews,
        "reviews_in_time": _share(row.reviews_in_time / row.reviews if row.reviews else None),
        "updated_at": clock.show(row.updated_at),
    }


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _share(share: float | None) -> float | None:
    """Rounded down: 99.999 % is not 100 %."""
    return None if share is None else int(share * 100_000) / 100_000


@cache
def _template() -> str:
    return PAGE.read_text(encoding="utf-8")


@cache
def _policy() -> str:
    """The page may use its own style sheet and nothing else."""
    style = re.search(r"<style>(.*?)</style>", _template(), flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256((style[1] if style else "").encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
