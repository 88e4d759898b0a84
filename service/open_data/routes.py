"""The open data over HTTP: a whole copy, what changed since, one job as schema.org has it, and sheets for offices."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import flask

from service import clock
from service.accounts.access import allow, current_account, maybe_account
from service.accounts.permit import require
from service.blueprint import Blueprint
from service.errors import NotFound, Unavailable
from service.headers import unless_known
from service.indexing.follower import snapshot_session
from service.jobs.licence import in_sheet
from service.jobs.permit import owned
from service.jobs.posting import job_posting
from service.jobs.queries import any_state
from service.open_data import schemas
from service.open_data.export import Sheet, asked_for, csv_pieces, note, require_few, xlsx_pieces
from service.open_data.policy import policy
from service.open_data.position import Position
from service.open_data.room import Place, Room, take
from service.open_data.selection import Selection
from service.open_data.snapshot import begin, in_blocks, lines, resume
from service.open_data.stream import Batch, changes_since
from service.rate_classes import limited
from service.sessions import database, read_session, settings
from service.sheets.write import MIME

blueprint = Blueprint("open_data", __name__, description="公开数据：全部岗位、变动、交换格式、表格")

NDJSON = "application/x-ndjson"
LD_JSON = "application/ld+json"
PART_SECONDS = 40.0
"""One answer of a snapshot; below what the server grants any answer (gunicorn.conf.py)."""
LOOK_SECONDS = 0.5
BUSY_SECONDS = 5
PACK_LEAST = 1_400
"""Bytes: a shorter answer fits one packet anyhow."""


@blueprint.route("/v1/snapshot/jobs", methods=["GET"])
@allow.anyone("open_data.read")
@limited("snapshot")
@blueprint.arguments(schemas.SnapshotQuery, location="query")
@blueprint.response(200, content_type=NDJSON, description="第一行是 header，然后一行一个岗位，最后一行是 end 或 next")
@blueprint.alt_response(410, success=False, description="position 太旧，请从头下载")
@blueprint.alt_response(503, success=False, description="同时下载的人太多，稍后再来")
def show_snapshot(query: dict[str, Any]) -> flask.Response:
    """现在能看到的全部岗位，一行一个（NDJSON，可 gzip），不含联系方式。第一行的 position 是接着读 /v1/stream/jobs 的位置。"""
    wanted, source, now = schemas.selection(query), database(), clock.now()
    with snapshot_session(source) as session:
        start = resume(session, query["after"], query["position"], now) if "after" in query else begin(session, now)
    publisher = settings().public_url or flask.request.host_url.rstrip("/")
    pieces = lines(source, start, wanted, publisher, settings().open_data, seconds=PART_SECONDS)
    return _sent(_place(_room().sending), pieces, NDJSON, pack=True)


@blueprint.route("/v1/stream/jobs", methods=["GET"])
@allow.anyone("open_data.read")
@limited("stream")
@blueprint.arguments(schemas.StreamQuery, location="query")
@blueprint.response(200, schemas.StreamAnswer)
@blueprint.alt_response(410, success=False, description="位置太旧，请重新下载快照")
def show_stream(query: dict[str, Any]) -> flask.Response:
    """从一个位置以来的变动：岗位现在的样子，或者删除标记（tombstone）。没有变动时可以等一会儿再回答。"""
    wanted, since = schemas.selection(query), Position.load(query["since"])
    batch, busy = _looked(since, wanted, query["limit"]), False
    if query["wait"] and not (batch.changes or batch.more):
        place = take(_room().waiting)
        busy = place is None
        if place is not None:
            try:
                batch = _waited(batch, wanted, query["limit"], query["wait"])
            finally:
                place.give_back()
    now = clock.now()
    response = flask.jsonify(
        {
            "changes": batch.changes,
            "position": batch.position.dump(),
            "more": batch.more,
            "at": clock.show(now),
            "licence": policy(now).told(settings().open_data),
        }
    )
    if busy:
        response.headers["Retry-After"] = str(BUSY_SECONDS)
    return _packed(response)


@blueprint.route("/v1/jobs/<int:job_id>/posting", methods=["GET"])
@allow.anyone("posting.read")
@limited("job")
@blueprint.response(200, content_type=LD_JSON, description="schema.org JobPosting")
@blueprint.alt_response(404, success=False, description="没有这个岗位，或者它已经结束")
def show_posting(job_id: int) -> flask.Response:
    """一个岗位的 schema.org JobPosting（JSON-LD），不含联系方式。"""
    with read_session() as session:
        job = any_state(session, job_id)
        if job is None:
            raise NotFound("job_not_found", "没有这个岗位，请返回列表看看别的。")
        shown = job.status == "open" and job.valid_until > clock.now()
        over = ("job_over", "这个岗位已经下架，请看看别的。")
        require(maybe_account(), "posting.read", owned(job, public=shown), missing=over)
        response = flask.jsonify(job_posting(job, settings().open_data))
    response.mimetype = LD_JSON
    return unless_known(response, job.version)


@blueprint.route("/v1/exports/jobs.csv", methods=["GET"])
@allow("job.export")
@limited("export")
@blueprint.arguments(schemas.ExportQuery, location="query")
@blueprint.response(200, content_type="text/csv", description="UTF-8，Excel 能直接打开")
def export_csv(query: dict[str, Any]) -> flask.Response:
    """本地区现在能看到的岗位，CSV。默认不带电话；带电话的要有权限。每次导出都留痕。"""
    return _sheet(query, "text/csv", "csv", csv_pieces)


@blueprint.route("/v1/exports/jobs.xlsx", methods=["GET"])
@allow("job.export")
@limited("export")
@blueprint.arguments(schemas.ExportQuery, location="query")
@blueprint.response(200, content_type=MIME, description="Excel 文件")
def export_xlsx(query: dict[str, Any]) -> flask.Response:
    """本地区现在能看到的岗位，Excel。默认不带电话；带电话的要有权限。每次导出都留痕。"""
    return _sheet(query, MIME, "xlsx", xlsx_pieces)


def _sheet(query: dict[str, Any], mime: str, ending: str, pieces: Callable[..., Iterator[bytes]]) -> flask.Response:
    caller, now = current_account(), clock.now()
    sheet: Sheet = asked_for(caller, schemas.selection(query), in_sheet(settings().open_data), phones=query["phones"])
    with read_session() as session:
        require_few(session, sheet, now)
    place = _place(_room().sheets)
    try:
        note(caller, sheet)  # only what is really sent
    except BaseException:
        place.give_back()
        raise
    response = _sent(place, pieces(database(), sheet, now), mime, pack=False)
    response.headers["Content-Disposition"] = f'attachment; filename="jobs-{clock.show(now)[:10]}.{ending}"'
    return response


def _looked(since: Position, wanted: Selection, most: int) -> Batch:
    with snapshot_session(database()) as session:
        return changes_since(session, since, wanted, clock.now(), most)


def _waited(batch: Batch, wanted: Selection, most: int, seconds: int) -> Batch:
    """Look again and again, no connection held in between, until something is there or the time is over."""
    ends = time.monotonic() + seconds
    while not (batch.changes or batch.more) and (left := ends - time.monotonic()) > 0:
        time.sleep(min(LOOK_SECONDS, left))
        batch = _looked(batch.position, wanted, most)
    return batch


def _room() -> Room:
    return cast("Room", flask.current_app.extensions["room"])


def _place(places: threading.BoundedSemaphore) -> Place:
    """Raises Unavailable when as many long answers as there is room for are on their way."""
    place = take(places)
    if place is None:
        raise Unavailable("downloads_full", "正在下载的人太多，请过半分钟再试。", headers={"Retry-After": "30"})
    return place


def _sent(place: Place, pieces: Iterator[bytes], mime: str, *, pack: bool) -> flask.Response:
    """A long answer, a block at a time."""
    pack = pack and _takes_gzip()
    response = flask.Response(place.while_sending(in_blocks(pieces, gzip=pack)), mimetype=mime)
    response.call_on_close(place.give_back)  # for HEAD, which sends nothing
    response.headers["Cache-Control"] = "no-store"
    if pack:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response


def _packed(response: flask.Response) -> flask.Response:
    body = response.get_data()
    if len(body) >= PACK_LEAST and _takes_gzip():
        response.set_data(gzip.compress(body, 4))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = "no-store"
    return response


def _takes_gzip() -> bool:
    return flask.request.accept_encodings.quality("gzip") > 0
