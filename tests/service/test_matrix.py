"""Everybody calls everything: each route that carries an id, as each role, on the own object, another's and another county's.

The calls are made from the document, the objects by ``matrix_objects.py`` (it says how to add one), and what comes back is held
against the table of permissions, which is read here once more in the plainest way and not by the code that is tested.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from service.accounts.permissions import PERMISSIONS, PROXY, Permission, Scope
from service.openapi import FILE
from tests import servers
from tests.service.matrix_objects import CALLERS, MAKERS, NOBODY, REQUESTS, Made, Maker, Side, World, opened_world
from tests.service.open_data.sheets import regions_of_csv, regions_of_xlsx

_PATHS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["paths"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in _PATHS.items()
    for method, operation in methods.items()
    if method != "parameters"
}
WITH_ID = tuple(name for name in OPERATIONS if "{" in name)
WITHOUT_ID = tuple(name for name in OPERATIONS if "{" not in name)
SHEETS = {"GET /v1/exports/jobs.csv": regions_of_csv, "GET /v1/exports/jobs.xlsx": regions_of_xlsx}
"""Answers that are sheets: how the divisions of their rows are read."""
_numbers = itertools.count(1)
_OWNS = {Scope.EMPLOYER: "employer", Scope.STATION: "station", Scope.SOURCE: "source"}


def makers_of(operation: str) -> list[Maker]:
    """Who makes objects for an operation: its own makers, else those of its parameters."""
    return MAKERS.get(operation) or MAKERS.get(",".join(re.findall(r"{(\w+)}", operation)), [])


def allowed(row: Permission, role: str, side: Side, made: Made) -> bool:
    """What the table says, read without the code of ``permit.py``."""
    scope = row.scopes.get("visitor", Scope(0))
    if role != NOBODY:
        scope |= row.scopes.get(role, Scope(0))
    if Scope.ANY in scope or (Scope.PUBLIC in scope and made.public):
        return True
    if Scope.TERRITORY in scope and side is not Side.FAR and "region" in made.owners:
        return True
    if side is not Side.OWN:
        return False
    if Scope.OWN in scope and "worker" in made.owners and role in {"worker", PROXY}:
        return True
    if Scope.OWN in scope and "account" in made.owners and "worker" not in made.owners and role != PROXY:
        return True
    return any(kind in scope and owner in made.owners for kind, owner in _OWNS.items())


def wrong(status: int, row: Permission, role: str, *, may: bool, public: bool) -> str:
    """What is wrong with an answer; empty when nothing is."""
    if may:
        return "" if status < 300 or status in {409, 412, 422, 428} else "should be let in"
    has_it = row.open or (role in row.scopes)
    if role == NOBODY and not row.open:
        return "" if status == 401 else "should be asked to sign in"
    if has_it and not public:
        return "" if status == 404 else "should not learn that it exists"
    return "" if status == 403 else "should be refused"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One application for all calls: each call makes its own object."""
    directory = tmp_path_factory.mktemp("matrix")
    if request.param == "sqlite":
        shutil.copy(sqlite_template, directory / "test.db")
        url = f"sqlite:///{directory / 'test.db'}"
    else:
        request.getfixturevalue("postgres_worker_url")  # makes the template
        url = "postgresql+psycopg://" + servers.clone(f"matrix_{directory.name}").split("://", 1)[1]
    with opened_world(url, directory) as made:
        yield made
    if request.param == "postgresql":
        servers.drop(f"matrix_{directory.name}")


def test_every_route_with_an_id_has_an_object_and_a_body() -> None:
    for operation in WITH_ID:
        assert makers_of(operation), f"{operation}: no maker in tests/service/matrix_objects.py"
        if "requestBody" in OPERATIONS[operation]:
            assert operation in REQUESTS, f"{operation}: no body in REQUESTS of tests/service/matrix_objects.py"
    assert set(REQUESTS) <= set(OPERATIONS)


@pytest.mark.costly
@pytest.mark.parametrize("operation", WITH_ID)
def test_everybody_calls_everything(world: World, operation: str) -> None:
    row = PERMISSIONS[OPERATIONS[operation]["x-permission"]]
    method, path = operation.split(" ")
    versioned = any(one.get("name") == "If-Match" for one in OPERATIONS[operation].get("parameters", ()))
    client = world.app.test_client()
    found: list[str] = []
    calls = 0
    for maker in makers_of(operation):
        for role in CALLERS:
            for side in Side:
                with world.database.write_session() as session:
                    made = maker(session, world, side, role)
                calls += 1
                headers = world.headers[role] | {"If-Match": "*", "Idempotency-Key": f"matrix-{next(_numbers):08d}"}
                send = partial(client.open, path.format(**made.path), method=method, **REQUESTS.get(operation, {}))
                may = allowed(row, role, side, made)
                answer = send(headers=headers)
                said = wrong(answer.status_code, row, role, may=may, public=made.public)
                if not may and not said and versioned:
                    # Whoever is refused learns no more by guessing: not even whether his version is old.
                    key = f"matrix-{next(_numbers):08d}"
                    again = send(headers=world.headers[role] | {"If-Match": '"0-x"', "Idempotency-Key": key})
                    said = "" if again.status_code == answer.status_code else f"{again.status_code} with an old version"
                if said:
                    told = (answer.get_json(silent=True) or {}).get("error", "")
                    found.append(f"{maker.__name__} {role} {side}: {answer.status_code} {told}: {said}")
    assert calls >= len(CALLERS) * len(Side)
    assert not found, f"{operation} ({row.name}):\n" + "\n".join(found)


@pytest.mark.costly
@pytest.mark.parametrize("operation", WITHOUT_ID)
def test_the_role_alone_where_there_is_no_id(world: World, operation: str) -> None:
    row = PERMISSIONS[OPERATIONS[operation]["x-permission"]]
    if row.name in {"session.end", "session.leave"}:
        pytest.skip("it would sign the others out")
    method, path = operation.split(" ")
    client = world.app.test_client()
    for role in CALLERS:
        answer = client.open(path, method=method, headers=world.headers[role], json=None if method == "GET" else {})
        told = (answer.get_json(silent=True) or {}).get("error")
        closed = told in {"role_not_allowed", "not_granted", "not_signed_in", "token_limited"}
        assert closed != (row.open or role in row.scopes), (operation, role, answer.status_code, told)
        assert answer.status_code < 500 or answer.status_code == 503, (operation, role, answer.status_code)


@pytest.mark.costly
@pytest.mark.parametrize("operation", [name for name in WITHOUT_ID if name.startswith("GET ")])
def test_lists_stay_inside(world: World, operation: str) -> None:
    """A list has no row of another's employer, station or worker, nor of another county, for whom the table gives neither."""
    row = PERMISSIONS[OPERATIONS[operation]["x-permission"]]
    if row.open or operation == "GET /v1/me/matches":
        pytest.skip("jobs and other things that are shown to everybody")
    _fill(world)
    client, answered = world.app.test_client(), 0
    for role in sorted(row.roles()):
        scope = row.scope(role)
        if Scope.ANY in scope:
            continue
        answer = client.get(operation.partition(" ")[2], headers=world.headers[role])
        if answer.status_code != 200 or not (answer.is_json or operation in SHEETS):
            continue
        answered += 1
        outside = [Side.FAR] if Scope.TERRITORY in scope else [Side.OTHER, Side.FAR]
        for name, value in _named(SHEETS[operation](answer.get_data()) if operation in SHEETS else answer.get_json()):
            for side in outside:
                ids = world.of(side)
                if name == "region_code":
                    assert side is Side.OTHER or not str(value).startswith(ids.region_code[:6]), (operation, role, value)
                elif name in {"employer_id", "station_id", "worker_id", "source_key"}:
                    assert value != getattr(ids, name), (operation, role, name, side)
    assert answered or not any(Scope.ANY not in row.scope(role) for role in row.roles())


def _fill(world: World) -> None:
    """One object of every kind on every side."""
    with world.database.write_session() as session:
        for makers in MAKERS.values():
            for maker in makers:
                for side in Side:
                    maker(session, world, side, "operator")


def _named(body: Any) -> Iterator[tuple[str, Any]]:
    """Every name with a plain value, however deep."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from _named(value) if isinstance(value, (dict, list)) else [(name, value)]
    elif isinstance(body, list):
        for value in body:
            yield from _named(value)
