"""For those who look after the sources: what is out of habit, a run and its records, taking it back, running steps again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import audit, clock
from service.accounts.access import allow, current_account
from service.accounts.caller import Caller
from service.accounts.permit import Owned, require
from service.answering import KEY, once, respond
from service.blueprint import Blueprint
from service.errors import NotFound
from service.feeds import digest, staff_schemas
from service.feeds.masked import masked, sentence
from service.feeds.models import FeedRecord, FeedRun
from service.feeds.oversight import SourceView, board, odd_things, opened
from service.feeds.rollback import Undone, built_on, plan, require_possible, undone_of
from service.feeds.routes import run_card, source_of
from service.feeds.source import FeedSource
from service.feeds.staff_tasks import REPLAY, ROLL_BACK
from service.feeds.trail import place_of
from service.idempotency import Answer
from service.jobs.reviews.queue import late
from service.log_masks import mask_text
from service.sessions import read_session, settings
from service.tasks import enqueue

blueprint = Blueprint("feed_oversight", __name__, description="数据来源：和平常不一样的、一次导入的记录、撤回、重新处理")

_REFUSED = ("not_your_feed", "这个来源不在您负责的地区，请联系它所在地区的人社部门或平台运营。")


@blueprint.route("/v1/feeds/status", methods=["GET"])
@blueprint.response(200, staff_schemas.FeedStandingList)
@allow("feed.read")
def show_standing() -> dict[str, Any]:
    """看所有来源和平常比怎么样，不一样的排在前面。和 `flask feeds status` 看到的一样。"""
    sources = opened(settings().feeds_dir)
    with read_session() as session:
        return {"items": [_standing(view) for view in board(session, sources, clock.now())]}


@blueprint.route("/v1/feeds/digest", methods=["GET"])
@blueprint.arguments(staff_schemas.FeedDigestQuery, location="query")
@blueprint.response(200, staff_schemas.FeedDigestOut)
@blueprint.alt_response(404, success=False, description="还没有这一天的摘要")
@allow("feed.read")
def show_digest(query: dict[str, Any]) -> dict[str, Any]:
    """看夜间摘要：每天早上一份，先列和平常不一样的来源；还有几个岗位到时间没人看。"""
    with read_session() as session:
        found = digest.read(session, query.get("day"))
        overdue = late(session, current_account().region_code, clock.now())
    if found is None:
        raise NotFound("digest_not_made", "还没有这一天的摘要，每天早上自动生成；现在的情况请看来源状况。")
    lines = {"out_of_habit": found.out_of_habit, "in_habit": found.in_habit}
    return {"day": found.day, "made_at": found.made_at, "reviews_overdue": overdue} | lines


@blueprint.route("/v1/feeds/<string:source>/runs/<int:run_id>", methods=["GET"])
@blueprint.response(200, staff_schemas.FeedRunDetail)
@allow("feed.read")
def show_run(source: str, run_id: int) -> dict[str, Any]:
    """看一次导入：各种结果和原因的条数，和平常不一样的地方，撤回了没有。"""
    known = source_of(source)
    with read_session() as session:
        run = _run(session, known, run_id)
        taken = run.rolled_back_at is not None or run.action == "rollback"
        return run_card(run) | {
            "source": known.key,
            "remarks": (run.report or {}).get("remarks", {}),
            "oddities": [{**odd.as_json(), "sentence": sentence(odd.sentence)} for odd in odd_things(session, run)],
            "rolled_back_at": run.rolled_back_at,
            "rolls_back_id": run.rolls_back_id,
            "undone": undone_of(run),
            "blocked_by": [] if taken else built_on(session, run),
        }


@blueprint.route("/v1/feeds/<string:source>/runs/<int:run_id>/records", methods=["GET"])
@blueprint.arguments(staff_schemas.FeedRecordQuery, location="query")
@blueprint.response(200, staff_schemas.FeedRecordPage)
@allow("feed.record")
def list_records(query: dict[str, Any], source: str, run_id: int) -> dict[str, Any]:
    """看一次导入的记录：结果、原因、来源的原话。电话、证件号和姓名已经遮住。"""
    known = _own(source, current_account(), "feed.record")
    wanted = (
        select(FeedRecord)
        .where(FeedRecord.run_id == run_id, FeedRecord.record_id > query["after"])
        .order_by(FeedRecord.record_id)
        .limit(query["limit"] + 1)
    )
    if "outcome" in query:
        wanted = wanted.where(FeedRecord.outcome == query["outcome"])
    if query.get("reason"):
        wanted = wanted.where(FeedRecord.reason_code == query["reason"])
    with read_session() as session:
        run = _run(session, known, run_id)
        found = list(session.scalars(wanted))
        here = session.scalar(select(func.count()).where(FeedRecord.run_id == run_id)) or 0
    page = found[: query["limit"]]
    read = int((run.report or {}).get("read", 0)) if run.action == "pull" else here
    return {
        "items": [_record(row) for row in page],
        "next_after": page[-1].record_id if len(found) > len(page) else None,
        "seen_later": max(0, read - here),
    }


@blueprint.route("/v1/feeds/<string:source>/runs/<int:run_id>/rollback", methods=["POST"])
@blueprint.arguments(staff_schemas.FeedRollback)
@blueprint.response(202, staff_schemas.FeedRollbackAnswer)
@blueprint.doc(parameters=[{**KEY, "required": False, "description": "真的撤回时要带（dry_run 为 false）；只看会怎么样时不用"}])
@blueprint.alt_response(409, success=False, description="已经撤回、正在进行，或后来的导入又改了同一批岗位")
@allow("feed.rollback")
def take_back_run(body: dict[str, bool], source: str, run_id: int) -> Any:
    """撤回一次导入：新增的岗位关闭，改过的改回，下架的在有效期内就恢复。

    先用 `dry_run` 看会怎么样；真的撤回放到后台去做，中断了会接着做完。
    """
    caller = current_account()
    known = _own(source, caller, "feed.rollback")
    with read_session() as session:
        _run(session, known, run_id)
        told = plan(session, run_id, clock.now())
    told.written = not body["dry_run"]
    answer = Answer(202, staff_schemas.FeedRollbackAnswer().dump(_told(told)), {})
    if body["dry_run"]:
        return respond(answer)

    def work(session: Session, _now: datetime) -> Answer:
        require_possible(session, run_id)
        enqueue(session, ROLL_BACK, {"run_id": run_id, "account_id": caller.account_id})
        details = {"source": known.key, "jobs": told.jobs}
        audit.record(session, caller, "feed.rollback", "feed_run", run_id, region_code=known.region, details=details)
        return answer

    return once(caller, work)


@blueprint.route("/v1/feeds/<string:source>/replays", methods=["POST"])
@blueprint.arguments(staff_schemas.FeedReplay)
@blueprint.response(202, staff_schemas.FeedReplayAnswer)
@blueprint.doc(parameters=[KEY])
@allow("feed.pull")
def replay_source(body: dict[str, str], source: str) -> Any:
    """不重新取数据，从某一步起重新处理一个来源已取到的记录。放到后台去做，结果看导入记录。"""
    caller = current_account()
    known = _own(source, caller, "feed.pull")

    def work(session: Session, _now: datetime) -> Answer:
        task_id = enqueue(session, REPLAY, {"source": known.key, "step": body["step"]})
        details = {"step": body["step"]}
        audit.record(session, caller, "feed.replay", "feed", known.key, region_code=known.region, details=details)
        return Answer(202, {"source": known.key, "task_id": task_id}, {})

    return once(caller, work)


def _own(source: str, caller: Caller, permission: str) -> FeedSource:
    """The source, when it is the caller's to look after. That it exists is no secret."""
    known = source_of(source)
    require(caller, permission, Owned(region_code=known.region, public=True), refused=_REFUSED)
    return known


def _run(session: Session, source: FeedSource, run_id: int) -> FeedRun:
    run = session.get(FeedRun, run_id)
    if run is None or run.source_key != source.key:
        raise NotFound("feed_run_unknown", "这个来源没有这一次导入，请在导入记录里核对编号。")
    return run


def _standing(view: SourceView) -> dict[str, Any]:
    run = view.state.last_run
    return {
        "source": view.key,
        "name": view.name,
        "enabled": view.source is not None and view.source.enabled,
        "shown": view.state.shown,
        "last_run_id": run.run_id if run else None,
        "last_run_status": run.status if run else None,
        "last_run_at": run.started_at if run else None,
        "counts": view.counts,
        "usual": view.usual,
        "oddities": [{**odd.as_json(), "sentence": sentence(odd.sentence)} for odd in view.oddities],
    }


def _record(row: FeedRecord) -> dict[str, Any]:
    return {
        "record_id": row.record_id,
        "row_no": row.row_no,
        "place": sentence(place_of(row.steps)),
        "original_id": mask_text(row.original_id),
        "outcome": row.outcome,
        "reason_code": row.reason_code,
        "reason": sentence(row.reason),
        "stopped_at": row.stopped_at,
        "job_id": row.job_id,
        "raw": masked(row.raw),
    }


def _told(told: Undone) -> dict[str, Any]:
    return {
        "run_id": told.run_id,
        "source": told.source_key,
        "started": told.written,
        "jobs": told.jobs,
        "endings": {name: count for name, count in told.endings.items() if count},
        "contacts": told.contacts,
        "edited": told.edited,
    }
