"""Streams: the list, a running order, a new one, its listings by API or by sheet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import flask
from sqlalchemy.orm import Session

from service import clock
from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.accounts.permit import require
from service.answering import KEY, once
from service.blueprint import Blueprint
from service.errors import Invalid
from service.idempotency import Answer
from service.jobs.models import LiveSession
from service.live import listings, schemas, streams
from service.live.running_order import RunningOrder, read_order
from service.live.tables import bounds, limits
from service.rate_classes import limited
from service.sessions import read_session, write_session
from service.sheets.read import read_book
from service.uploads import Wanted, form_body, read_file

blueprint = Blueprint("live", __name__, description="直播带岗：场次、岗位顺序")
_REFUSED = ("not_your_stream", "这场直播不是您开的，不能安排它的岗位。")
_SHEET = Wanted(
    most_bytes=bounds()["file_bytes"],
    not_a_form="请用表单上传（multipart/form-data），表格放在 file 里。",
    too_large=("running_order_too_big", f"表格太大，最多 {bounds()['file_bytes'] // 2**20} MB，请拆成几个。"),
    cut="表格没有传完整，请再试一次。",
    missing=("sheet_missing", "没有收到表格，请选一个文件再上传。"),
    missing_field="请选一个表格文件。",
)
SHEET_BODY = form_body(f"xlsx、xls 或 csv，最多 {bounds()['file_bytes'] // 2**20} MB")


@blueprint.route("/v1/live-sessions", methods=["GET"])
@allow.anyone("live.read")
@blueprint.arguments(schemas.StreamsQuery, location="query")
@blueprint.response(200, schemas.StreamsAnswer)
def list_streams(query: dict[str, Any]) -> flask.Response:
    """正在播和将要播的直播场次，最近的在前；`over=true` 看已经结束的。"""
    with read_session() as session:
        rows, following = streams.coming(
            session,
            clock.now(),
            within=query.get("region", ""),
            over=query["over"],
            cursor=query["cursor"],
            limit=query["limit"],
        )
        items = [schemas.StreamOut().dump(row.stream) | {"listings": row.listings} for row in rows]
    return flask.jsonify({"items": items, "next": following})


@blueprint.route("/v1/live-sessions/<code>", methods=["GET"])
@allow.anyone("live.read")
@blueprint.response(200, schemas.StreamDetail)
@blueprint.alt_response(404, success=False, description="没有这场直播")
def show_stream(code: str) -> flask.Response:
    """一场直播和它的岗位顺序：几号链接是哪个岗位，在哪个时段。"""
    with read_session() as session:
        row = streams.found(session, code)
        items = [schemas.listing_row(one) for one in streams.order_of(session, row, clock.now())]
        body = schemas.StreamOut().dump(row) | {"items": schemas.ListingOut(many=True).dump(items)}
    return flask.jsonify(body)


@blueprint.route("/v1/live-sessions", methods=["POST"])
@allow("live.create")
@blueprint.arguments(schemas.StreamDraft)
@blueprint.response(201, schemas.StreamMade)
@blueprint.doc(parameters=[KEY])
def create_stream(body: dict[str, Any]) -> flask.Response:
    """新建一场直播，可以带上岗位顺序。站长、部门和已核验的单位可以开；没填许可证会提醒。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        row, findings = streams.create(session, body, caller, now)
        done = listings.write_all(session, row, _listings(body["listings"]), caller, now)
        said = {"findings": findings, "items": [schemas.written_row(one) for one in done]}
        answer: dict[str, Any] = schemas.StreamOut().dump(row) | schemas.StreamMade(only=("findings", "items")).dump(said)
        return Answer(201, answer, {"Location": f"/v1/live-sessions/{row.code}"})

    return once(caller, work)


@blueprint.route("/v1/live-sessions/<code>/listings", methods=["POST"])
@allow("live.edit")
@limited("bulk")
@blueprint.arguments(schemas.ListingsBody)
@blueprint.response(200, schemas.WrittenAnswer)
@blueprint.alt_response(404, success=False, description="没有这场直播")
def write_listings(body: dict[str, Any], code: str) -> flask.Response:
    """写入几号链接的岗位，每条各有结果；同一个号再写一次就是修改，没有变化什么都不做。"""
    caller, now = current_account(), clock.now()
    with write_session() as session:
        row = _held(session, code, caller)
        done = listings.write_all(session, row, _listings(body["listings"]), caller, now, whole=body["whole"])
        return _written(done)


@blueprint.route("/v1/live-sessions/<code>/listings:import", methods=["POST"])
@allow("live.edit")
@limited("upload")
@blueprint.arguments(schemas.ImportQuery, location="query")
@blueprint.response(200, schemas.WrittenAnswer)
@blueprint.doc(requestBody=SHEET_BODY)
@blueprint.alt_response(404, success=False, description="没有这场直播")
def import_listings(query: dict[str, bool], code: str) -> flask.Response:
    """用表格（xlsx、xls、csv）写入岗位顺序：栏名按意思认，一行里只有一句话的是时段。`preview=true` 只看会怎样。"""
    caller, now = current_account(), clock.now()
    with read_session() as session:
        require(caller, "live.edit", streams.owned(streams.found(session, code)), missing=streams.MISSING, refused=_REFUSED)
    upload = read_file(flask.request, _SHEET)
    name = upload.name[:64] or "表格"
    order = read_order([sheet.grid for sheet in read_book(upload.content, name, limits()).sheets if not sheet.hidden], name)
    if len(order.lines) > schemas.MOST:
        raise Invalid("running_order_too_long", f"一场直播最多 {schemas.MOST} 个岗位，请分成几场。")
    with write_session() as session:
        row = _held(session, code, caller)
        given = [listings.listing_of(line, row) for line in order.lines]
        if not query["preview"]:
            return _written(listings.write_all(session, row, given, caller, now, whole=query["whole"]), order=order)
        step = session.begin_nested()
        answer = _written(listings.write_all(session, row, given, caller, now, whole=query["whole"]), preview=True, order=order)
        step.rollback()
        return answer


@blueprint.route("/v1/live-sessions/<code>/listings/<int:listing_no>", methods=["DELETE"])
@allow("live.edit")
@blueprint.response(200, schemas.WithdrawnAnswer)
@blueprint.alt_response(404, success=False, description="没有这场直播，或者这个号没有岗位")
def withdraw_listing(code: str, listing_no: int) -> dict[str, int]:
    """撤下一个号的岗位：岗位关闭，号空出来。"""
    caller = current_account()
    with write_session() as session:
        row = _held(session, code, caller)
        return {"job_id": listings.withdraw(session, row, listing_no, caller, clock.now())}


def _held(session: Session, code: str, caller: Caller) -> LiveSession:
    row = streams.found(session, code, lock=True)
    require(caller, "live.edit", streams.owned(row), missing=streams.MISSING, refused=_REFUSED)
    return row


def _listings(items: list[dict[str, Any]]) -> list[listings.Listing]:
    found = []
    for item in items:
        said = dict(item)
        number, slot, begins = said.pop("listing_no"), said.pop("slot"), said.pop("slot_starts_at")
        found.append(listings.Listing(number, said, slot, begins, loaded=True))
    return found


def _written(done: list[listings.Written], *, preview: bool = False, order: RunningOrder | None = None) -> flask.Response:
    rows = [schemas.written_row(one, preview=preview) for one in done]
    columns = [schemas.heading_row(one) for one in order.headings] if order is not None else []
    return flask.jsonify(schemas.WrittenAnswer().dump({"preview": preview, "columns": columns, "items": rows}))
