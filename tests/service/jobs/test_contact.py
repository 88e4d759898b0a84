"""The contact of a job: sealed in the table, open to who may see it, and what older versions wrote still counts."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select, text

from service import clock
from service.crypto.seal import key_of
from service.db import Database
from service.indexing.rows import open_jobs
from service.jobs.advert import Advert, Source, read_advert
from service.jobs.models import Job
from service.jobs.put import put
from service.jobs.put_new import put_new
from tests.service.conftest import People, Publish


def columns(database: Database) -> Any:
    """What the table itself holds."""
    names = "contact_name, contact_phone, contact_name_sealed, contact_phone_sealed, row_key"
    with database.read_session() as session:
        return session.execute(text(f"SELECT {names} FROM job ORDER BY job_id")).all()  # noqa: S608  our own names


def contact(client: FlaskClient, people: People, job_id: int) -> dict[str, str]:
    """Name and phone, as the poster sees them."""
    answer = client.get(f"/v1/jobs/{job_id}/contact", headers=people.employer).get_json()
    return {"name": answer["name"], "phone": answer["phone"]}


def test_sealed_in_the_table_and_open_on_its_page(
    app: flask.Flask, client: FlaskClient, publish: Publish, people: People
) -> None:
    job = publish()
    assert contact(client, people, job["job_id"]) == {"name": "演示联系人", "phone": "13800000001"}
    (row,) = columns(app.extensions["database"])
    assert (row.contact_name, row.contact_phone, len(row.row_key)) == ("", "", 32)
    assert key_of(row.contact_name_sealed)
    assert key_of(row.contact_phone_sealed)


def test_a_change_is_seen_and_its_words_are_not_kept(client: FlaskClient, publish: Publish, people: People) -> None:
    job = publish()
    path = f"/v1/jobs/{job['job_id']}"
    for body, now_it_is in (
        ({"contact_phone": "13900000002"}, {"name": "演示联系人", "phone": "13900000002"}),
        ({"contact_name": ""}, {"name": "", "phone": "13900000002"}),
    ):
        headers = people.employer | {"If-Match": client.get(path).headers["ETag"]}
        answer = client.patch(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.get_json()
        assert contact(client, people, job["job_id"]) == now_it_is
    # Saying the same again changes nothing: texts are compared, not their seals.
    before = client.get(path).headers["ETag"]
    client.patch(path, json={"contact_phone": "13900000002"}, headers=people.employer | {"If-Match": before})
    assert client.get(path).headers["ETag"] == before


def test_what_an_older_version_wrote_counts(app: flask.Flask, client: FlaskClient, publish: Publish, people: People) -> None:
    """Its row was never sealed; or it edited a row that was, and knew only the open columns."""
    job_id = publish()["job_id"]
    database: Database = app.extensions["database"]
    with database.write_session() as session:
        session.execute(text("UPDATE job SET contact_phone = '13900000003'"))
    assert contact(client, people, job_id)["phone"] == "13900000003"
    with database.write_session() as session:
        session.execute(text("UPDATE job SET contact_phone_sealed = NULL, contact_name_sealed = NULL, row_key = NULL"))
    assert contact(client, people, job_id) == {"name": "", "phone": "13900000003"}


def test_a_contact_of_another_job_does_not_open(app: flask.Flask, client: FlaskClient, publish: Publish) -> None:
    first, second = publish()["job_id"], publish()["job_id"]
    with app.extensions["database"].write_session() as session:
        session.execute(
            text(
                "UPDATE job SET contact_phone_sealed ="
                " (SELECT other.contact_phone_sealed FROM job AS other WHERE other.job_id = :other) WHERE job_id = :job"
            ),
            {"job": first, "other": second},
        )
    answer = client.get(f"/v1/jobs/{first}")
    assert (answer.status_code, answer.get_json()["error"]) == (503, "field_locked")
    assert client.get(f"/v1/jobs/{second}").status_code == 200


@pytest.mark.parametrize("phone", ["13800000001", ""])
def test_many_at_once_are_sealed_like_one(database: Database, phone: str) -> None:
    now = clock.now()
    adverts = [
        Advert(
            kind="public",
            title="普工",
            source=Source(key="demo", name="演示", original_id=str(number)),
            region="360702000000",
            contact_name="演示",
            contact_phone=phone,
        )
        for number in range(3)
    ]
    with database.write_session() as session:
        put_new(session, [(advert, read_advert(advert, now)) for advert in adverts], account_id=None, now=now)
    assert len({row.row_key for row in columns(database)}) == 3
    assert [bool(row.contact_phone_sealed) for row in columns(database)] == [bool(phone)] * 3
    with database.write_session() as session:
        assert {put(session, advert, account_id=None, now=now)[1] for advert in adverts} == {"unchanged"}
        assert {job.contact_phone for job in session.scalars(select(Job))} == {phone}


def test_the_index_reads_no_contact(app: flask.Flask, publish: Publish) -> None:
    publish()
    database: Database = app.extensions["database"]
    asked: list[str] = []

    def see(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(database.read_engine, "before_cursor_execute", see)
    with database.read_session() as session:
        assert len(list(open_jobs(session))) == 1
    assert len([statement for statement in asked if "job.title" in statement]) == 1
    assert not [statement for statement in asked if "contact" in statement]
