"""Search, match, similar, suggest. Anyone may look for work; nobody has to sign in for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, current_app, jsonify, request

from matching import Wished, suggest
from service import clock
from service.accounts.access import allow, maybe_account
from service.blueprint import Blueprint
from service.config import Settings
from service.dumping import dumper
from service.errors import NotFound
from service.headers import unless_known
from service.indexing.live import LiveIndex
from service.jobs.queries import shown
from service.jobs.schemas import JobCard, elder
from service.rate_classes import limited
from service.search import ask, cursor, fair, find
from service.search.log import SearchCounts
from service.search.schemas import (
    AGE_LEAST,
    UNDER_16,
    FoundJob,
    MatchArgs,
    PieceOut,
    SearchAnswer,
    SearchArgs,
    SimilarAnswer,
    SimilarArgs,
    SuggestAnswer,
    SuggestArgs,
    unsaid,
)
from service.sessions import read_session
from service.workers.profile import searches_as

blueprint = Blueprint("search", __name__, description="找工作：一张按合适程度排好的单子")

_card = dumper(JobCard())
_why = dumper(FoundJob(only=("distance_km", "distance_is_rough", "score", "parts", "reasons")))
_piece = dumper(PieceOut())


@blueprint.route("/v1/jobs", methods=["GET"])
@blueprint.arguments(SearchArgs, location="query")
@blueprint.response(200, SearchAnswer)
@allow.anyone("job.search")
@limited("search")
def list_jobs(args: dict[str, Any]) -> Response:
    """一张单子：公共招聘、零工、直播带岗，按合适程度排好，每条都说明为什么合适。"""
    args = _switched(args)
    asked = ask.from_search(args, clock.seconds(clock.now()))
    _check_tags(args, "tags", "tags_any", "tags_none")
    return answer(args, asked, heard=args["q"])


@blueprint.route("/v1/match", methods=["POST"])
@blueprint.arguments(MatchArgs)
@blueprint.response(200, SearchAnswer)
@allow.anyone("job.search")
@limited("search")
def match(args: dict[str, Any]) -> Response:
    """说出愿望，找到合适的岗位，附分数的组成和理由。"""
    args = _switched(args)
    asked = ask.from_match(args, clock.seconds(clock.now()))
    _check_tags(args["preferences"], "tags", "tags_required", "tags_any", "tags_none", within="preferences.")
    return answer(args, asked, heard=args["text"])


@blueprint.route("/v1/jobs/<int:job_id>/similar", methods=["GET"])
@blueprint.arguments(SimilarArgs, location="query")
@blueprint.response(200, SimilarAnswer)
@allow.anyone("job.similar")
@limited("search")
def similar_jobs(args: dict[str, Any], job_id: int) -> dict[str, Any]:
    """和这个岗位相像的其他岗位。"""
    now = clock.now()
    index, caller = _live().get(), maybe_account()
    with read_session() as session:
        if shown(session, job_id, now) is None:
            raise NotFound("job_not_found", "没有这个岗位，或者它已经结束了。")
        minor = caller is not None and caller.worker_id is not None and searches_as(session, caller.worker_id, now)[1] is not None
        return {"items": find.like(session, index, job_id, args["limit"], now, minor=minor)}


@blueprint.route("/v1/suggest", methods=["GET"])
@blueprint.arguments(SuggestArgs, location="query")
@blueprint.response(200, SuggestAnswer)
@allow.anyone("job.search")
@limited("search")
def suggest_words(args: dict[str, Any]) -> dict[str, Any]:
    """边打字边提示：可以打汉字、拼音或拼音首字母，打错字也能找到。打完一个词，还给出可以再加什么、各有多少岗位。"""
    index, typed = _live().get(), args["q"]
    asked = ask.from_search({**unsaid(SearchArgs), "q": typed}, clock.seconds(clock.now()))
    return {"items": suggest(index, typed, args["limit"]), "add": find.narrowings(index, asked)}


def _switched(args: dict[str, Any]) -> dict[str, Any]:
    """The arguments, not personal for a worker who switched that off (个人信息保护法 art. 24). Asking for the nearest first is
    the person's own order and stays. Somebody of 16 or 17 is asked for by the age of the profile, whatever was typed."""
    caller = maybe_account()
    if caller is None or caller.worker_id is None:
        return args
    with read_session() as session:
        personal, minor = searches_as(session, caller.worker_id, clock.now())
    if minor is not None:
        args = args | {"age": minor}
    return args if personal or args.get("sort") == "distance" else args | {"personal": False}


def _live() -> LiveIndex:
    live: LiveIndex = current_app.extensions["live_index"]
    return live


def _check_tags(said: dict[str, Any], *names: str, within: str = "") -> None:
    ask.refuse_unknown_tags({within + name: said[name] for name in names if said.get(name)}, _live().get().carries_tag)


def _fair_seed(args: dict[str, Any], asked: Wished) -> int | None:
    settings: Settings = current_app.extensions["settings"]
    if not (settings.fair_exposure and args["fair"]):
        return None
    caller = maybe_account()
    return fair.seed_for(asked.query, None if caller is None else caller.account_id)


def answer(args: dict[str, Any], asked: Wished, *, heard: str | None = None) -> Response:
    """A page of the list as it goes out. ``args``: ``cursor limit view fair``, and whatever makes the question this one.
    ``heard``: the words of a search that is counted; a profile's own words are not."""
    index = _live().get()
    asked = asked._replace(query=replace(asked.query, fair_seed=_fair_seed(args, asked)))
    question = cursor.fingerprint({name: value for name, value in args.items() if name not in {"cursor", "limit", "view"}})
    with read_session() as session:
        page = find.page(session, index, asked, question, args.get("cursor"), clock.now())
    widened = page.widened
    if heard is not None and args.get("cursor") is None:
        counts: SearchCounts = current_app.extensions["search_counts"]
        place = asked.query
        counts.note(
            heard, place.regions, place.lat, place.lng, found=page.total, widened=widened is not None, now=clock.now()
        )  # fmt: skip
    if asked.query.age is not None and asked.query.age < AGE_LEAST:  # said in words; as a parameter it is refused
        widened = (UNDER_16, 0)
    body: dict[str, Any] = {
        "items": [_card(found.job) | _why(found) for found in page.found],
        "total": page.total,
        "understood": [_piece(piece) for piece in asked.pieces],
        "widened": None if widened is None else {"message": widened[0], "steps": widened[1]},
        "facets": None if page.facets is None else find.facet_lists(page.facets),
        "next": page.next,
        "index_generation": index.generation,
    }
    if args["view"] == "elder":
        body["items"] = [elder(item) for item in body["items"]]
    response = jsonify(body)
    return unless_known(response, index.generation) if request.method == "GET" else response
