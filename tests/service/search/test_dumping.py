"""The quick way from rows to JSON gives what marshmallow gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from marshmallow import Schema, fields, missing

from service import clock
from service.db import Database
from service.dumping import dumper
from service.fields import Moment, Money, Part, Whole
from service.jobs.queries import any_state, cards
from service.jobs.schemas import JobCard
from service.search import ask, find
from service.search.schemas import FoundJob, SearchAnswer, SearchArgs, unsaid
from tests.service.conftest import People, Publish, draft, gig_draft


def test_a_card_is_the_job_as_marshmallow_shows_it(app: flask.Flask, people: People, publish: Publish, live_session: str) -> None:
    made = [
        publish(),
        publish(draft(wage="面议", age="不限", lat=25.83, lng=114.93)),
        publish(gig_draft(clock.now()), people.staff),
        publish(draft(kind="live", live={"session": live_session, "listing_no": 3})),
    ]
    ids = [job["job_id"] for job in made]
    database: Database = app.extensions["database"]
    quick = dumper(JobCard())
    with database.read_session() as session:
        found = cards(session, ids, clock.now())
        assert sorted(found) == sorted(ids)
        for job_id in ids:
            told = JobCard().dump(any_state(session, job_id))
            assert JobCard().dump(found[job_id]) == told
            assert quick(found[job_id]) == told
            assert list(quick(found[job_id])) == list(told)


def test_a_page_is_what_marshmallow_makes_of_it(
    app: flask.Flask, client: FlaskClient, people: People, publish: Publish, index: Callable[[], None]
) -> None:
    publish(draft(lat=25.83, lng=114.93))
    publish(gig_draft(clock.now()), people.staff)
    index()
    said = {"q": "章贡区普工 包吃住", "lat": 25.8, "lng": 114.9, "fair": "false"}
    answer = client.get("/v1/jobs", query_string=said).get_json()
    asked = ask.from_search({**unsaid(SearchArgs), "q": said["q"], "lat": 25.8, "lng": 114.9}, clock.seconds(clock.now()))
    with app.extensions["database"].read_session() as session:
        page = find.page(
            session,
            app.extensions["live_index"].get(),
            asked._replace(query=replace(asked.query, fair_seed=None)),
            "",
            None,
            clock.now(),
        )
    slow: Any = SearchAnswer().dump(
        {
            "items": page.found,
            "total": page.total,
            "understood": asked.pieces,
            "widened": None,
            "facets": None if page.facets is None else find.facet_lists(page.facets),
            "next": page.next,
            "index_generation": answer["index_generation"],
        }
    )
    assert len(answer["items"]) == len(slow["items"]) > 0
    for quick, told in zip(answer["items"], slow["items"], strict=True):
        assert list(quick) == list(FoundJob().dump_fields) or "gig" in quick or set(FoundJob().dump_fields) > set(quick)
        assert quick == flask.json.loads(flask.json.dumps(told))
    assert answer["facets"] == slow["facets"]
    assert answer["understood"] == slow["understood"]
    assert list(answer) == list(SearchAnswer().dump_fields)


class Inner(Schema):
    """A part."""

    name = fields.String()
    seats = Whole(attribute="seats.free")


class Odd(Schema):
    """One field of each kind, and one that only marshmallow knows."""

    text = fields.String()
    number = fields.Integer()
    renamed = fields.Float(attribute="ratio", data_key="share")
    flag = fields.Boolean()
    raw = fields.Raw()
    pay = Money()
    at = Moment()
    day = fields.Date()
    words = fields.List(fields.String())
    inner = fields.Nested(Inner)
    inners = fields.Nested(Inner, many=True, attribute="more")
    listed = fields.List(fields.Nested(Inner))
    part = Part(Inner)
    hidden = Part(Inner, when=lambda _thing: False)
    counted = fields.Function(lambda _thing: 7)
    filled = fields.String(dump_default="x")
    made = fields.List(fields.String(), dump_default=list)


def _full() -> dict[str, Any]:
    inner = SimpleNamespace(name="甲", seats=SimpleNamespace(free=2.0))
    return {
        "text": 5, "number": 3.0, "ratio": 1, "flag": 1, "raw": {"a": [1]}, "pay": 22.0, "at": datetime(2026, 11, 27, tzinfo=UTC),
        "day": datetime(2026, 11, 27, tzinfo=UTC).date(), "words": ("a", None), "inner": inner,
        "more": [inner, inner], "listed": [inner], "name": "乙",
        "seats": SimpleNamespace(free=1),
    }  # fmt: skip


@pytest.mark.parametrize("gone", ["", *_full()])
@pytest.mark.parametrize("empty", [None, missing])
def test_every_kind_of_field(gone: str, empty: Any) -> None:
    values = _full()
    values.pop("seats")
    if gone in values:
        if empty is None:
            values[gone] = None
        else:
            del values[gone]
    thing = SimpleNamespace(**values, seats=SimpleNamespace(free=1))
    assert dumper(Odd())(thing) == Odd().dump(thing)
    assert list(dumper(Odd())(thing)) == list(Odd().dump(thing))


def test_a_dict_is_read_by_key() -> None:
    flat = Odd(only=("text", "pay", "words", "raw", "filled"))
    for values in ({"text": "a", "pay": 6000.5, "words": ["b"], "raw": None}, {"text": None}, {}):
        assert dumper(flat)(values) == flat.dump(values)
