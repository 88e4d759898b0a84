"""When an advert of a partner is refused since the employer shows it here itself, and when it is only pointed there."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from service import clock
from service.db import Database
from service.duplicates.compare import same_job
from service.duplicates.models import NotSame
from service.duplicates.sketch import sketch
from service.duplicates.tasks import mark_changed
from service.jobs.marking import MARK
from service.jobs.models import Job
from service.partners.conflicts import surely_same
from service.tasks.models import Task
from tests.service.conftest import People, Publish, draft
from tests.service.duplicates.given import Case, cases, texts_of
from tests.service.partners.conftest import Partner
from tests.service.partners.test_bulk import advert

OWN = {"employer_name": "演示电子厂", "title": "缝纫工"}


def _put(client: FlaskClient, partner: Partner, their_id: str, **changes: Any) -> Any:
    return client.put(f"/v1/partners/jobs/{their_id}", json=advert(**OWN | changes), headers=partner.headers)


def _compare(app: flask.Flask) -> None:
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        for task in session.scalars(select(Task).where(Task.kind == MARK, Task.state == "waiting")):
            mark_changed(session, task.payload, clock.now())
            task.state = "done"


def _stands_for(app: flask.Flask, job_id: int) -> int | None:
    with app.extensions["database"].read_session() as session:
        row: Job = session.scalars(select(Job).where(Job.job_id == job_id)).one()
        return row.duplicate_of_id


def _refuses(case: Case) -> bool:
    one, other = sketch(case.one), sketch(case.other)
    verdict = same_job(one, other, texts_of(case.one, case.other).__getitem__)
    return verdict is not None and surely_same(one, other, verdict)


@pytest.mark.parametrize("name", ["pairs.txt", "pairs_held_out.txt"])
def test_no_pair_of_two_jobs_is_refused(name: str) -> None:
    """A refused advert is not there at all: on the pairs written by hand never wrongly, and still most of the copies."""
    known = list(cases(name))
    assert [case.text for case in known if not case.same and _refuses(case)] == []
    copies = [case for case in known if case.same]
    assert sum(_refuses(case) for case in copies) >= 0.7 * len(copies)


@pytest.mark.parametrize(
    "changes",
    [
        {"wage": "4500-5000元/月"}, {"wage": "面议"}, {"address": "水西工业园"}, {"title": "缝纫工（夜班）"}, {"title": "裁剪工"},
        {"region": "赣州市南康区"}, {"employer_name": "演示制衣厂"},
    ],
    ids=str,
)  # fmt: skip
def test_another_job_of_the_employer_is_taken(
    client: FlaskClient, partner: Partner, publish: Publish, changes: dict[str, str]
) -> None:
    publish(draft(title="缝纫工"))
    assert _put(client, partner, "B-1", **changes).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [{}, {"title": "急招缝纫工5名"}, {"employer_name": "赣州演示电子厂"}, {"description": "做衣服，包吃包住，有五险。"}],
    ids=str,
)  # fmt: skip
def test_a_copy_is_refused_however_it_is_written(
    app: flask.Flask, client: FlaskClient, partner: Partner, publish: Publish, changes: dict[str, str]
) -> None:
    own = publish(draft(title="缝纫工"))["job_id"]
    _compare(app)  # by its keys the job is found under another form of the name, too
    answer = _put(client, partner, "B-1", **changes)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "job_conflict")
    assert answer.get_json()["errors"] == {"conflict": [f"/v1/jobs/{own}"]}


def test_a_job_that_has_just_come_is_known(client: FlaskClient, partner: Partner, publish: Publish) -> None:
    publish(draft(title="缝纫工"))
    assert _put(client, partner, "B-1").status_code == 409


def test_what_people_have_told_apart_is_taken(
    app: flask.Flask, client: FlaskClient, people: People, partner: Partner, publish: Publish
) -> None:
    theirs = _put(client, partner, "B-1").get_json()["job_id"]
    client.delete("/v1/partners/jobs/B-1", headers=partner.headers)
    own = publish(draft(title="缝纫工"))["job_id"]
    assert _put(client, partner, "B-1").status_code == 409
    with app.extensions["database"].write_session() as session:
        low, high = sorted((theirs, own))
        session.add(NotSame(low_id=low, high_id=high, account_id=people.account_ids["bureau"], at=clock.now()))
    assert _put(client, partner, "B-1").get_json()["outcome"] == "changed"


def test_who_comes_first_with_a_copy_is_pointed_to_the_employer(
    app: flask.Flask, client: FlaskClient, partner: Partner, publish: Publish
) -> None:
    """What came by the hundred is compared like anything else, in the background, and stands behind the employer's own."""
    items = [advert(their_id="C-1", **OWN), advert(their_id="C-2", **OWN | {"title": "保安"})]
    said = client.post("/v1/partners/jobs:bulk", json=items, headers=partner.headers).get_json()
    theirs, other = (row["job_id"] for row in said["items"])
    _compare(app)
    assert _stands_for(app, theirs) is None
    own = publish(draft(title="缝纫工"))["job_id"]
    _compare(app)
    assert (_stands_for(app, theirs), _stands_for(app, own), _stands_for(app, other)) == (own, None, None)
    # Shown already, it is not refused when it is sent again.
    assert _put(client, partner, "C-1").get_json()["outcome"] == "unchanged"


def test_a_hundred_adverts_are_a_few_statements(app: flask.Flask, client: FlaskClient, partner: Partner) -> None:
    items = [advert(their_id=f"D-{number}", title=f"缝纫工{number}组") for number in range(100)]
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("INSERT INTO job ("):  # SQLite gives back the numbers of rows one by one only
            said.append(statement)

    engine = app.extensions["database"].write_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        answer = client.post("/v1/partners/jobs:bulk", json=items, headers=partner.headers)
        first = len(said)
        again = client.post("/v1/partners/jobs:bulk", json=items, headers=partner.headers)
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert (answer.get_json()["counts"], again.get_json()["counts"]) == ({"created": 100}, {"unchanged": 100})
    assert first < 30, said
    assert len(said) - first < 30, said[first:]
