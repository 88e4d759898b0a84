"""Partners who try what is not theirs: each other's numbers, other counties, an ended client, too much at once, hidden signs."""

from __future__ import annotations

import json
import threading
from typing import Any

import flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service import clock
from service.jobs.models import Job
from service.partners.clients import end
from tests.service.conftest import NANCHANG, People, gig_draft
from tests.service.partners.conftest import Partner, made
from tests.service.partners.test_bulk import advert


def _bulk(client: FlaskClient, who: dict[str, str], items: list[Any]) -> Any:
    return client.post("/v1/partners/jobs:bulk", json=items, headers=who)


def _jobs(app: flask.Flask) -> int:
    with app.extensions["database"].read_session() as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def test_another_partners_number_is_not_reached(app: flask.Flask, client: FlaskClient, people: People, partner: Partner) -> None:
    other = made(client, people.other_bureau, "partner-nc01", "演示南昌平台")
    theirs = _bulk(client, partner.headers, [advert(their_id="A-1")]).get_json()["items"][0]["job_id"]
    (row,) = _bulk(client, other.headers, [{"their_id": "A-1", "withdrawn": True}]).get_json()["items"]
    assert (row["outcome"], row["job_id"], row["refusal"]["error"]) == ("refused", None, "job_not_found")
    assert client.get(f"/v1/jobs/{theirs}").status_code == 200
    for method, address in (("POST", "confirm"), ("POST", "close"), ("POST", "verify")):
        answer = client.open(f"/v1/jobs/{theirs}/{address}", method=method, json={}, headers=other.headers)
        assert answer.status_code == 403, address
    assert client.get("/v1/me/reminders", headers=other.headers).get_json()["items"] == []
    assert [row["source_key"] for row in client.get("/v1/sources/quality", headers=other.headers).get_json()["items"]] == []


def test_an_ended_client_writes_nothing(app: flask.Flask, client: FlaskClient, people: People, partner: Partner) -> None:
    second = made(client, people.bureau)
    client.delete(f"/v1/partners/{partner.partner_id}", headers=people.bureau)
    assert _bulk(client, partner.headers, [advert(their_id="A-1")]).status_code == 401
    assert _jobs(app) == 0
    # The other client of the same source goes on.
    assert _bulk(client, second.headers, [advert(their_id="A-1")]).get_json()["counts"] == {"created": 1}


def test_a_client_ended_in_the_middle_of_a_request_comes_no_further(
    app: flask.Flask, client: FlaskClient, people: People, partner: Partner
) -> None:
    """The request was let in before the end; no batch of it is written after it."""
    database = app.extensions["database"]
    answers: list[int] = []

    def send() -> None:
        items = [advert(their_id=f"A-{number}", title=f"缝纫工{number}组") for number in range(200)]
        answers.append(_bulk(app.test_client(), partner.headers, items).status_code)

    with database.write_session() as session:
        end(session, None, partner.partner_id, clock.now())
        thread = threading.Thread(target=send)
        thread.start()
        thread.join(1.0)  # signed in by what is committed, it now waits for the row that is held here
        assert not answers or answers == [401]
    thread.join(30)
    assert answers == [401]
    assert _jobs(app) == 0


def test_a_number_with_unseen_signs_is_the_number_without(app: flask.Flask, client: FlaskClient, partner: Partner) -> None:
    items = [
        advert(their_id="A-1"),
        advert(their_id="A\u200b-1"),
        advert(their_id="A-1\n"),
        advert(their_id="Ａ-1"),
        advert(their_id=""),
    ]
    rows = _bulk(client, partner.headers, items).get_json()["items"]
    assert [(row["refusal"] or {}).get("error") for row in rows] == [
        None, "their_id_twice", "their_id_twice", "invalid", "invalid",
    ]  # fmt: skip
    assert _jobs(app) == 1
    (row,) = _bulk(
        client, partner.headers, [advert(their_id="A-2", title="缝纫\u202e工\u200b", employer_name="演示\u200b制衣厂")]
    ).get_json()["items"]
    shown = client.get(f"/v1/jobs/{row['job_id']}").get_json()
    assert (shown["title"], shown["employer"]["name"]) == ("缝纫工", "演示制衣厂")
    (row,) = _bulk(client, partner.headers, [advert(their_id="A-3", title="缝纫\u0000工")]).get_json()["items"]
    assert row["outcome"] == "refused"


def test_a_station_that_a_partner_names_has_to_agree(client: FlaskClient, people: People, partner: Partner) -> None:
    body = gig_draft(clock.now()) | {"their_id": "G-1"}
    body["gig"] |= {"station_id": people.station_id}
    (row,) = _bulk(client, partner.headers, [body]).get_json()["items"]
    assert (row["outcome"], row["status"], row["waits_for"]) == ("created", "held", ["station"])
    body = body | {"their_id": "G-2", "gig": body["gig"] | {"station_id": 999_999}}
    (row,) = _bulk(client, partner.headers, [body]).get_json()["items"]
    assert (row["outcome"], row["refusal"]["error"]) == ("refused", "station_unknown")


def test_only_partners_write_by_number(client: FlaskClient, people: People, partner: Partner) -> None:
    for who, status in ((people.employer, 403), (people.bureau, 403), (people.worker, 403), ({}, 401)):
        assert _bulk(client, who, [advert(their_id="A-1")]).status_code == status
        assert client.put("/v1/partners/jobs/A-1", json=advert(), headers=who).status_code == status
        assert client.delete("/v1/partners/jobs/A-1", headers=who).status_code == status
    # A client's token is for jobs and its source: it issues no clients and publishes under no other name.
    assert (
        client.post("/v1/partners", json={"source_key": "partner-x1", "name": "演示"}, headers=partner.headers).status_code == 403
    )
    assert client.get(f"/v1/partners/{partner.partner_id}", headers=partner.headers).status_code == 403


def test_where_the_work_is_is_no_matter_of_the_office(client: FlaskClient, partner: Partner) -> None:
    """A platform brings jobs of all places; the office that issued the client only looks after the client."""
    (row,) = _bulk(client, partner.headers, [advert(their_id="N-1", region=NANCHANG, address=None)]).get_json()["items"]
    assert row["outcome"] == "created"


def test_half_a_character_in_a_number_spoils_no_other_line(client: FlaskClient, partner: Partner) -> None:
    first, last = json.dumps(advert(their_id="A-1")), json.dumps(advert(their_id="A-2", title="演示缝纫工"))
    lines = f'{first}\n{{"their_id": "\\ud800"}}\n{last}'
    answer = client.post("/v1/partners/jobs:bulk", data=lines, content_type="application/x-ndjson", headers=partner.headers)
    assert answer.status_code == 200
    assert [row["outcome"] for row in answer.get_json()["items"]] == ["created", "refused", "created"]
