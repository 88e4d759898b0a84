"""Stations: found, kept by their office and head, standing in a tree, closed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from service import clock
from service.accounts.create import create_account
from service.accounts.models import Account
from service.accounts.tokens import issue_token
from service.db import Database
from service.migrations import run
from service.stations.levels import function_names, levels
from service.stations.models import Station
from tests.service.conftest import People, gig_draft

_numbers = itertools.count(1)
ALWAYS = {str(day): [["00:00", "24:00"]] for day in range(1, 8)}
NEVER: dict[str, Any] = {}


def _send(client: FlaskClient, method: str, address: str, who: dict[str, str], body: Any = None, **headers: str) -> TestResponse:
    given = {"Idempotency-Key": f"station-{next(_numbers):06d}", "If-Match": "*"} | headers
    return client.open(address, method=method, json=body, headers=who | given)


def _said(**changes: Any) -> dict[str, Any]:
    body = {
        "name": "演示驿站",
        "level": "county",
        "region": "赣州市章贡区",
        "lat": 25.83,
        "lng": 114.93,
        "phone": "0797-8000001",
        "hours": ALWAYS,
        "functions": ["matching", "rights"],
    } | changes
    return {name: value for name, value in body.items() if value is not None}


def _make(client: FlaskClient, who: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = _send(client, "POST", "/v1/stations", who, _said(**changes))
    assert answer.status_code == 201, answer.get_json()
    made: dict[str, Any] = answer.get_json()
    return made


def _head(app: flask.Flask, station_id: int) -> tuple[int, dict[str, str]]:
    with app.extensions["database"].write_session() as session:
        made = create_account(
            session, role="station_head", login=f"head-{next(_numbers)}", display_name="演示站长", now=clock.now(),
            station_id=station_id,
        )  # fmt: skip
        token = issue_token(session, made.account_id, clock.now(), second_factor=True)
    return made.account_id, {"Authorization": f"Bearer {token}"}


def test_made_and_shown(client: FlaskClient, people: People) -> None:
    made = _make(client, people.bureau, holiday_note="春节休息")
    shown = client.get(f"/v1/stations/{made['station_id']}")
    body = shown.get_json()
    assert body["code"].startswith("360702000000-")
    assert (body["level_name"], body["opening_hours"], body["open_now"]) == ("县级", "周一至周日 00:00-24:00", True)
    assert body["function_names"] == ["用工撮合", "维权指引"]
    assert body["region_name"] == "江西省赣州市章贡区"
    tag = {"If-None-Match": shown.headers["ETag"]}
    assert client.get(f"/v1/stations/{made['station_id']}", headers=tag).status_code == 304
    assert client.get("/v1/stations/999999").status_code == 404


def test_only_in_the_own_territory(client: FlaskClient, people: People) -> None:
    far = _send(client, "POST", "/v1/stations", people.bureau, _said(region="南昌市东湖区"))
    assert (far.status_code, far.get_json()["error"]) == (403, "outside_territory")
    assert _send(client, "POST", "/v1/stations", people.staff, _said()).status_code == 403
    made = _make(client, people.bureau)
    address = f"/v1/stations/{made['station_id']}"
    assert _send(client, "PATCH", address, people.other_bureau, {"name": "别人的"}).status_code == 403
    assert _send(client, "PATCH", address, people.bureau, {"region": "南昌市东湖区"}).status_code == 403
    assert _send(client, "PATCH", address, people.bureau, {"name": "演示新名"}).status_code == 200
    assert client.patch(address, json={"name": "没带版本"}, headers=people.bureau).status_code == 428
    late = _send(client, "PATCH", address, people.bureau, {"name": "晚了"}, **{"If-Match": f'"{made["version"]}-x"'})
    assert late.status_code == 412


def test_the_same_code_twice(client: FlaskClient, people: People) -> None:
    _make(client, people.bureau, code="ZG-01")
    again = _send(client, "POST", "/v1/stations", people.bureau, _said(code="ZG-01"))
    assert (again.status_code, again.get_json()["error"]) == (409, "station_code_taken")


@pytest.mark.parametrize(
    "changes",
    [
        {"level": "galaxy"},
        {"level": "county", "region": "赣州市"},
        {"hours": {"1": [["09:00", "08:00"]]}},
        {"hours": "全天"},
        {"functions": ["magic"]},
        {"phone": "随便"},
        {"lng": None},
        {"lat": 1.0, "lng": 1.0},
        {"parent_id": 999_999},
        {"staff": []},
    ],
)
def test_what_cannot_be(client: FlaskClient, people: People, changes: dict[str, Any]) -> None:
    assert _send(client, "POST", "/v1/stations", people.bureau, _said(**changes)).status_code == 422


def test_the_tree_has_no_circle(client: FlaskClient, people: People) -> None:
    city = _make(client, people.bureau, level="city", region="赣州市")["station_id"]
    county = _make(client, people.bureau, parent_id=city)["station_id"]
    street = _make(client, people.bureau, level="street", region="赣州市章贡区南外街道", parent_id=county)["station_id"]

    def moved(station_id: int, **changes: Any) -> tuple[int, str]:
        answer = _send(client, "PATCH", f"/v1/stations/{station_id}", people.bureau, changes)
        return answer.status_code, answer.get_json().get("error", "")

    assert moved(city, parent_id=street) == (422, "parent_not_above")
    assert moved(county, parent_id=county) == (422, "parent_unknown")
    assert moved(county, level="village") == (422, "parent_not_above")
    assert moved(street, region="赣州市南康区") == (422, "parent_elsewhere")
    assert moved(county, region="赣州市南康区") == (422, "parent_elsewhere")
    assert moved(street, parent_id=city)[0] == 200
    assert moved(county, region="赣州市南康区")[0] == 200
    other = _make(client, people.bureau, level="campus", region="赣州市章贡区")["station_id"]
    assert moved(other, parent_id=street) == (422, "parent_not_above")


def test_a_head_says_only_what_is_his(app: flask.Flask, client: FlaskClient, people: People) -> None:
    made = _make(client, people.bureau)
    address = f"/v1/stations/{made['station_id']}"
    _, head = _head(app, made["station_id"])
    assert _send(client, "PATCH", address, head, {"phone": "0797-8000002", "functions": ["rest"]}).status_code == 200
    refused: tuple[dict[str, Any], ...] = (
        {"level": "city"},
        {"parent_id": None},
        {"name": "大驿站"},
        {"region": "赣州市南康区"},
        {"service_regions": []},
    )
    for body in refused:
        answer = _send(client, "PATCH", address, head, body)
        assert (answer.status_code, answer.get_json()["error"]) == (403, "office_only")
    assert _send(client, "PATCH", f"/v1/stations/{people.station_id}", head, {"phone": ""}).status_code == 403
    assert _send(client, "PATCH", address, people.staff, {"phone": ""}).status_code == 403
    assert _send(client, "POST", f"{address}/closure", head).status_code == 403


def test_nearest_first_and_page_by_page(client: FlaskClient, people: People) -> None:
    ids = [_make(client, people.bureau, lat=25.80 + step * 0.01)["station_id"] for step in (3, 1, 2, 0, 4)]
    order = [ids[3], ids[1], ids[2], ids[0], ids[4]]
    seen: list[int] = []
    address = "/v1/stations?lat=25.80&lng=114.93&limit=2"
    following: str | None = ""
    while following is not None:
        page = client.get(address + (f"&cursor={following}" if following else "")).get_json()
        seen += [item["station_id"] for item in page["items"]]
        following = page["next"]
    assert seen == order
    first = client.get("/v1/stations?lat=25.80&lng=114.93&limit=2").get_json()["items"]
    assert [item["distance_km"] for item in first] == [0.0, 1.1]
    small = client.get("/v1/stations?lat=25.80&lng=114.93&radius_km=1.5").get_json()["items"]
    assert [item["station_id"] for item in small] == order[:2]
    assert client.get("/v1/stations?lat=25.80&lng=114.93&cursor=7").status_code == 400
    assert client.get("/v1/stations?cursor=12m7").status_code == 400
    assert client.get("/v1/stations?lat=25.80").status_code == 422


def test_along_the_ids_without_a_point(client: FlaskClient, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.stations.queries.BATCH", 2)
    ids = [_make(client, people.bureau, functions=["rest"] if step % 2 else ["rights"])["station_id"] for step in range(6)]
    seen: list[int] = []
    following: str | None = ""
    while following is not None:
        page = client.get("/v1/stations?function=rest&limit=2" + (f"&cursor={following}" if following else "")).get_json()
        seen += [item["station_id"] for item in page["items"]]
        following = page["next"]
    assert seen == ids[1::2]


def test_filters(client: FlaskClient, people: People) -> None:
    asleep = _make(client, people.bureau, hours=NEVER)["station_id"]
    unknown = _make(client, people.bureau, hours=None)["station_id"]
    awake = _make(client, people.bureau, functions=["rest"])["station_id"]
    next_door = _make(client, people.bureau, region="赣州市南康区", service_regions=["赣州市章贡区"])["station_id"]

    def found(query: str) -> set[int]:
        items = client.get(f"/v1/stations?limit=50&{query}").get_json()["items"]
        return {item["station_id"] for item in items} - {people.station_id, people.other_station_id}

    assert found("open_now=true") == {awake, next_door}
    assert found("function=rest") == {awake}
    assert found("region=赣州市章贡区") == {asleep, unknown, awake, next_door}
    assert found("region=360703") == {next_door}
    assert found("region=赣州市") == {asleep, unknown, awake, next_door}
    assert found("region=南昌市") == set()
    assert client.get("/v1/stations?function=magic").status_code == 422


def test_a_closed_station_locks_its_staff_out_and_shows_another(app: flask.Flask, client: FlaskClient, people: People) -> None:
    gone = _make(client, people.bureau)["station_id"]
    there = _make(client, people.bureau, lat=25.84)["station_id"]
    below = _make(client, people.bureau, level="street", region="赣州市章贡区南外街道", parent_id=gone)["station_id"]
    account_id, head = _head(app, gone)
    address = f"/v1/stations/{gone}"
    assert _send(client, "POST", f"{address}/closure", people.bureau).get_json()["error"] == "station_has_children"
    assert _send(client, "PATCH", f"/v1/stations/{below}", people.bureau, {"parent_id": None}).status_code == 200
    assert _send(client, "POST", f"{address}/closure", people.other_bureau).status_code == 403
    assert _send(client, "POST", f"{address}/closure", people.bureau).get_json()["closed"] is True
    assert client.get(f"{address}/staff", headers=head).status_code == 401
    with app.extensions["database"].read_session() as session:
        assert session.get_one(Account, account_id).disabled_at is not None
    shown = client.get(address).get_json()
    assert (shown["closed"], shown["open_now"]) == (True, False)
    assert shown["near"][0]["station_id"] in {there, below}
    assert gone not in {item["station_id"] for item in client.get("/v1/stations?limit=50").get_json()["items"]}
    assert _send(client, "POST", f"{address}/closure", people.bureau).status_code == 409
    assert _send(client, "PATCH", address, people.bureau, {"phone": ""}).status_code == 409
    body = gig_draft(clock.now())
    body["gig"]["station_id"] = gone
    named = _send(client, "POST", "/v1/jobs", people.bureau, body)
    assert named.get_json()["error"] == "station_unknown"


def test_who_works_there(app: flask.Flask, client: FlaskClient, people: People) -> None:
    address = f"/v1/stations/{people.station_id}/staff"
    head_id, head = _head(app, people.station_id)
    staff_id = people.account_ids["staff"]
    seen = client.get(address, headers=head).get_json()["items"]
    assert {line["account_id"] for line in seen} == {staff_id, head_id}
    assert client.get(address, headers=people.staff).status_code == 403
    assert client.get(address, headers=people.other_bureau).status_code == 403
    assert _send(client, "DELETE", f"{address}/{head_id}", head).status_code == 409
    assert _send(client, "DELETE", f"{address}/{people.account_ids['other-staff']}", head).status_code == 404
    assert _send(client, "DELETE", f"{address}/{staff_id}", head).status_code == 204
    assert client.get("/v1/me", headers=people.staff).status_code == 401


def test_the_table_of_levels(client: FlaskClient, people: People) -> None:
    assert list(levels()) == ["province", "city", "county", "park", "campus", "street", "village"]
    assert len({level.name for level in levels().values()}) == 7
    assert {"matching", "guidance", "training", "demand", "rights"} <= set(function_names())
    with client.application.extensions["database"].read_session() as session:
        assert {row.level for row in session.scalars(select(Station))} <= set(levels())


def test_hours_and_levels_of_stations_that_were_there(own_url: str) -> None:
    run.downgrade(own_url, "0003")
    rows = [
        ("a", "驿站", "360702003000", "周一至周六 06:30-18:00"),
        ("b", "市级", "360700000000", "全天"),
        ("c", "street", "360702000000", "周六至周一 06:30-18:00"),
    ]
    database = Database(own_url)
    with database.write_session() as session:
        for code, level, place, written in rows:
            values = {"code": code, "level": level, "place": place, "hours": written, "demo": False, "now": clock.now()}
            session.execute(
                text(
                    "insert into station (code, name, level, region_code, address, opening_hours, demo, created_at)"
                    " values (:code, '演示', :level, :place, '', :hours, :demo, :now)"
                ),
                values,
            )
    run.upgrade(own_url)
    with database.read_session() as session:
        found = {row.code: (row.level, row.hours) for row in session.scalars(select(Station))}
    database.close()
    assert found == {
        "a": ("street", {str(day): [["06:30", "18:00"]] for day in range(1, 7)}),
        "b": ("city", None),
        "c": ("street", None),
    }


@pytest.fixture(params=["sqlite", "postgresql"])
def own_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own, migrated."""
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("new_postgres_url")
        return make()
    url = f"sqlite:///{tmp_path / 'own.db'}"
    run.upgrade(url)
    return url
