"""Partners: their clients, the door by which they sign in, and their adverts, one by one or by the hundred."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import flask
from marshmallow import Schema

from service import clock
from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.blueprint import Blueprint
from service.errors import Invalid
from service.partners import schemas
from service.partners.bulk import counts, lines_of, place_all, require_some
from service.partners.clients import Granted, conflicts_of, end, grant, issue, listed
from service.partners.place import Asked, Placed, asked, place
from service.partners.terms import terms
from service.rate_classes import limited
from service.sessions import read_session, write_session
from service.signin import events
from service.signin.routes import counted

blueprint = Blueprint("partners", __name__, description="合作平台：客户端凭证、批量写入")
_NDJSON = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
_ID = re.compile(schemas.THEIR_ID)


@blueprint.route("/v1/auth/client", methods=["POST"])
@allow.anyone("sign_in.try")
@limited("signin")
@blueprint.arguments(schemas.ClientBody)
@blueprint.response(200, schemas.ClientToken)
@blueprint.alt_response(401, success=False, description="编号或密钥不对，或已停用")
def sign_in_client(body: dict[str, str]) -> Granted:
    """合作平台用客户端编号和密钥换一个短期令牌；过期了再换一个。"""
    with counted("client"), write_session() as session:
        granted = grant(session, body["client_id"], body["client_secret"], clock.now())
    events.count("client", "ok")
    return granted


@blueprint.route("/v1/partners", methods=["POST"])
@allow("partner.issue")
@blueprint.arguments(schemas.IssueBody)
@blueprint.response(201, schemas.ClientIssued)
@blueprint.alt_response(409, success=False, description="这个来源代码登记的是别的名称或地区")
def issue_client(body: dict[str, str]) -> dict[str, Any]:
    """给合作平台开一个客户端。密钥只显示这一次；同一个来源可以有两个，换密钥时先开新的再停旧的。"""
    with write_session() as session:
        made = issue(
            session, current_account(), source_key=body["source_key"], name=body["name"], region_code="", now=clock.now()
        )
        row: dict[str, Any] = schemas.ClientOut().dump(made.client)
    return {name: getattr(made.client, name) for name in row} | {"client_secret": made.secret}


@blueprint.route("/v1/partners", methods=["GET"])
@allow("partner.read")
@blueprint.response(200, schemas.ClientsAnswer)
def list_clients() -> dict[str, Any]:
    """合作平台的客户端，新的在前：正在展示多少岗位、冲突多少次、最近什么时候用过。"""
    with read_session() as session:
        names = tuple(schemas.ClientOut().fields)
        rows = listed(session, current_account(), clock.now())
        return {"items": [{name: getattr(row.client, name) for name in names} | {"jobs": row.jobs} for row in rows]}


@blueprint.route("/v1/partners/<int:partner_id>", methods=["GET"])
@allow("partner.read")
@blueprint.response(200, schemas.ClientDetail)
def show_client(partner_id: int) -> dict[str, Any]:
    """一个客户端，和最近一百条冲突：哪条岗位用人单位或驿站已经自己发布过。"""
    with read_session() as session:
        client, conflicts = conflicts_of(session, current_account(), partner_id)
        return {name: getattr(client, name) for name in schemas.ClientOut().fields} | {"latest_conflicts": list(conflicts)}


@blueprint.route("/v1/partners/<int:partner_id>", methods=["DELETE"])
@allow("partner.end")
@blueprint.response(200, schemas.ClientOut)
def end_client(partner_id: int) -> Any:
    """停用一个客户端，它的令牌立刻失效。已经写入的岗位照旧，到期为止。"""
    with write_session() as session:
        client = end(session, current_account(), partner_id, clock.now())
        return {name: getattr(client, name) for name in schemas.ClientOut().fields}


@blueprint.route("/v1/partners/jobs/<their_id>", methods=["PUT"])
@allow("job.put")
@blueprint.arguments(schemas.PartnerJob)
@blueprint.response(200, schemas.PlacedOut)
@blueprint.alt_response(201, schema=schemas.PlacedOut, description="新写入的")
@blueprint.alt_response(409, success=False, description="用人单位或驿站已经自己发布了同一个岗位（Link 里是它的地址）")
def put_job(draft: dict[str, Any], their_id: str) -> flask.Response:
    """按自己的编号写入一个岗位：没有就新建，有变化就更新，没变化什么都不做。"""
    caller = current_account()
    _require_id(their_id)
    now = clock.now()
    with read_session() as session:
        wanted = asked(session, caller, their_id, draft, now)
    return _placed(caller, wanted, now)


@blueprint.route("/v1/partners/jobs/<their_id>", methods=["DELETE"])
@allow("job.withdraw")
@blueprint.response(200, schemas.PlacedOut)
@blueprint.alt_response(404, success=False, description="自己的来源里没有这个编号")
def withdraw_job(their_id: str) -> flask.Response:
    """按自己的编号撤下一个岗位；以后再写入同一个编号会重新展示。"""
    _require_id(their_id)
    return _placed(current_account(), Asked(their_id), clock.now())


@blueprint.route("/v1/partners/jobs:bulk", methods=["POST"])
@allow("job.put")
@limited("bulk")
@blueprint.response(200, schemas.BulkAnswer)
@blueprint.doc(requestBody=schemas.BULK_BODY)
@blueprint.alt_response(413, success=False, description="超过一次能提交的大小")
def put_jobs() -> flask.Response:
    """一次写入最多五百个岗位，JSON 列表或一行一个 JSON（NDJSON）。每条各有结果，一条不对不影响别的。"""
    caller, now = current_account(), clock.now()
    agreed = terms(now)
    flask.request.max_content_length = agreed.bulk_bytes
    if flask.request.mimetype in _NDJSON:
        items = lines_of(flask.request.get_data(), agreed.bulk_most)
    else:
        items = require_some(Blueprint.ARGUMENTS_PARSER.load_json(flask.request, Schema()), agreed.bulk_most)
    done = place_all(read_session, write_session, caller, items, now)
    rows = [schemas.placed_row(placed) | {"line": line} for line, placed in enumerate(done, start=1)]
    return flask.jsonify(schemas.BulkAnswer().dump({"counts": counts(done), "items": rows}))


def _placed(caller: Caller, wanted: Asked, now: datetime) -> flask.Response:
    with write_session() as session:
        (placed,) = place(session, caller, [wanted], now)
    if placed.refusal is not None:
        raise placed.refusal  # after the transaction that has counted it
    return _answer(placed)


def _require_id(their_id: str) -> None:
    if not _ID.fullmatch(their_id):
        told = "编号要 1 到 64 个字母、数字或 . _ : -，以字母或数字开头。"
        raise Invalid("their_id_invalid", told, errors={"their_id": [told]})


def _answer(placed: Placed) -> flask.Response:
    response = flask.jsonify(schemas.PlacedOut().dump(schemas.placed_row(placed)))
    if placed.outcome == "created":
        response.status_code = 201
        response.headers["Location"] = f"/v1/jobs/{placed.job_id}"
    return response
