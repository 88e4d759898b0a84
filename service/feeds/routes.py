"""Sources as the offices see them: how they stand, their runs, and pulling one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from service import audit, clock
from service.accounts.access import allow, current_account
from service.accounts.permit import Owned, require
from service.blueprint import Blueprint
from service.errors import Conflict, Invalid
from service.feeds import schemas
from service.feeds.models import RUN_NAMES, FeedRun
from service.feeds.queries import SourceState, source_state
from service.feeds.source import FeedSource, open_source, source_keys
from service.feeds.tasks import PULL
from service.sessions import read_session, settings, write_session
from service.tasks import enqueue

blueprint = Blueprint("feeds", __name__, description="数据来源：状态、导入记录、取数据")
_REFUSED = ("not_your_feed", "这个来源不在您负责的地区，不能取它的数据。")


def source_of(key: str) -> FeedSource:
    """The source of a path, with the operator's settings. Raises NotFound."""
    return open_source(key, settings().feeds_dir)


def _described(key: str) -> tuple[FeedSource, str]:
    """A source, and what is wrong with the operator's settings of it: one mistake there must not hide the others."""
    try:
        return source_of(key), ""
    except Invalid as wrong:
        return open_source(key), wrong.message


def run_card(run: FeedRun) -> dict[str, Any]:
    """A run as it is answered."""
    names = ("run_id", "action", "status", "started_at", "finished_at", "message")
    said = run.report or {}
    return (
        {name: getattr(run, name) for name in names}
        | {name: said.get(name, nothing) for name, nothing in schemas.COUNTS.items()}
        | {"status_name": RUN_NAMES[run.status], "mode": said.get("mode"), "reasons": said.get("reasons", [])}
    )


def _card(source: FeedSource, problem: str, state: SourceState) -> dict[str, Any]:
    names = ("name", "publisher", "source_class", "licence", "legal_basis", "rhythm", "trust", "enabled")
    return {name: getattr(source, name) for name in names} | {
        "source": source.key,
        "problem": problem,
        "region_code": source.region or None,
        "shown": state.shown,
        "first_end": state.first_end,
        "outcomes": state.outcomes,
        "last_run": run_card(state.last_run) if state.last_run else None,
    }


@blueprint.route("/v1/feeds", methods=["GET"])
@blueprint.response(200, schemas.FeedList)
@allow("feed.read")
def list_feeds() -> dict[str, Any]:
    """看所有数据来源：谁提供、凭什么展示、多久一次、现在展示多少条、上一次导入怎么样。"""
    now = clock.now()
    with read_session() as session:
        return {"items": [_card(*_described(key), source_state(session, key, now)) for key in source_keys()]}


@blueprint.route("/v1/feeds/<string:source>/runs", methods=["GET"])
@blueprint.arguments(schemas.FeedRunQuery, location="query")
@blueprint.response(200, schemas.FeedRunPage)
@allow("feed.read")
def list_runs(query: dict[str, Any], source: str) -> dict[str, Any]:
    """看一个来源的导入记录，最近的在前：多少条、没有发布的各是什么原因、为什么停止。"""
    known = source_of(source)
    wanted = select(FeedRun).where(FeedRun.source_key == known.key).order_by(FeedRun.run_id.desc()).limit(query["limit"] + 1)
    if "before" in query:
        wanted = wanted.where(FeedRun.run_id < query["before"])
    with read_session() as session:
        found = list(session.scalars(wanted))
        page = [run_card(run) for run in found[: query["limit"]]]
    return {"items": page, "next_before": page[-1]["run_id"] if len(found) > len(page) else None}


@blueprint.route("/v1/feeds/<string:source>/runs", methods=["POST"])
@blueprint.arguments(schemas.FeedPull)
@blueprint.response(202, schemas.FeedPullAnswer)
@allow("feed.pull")
def pull_now(body: dict[str, Any], source: str) -> dict[str, Any]:
    """现在就从这个来源取数据。放到后台去做，结果看导入记录；同一个来源正在导入时不能再开始。"""
    caller = current_account()
    known = source_of(source)
    require(caller, "feed.pull", Owned(region_code=known.region, public=True), refused=_REFUSED)
    if not known.enabled:
        raise Conflict("feed_not_set_up", "这个来源还没有启用，请先请平台运营填好它的地址。")
    with write_session() as session:
        going_on = session.scalar(select(FeedRun.run_id).where(FeedRun.running_key == known.key))
        if going_on is not None:
            raise Conflict("feed_running", f"这个来源正在导入（第 {going_on} 次），请等它结束后再试。")
        task_id = enqueue(session, PULL, {"source": known.key, "full": body["full"]})
        audit.record(session, caller, "feed.pull", "feed", known.key, region_code=known.region, details={"full": body["full"]})
    return {"source": known.key, "task_id": task_id}
