"""Sheets of stations and employers: send one, see what was understood, confirm, watch, get back what was not taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import flask
from sqlalchemy.orm import Session

from service import audit, clock
from service.accounts.access import allow, current_account
from service.accounts.permit import require
from service.answering import KEY, once
from service.blueprint import Blueprint
from service.employers.register import owned as owned_employer
from service.employers.routes import MISSING as NO_EMPLOYER
from service.employers.routes import found as found_employer
from service.errors import NotFound
from service.idempotency import Answer
from service.imports import schemas
from service.imports.confirm import MISSING, confirm, locked
from service.imports.limits import bounds
from service.imports.models import SheetImport
from service.imports.owner import Owner, employer_owner, owned, owner_of, station_owner
from service.imports.rehearse import as_corrected, rehearse
from service.imports.rejected import rejected_book, require_rejected, template_book
from service.imports.shown import lines_of, shown
from service.imports.stage import Understood, take_in, understand
from service.rate_classes import limited
from service.sessions import read_session
from service.sheets.write import MIME
from service.stations.keep import MISSING as NO_STATION
from service.stations.keep import owned as owned_station
from service.stations.models import Station
from service.uploads import Wanted, form_body, read_file

_CONTACT = ("contact_name", "contact_phone")
blueprint = Blueprint("imports", __name__, description="表格导入：上传岗位表格、确认、进度、退回的行")
_NOT_YOURS = ("not_your_station", "只能给自己的驿站导入岗位。")
_UPLOAD = form_body("xlsx、xls 或 csv，最多 10 MB")


@blueprint.route("/v1/stations/<int:station_id>/imports", methods=["POST"])
@blueprint.response(201, schemas.ImportOut)
@blueprint.doc(parameters=[KEY], requestBody=_UPLOAD)
@limited("sheet")
@allow("import.create")
def import_for_station(station_id: int) -> flask.Response:
    """上传驿站收来的岗位表格（Excel 或 CSV）。先看认得对不对，确认之后才写入。"""

    def owner(session: Session, _now: datetime) -> Owner:
        station = session.get(Station, station_id)
        if station is None:
            raise NotFound(*NO_STATION)
        require(current_account(), "import.create", owned_station(station), missing=NO_STATION, refused=_NOT_YOURS)
        return station_owner(station)

    return _take(owner)


@blueprint.route("/v1/employers/<int:employer_id>/imports", methods=["POST"])
@blueprint.response(201, schemas.ImportOut)
@blueprint.doc(parameters=[KEY], requestBody=_UPLOAD)
@limited("sheet")
@allow("import.create")
def import_for_employer(employer_id: int) -> flask.Response:
    """上传本单位的岗位表格（Excel 或 CSV）。先看认得对不对，确认之后才写入；单位没有核验的先存着，核验通过自动显示。"""

    def owner(session: Session, now: datetime) -> Owner:
        employer = found_employer(session, employer_id)
        require(current_account(), "import.create", owned_employer(employer), missing=NO_EMPLOYER)
        return employer_owner(session, employer, now)

    return _take(owner)


@blueprint.route("/v1/imports/template.xlsx", methods=["GET"])
@blueprint.response(200, content_type=MIME)
@limited("read")
@allow.anyone("import.template")
def show_template() -> flask.Response:
    """岗位表格的模板：照着填最稳当；您自己的表格栏名、顺序不一样也能认。"""
    return _file(template_book(), "招聘岗位模板.xlsx")


@blueprint.route("/v1/imports/<int:import_id>", methods=["GET"])
@blueprint.response(200, schemas.ImportOut)
@allow("import.read")
def show_import(import_id: int) -> flask.Response:
    """一次导入：每一栏认成了什么、头几行读成什么样、做到第几行、各种原因各有多少行。"""
    now = clock.now()
    with read_session() as session:
        row = _found(session, import_id, "import.read")
        return _private(flask.jsonify(schemas.dumped(shown(session, row, owner_of(session, row, now), now))))


@blueprint.route("/v1/imports/<int:import_id>/lines", methods=["GET"])
@blueprint.arguments(schemas.ImportLinesQuery, location="query")
@blueprint.response(200, schemas.ImportLinePage)
@allow("import.read")
def show_lines(query: dict[str, Any], import_id: int) -> dict[str, Any]:
    """每一行的结果和原因，按原来的顺序。"""
    with read_session() as session:
        row = _found(session, import_id, "import.read")
        items, following = lines_of(session, row.import_id, **query)
        return {"items": items, "next_after": following}


@blueprint.route("/v1/imports/<int:import_id>/preview", methods=["POST"])
@blueprint.arguments(schemas.ImportConfirmation)
@blueprint.response(200, schemas.ImportOut)
@limited("sheet")
@allow("import.confirm")
def preview_import(said: dict[str, Any], import_id: int) -> flask.Response:
    """预演：照这样改过的栏目，所有行会发布多少、等审核多少、退回多少，各是什么原因。什么都不写，可以改了再看。"""
    now = clock.now()
    with read_session() as session:
        row = _found(session, import_id, "import.confirm")
        session.expunge(row)  # what is tried here must not be written
        as_corrected(row, said)
        owner = owner_of(session, row, now)
        answer = shown(session, row, owner, now, rehearse(session, row, owner, now))
        return _private(flask.jsonify(schemas.dumped(answer)))


@blueprint.route("/v1/imports/<int:import_id>/confirm", methods=["POST"])
@blueprint.arguments(schemas.ImportConfirmation)
@blueprint.response(202, schemas.ImportOut)
@blueprint.doc(parameters=[KEY])
@allow("import.confirm")
def confirm_import(said: dict[str, Any], import_id: int) -> flask.Response:
    """确认认得对，或者说明某一栏其实是什么，然后在后台开始导入。"""
    caller = current_account()

    def work(session: Session, now: datetime) -> Answer:
        row = locked(session, import_id)
        require(caller, "import.confirm", owned(row), missing=MISSING)
        confirm(session, row, said, caller, now)
        return _answer(session, row, now, status=202)

    return once(caller, work)


@blueprint.route("/v1/imports/<int:import_id>/rejected.xlsx", methods=["GET"])
@blueprint.response(200, content_type=MIME)
@blueprint.alt_response(409, success=False, description="还没有做完，或者原表内容已经按期删除")
@limited("paper")
@allow("import.read")
def show_rejected(import_id: int) -> flask.Response:
    """没有采用的行，原来的栏目，最后一栏是原因：改好了再传一次就行。里面有姓名和电话，每次下载都留痕。"""
    caller = current_account()
    with read_session() as session:
        row = _found(session, import_id, "import.read")
        require_rejected(session, row)
        region_code = owner_of(session, row, clock.now()).region_code
    audit.read_personal(caller, "import", import_id, fields=_CONTACT, action="import.rejected", region_code=region_code)
    with read_session() as session:
        row = _found(session, import_id, "import.read")
        content = rejected_book(session, row)
    return _file(content, f"退回的行-{import_id}.xlsx")


def _take(owner_now: Callable[[Session, datetime], Owner]) -> flask.Response:
    """Whether he may, before anything is read; the file is read before the transaction, which is then short."""
    caller, now = current_account(), clock.now()
    with read_session() as session:
        owner_now(session, now)
    given = read_file(flask.request, _wanted(now))
    found: Understood = understand(given.content, given.name, now)

    def work(session: Session, now: datetime) -> Answer:
        return _answer(session, take_in(session, owner_now(session, now), found, caller, now), now, status=201)

    return once(caller, work, content=given.content)


def _wanted(now: datetime) -> Wanted:
    most = bounds(now).sheet.file_bytes
    return Wanted(
        most_bytes=most,
        not_a_form="请用表单上传（multipart/form-data），表格放在 file 里。",
        too_large=("sheet_file_too_big", f"表格太大，最多 {most // 2**20} MB，请拆成几个再传。"),
        cut="表格没有传完整，请再试一次。",
        missing=("sheet_missing", "没有收到表格，请选一个 Excel 或 CSV 文件再上传。"),
        missing_field="请选一个表格文件。",
    )


def _found(session: Session, import_id: int, permission: str) -> SheetImport:
    row = session.get(SheetImport, import_id)
    if row is None:
        raise NotFound(*MISSING)
    require(current_account(), permission, owned(row), missing=MISSING)
    return row


def _answer(session: Session, row: SheetImport, now: datetime, *, status: int) -> Answer:
    body = schemas.dumped(shown(session, row, owner_of(session, row, now), now))
    return Answer(status, body, {"Location": f"/v1/imports/{row.import_id}", "Cache-Control": "no-store"})


def _private(response: flask.Response) -> flask.Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _file(content: bytes, name: str) -> flask.Response:
    response = flask.Response(content, mimetype=MIME)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return _private(response)
