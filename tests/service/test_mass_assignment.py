"""Nobody writes what is not his to write: fields that decide about rights, standing and order are in no body, for no role.

For every operation that writes, every field of :data:`PRIVILEGED` is put into the body and into every object inside it, unless
the document says that it belongs there; where it does, :data:`MEANT` says why. The answer names the fields, and no row changes.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import shutil
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.accounts.models import Account, ActingGrant
from service.employers.models import Employer
from service.jobs.models import GigTerms, Job
from service.openapi import FILE
from service.stations.models import Station
from service.workers.models import Worker
from tests.service.matrix_objects import CALLERS, NOBODY, REQUESTS, Side, World, opened_world
from tests.service.test_matrix import OPERATIONS, makers_of

PRIVILEGED = (
    "role", "scopes", "permissions", "limits", "second_factor", "session_id", "disabled_at", "demo",
    "account_id", "worker_id", "employer_id", "station_id", "region_code", "source_key", "source_class", "publisher_class",
    "legal_basis", "label", "original_id", "verified", "verified_at", "suspended_at", "closed_at", "held_for", "status", "state",
    "closed_reason", "score", "applications", "seats_taken", "renewals", "published_at", "valid_from", "version", "created_by",
    "created_at", "updated_at", "decided_by", "row_key", "password_hash", "phone_index", "id_number_sealed",
)  # fmt: skip
MEANT: dict[tuple[str, str], str] = {
    (
        "PATCH /v1/employers/{employer_id}",
        "publisher_class",
    ): "what an employer says of itself; changing it ends the verification",
    ("PATCH /v1/jobs/{job_id}", "station_id"): "the station behind a gig, which has to agree",
    ("POST /v1/accounts", "employer_id"): "of the account that is made; only inside what the caller looks after",
    ("POST /v1/accounts", "region_code"): "of the account that is made; only inside what the caller looks after",
    ("POST /v1/accounts", "role"): "of the account that is made; only a role that the caller looks after",
    ("POST /v1/accounts", "station_id"): "of the account that is made; only inside what the caller looks after",
    ("POST /v1/auth/oidc/callback", "state"): "the protocol's word for what ties an answer to its request; nothing of a row",
    ("POST /v1/employers", "publisher_class"): "what an employer says of itself, before anybody has checked it",
    ("POST /v1/employers/{employer_id}/owner", "account_id"): "the recruiter of the same employer who becomes its owner",
    ("POST /v1/jobs", "station_id"): "the station behind a gig, which has to agree",
    ("POST /v1/jobs/check", "station_id"): "the station behind a gig; nothing is written",
    ("POST /v1/me/consents", "version"): "which text the person has read",
    ("POST /v1/me/grants", "scopes"): "what the worker hands to his proxy, out of what a proxy can have",
    ("POST /v1/me/grants", "version"): "which text the person has read",
    ("POST /v1/partners", "source_key"): "the source of the client that an office makes; its form keeps it apart from all others",
    ("PUT /v1/partners/jobs/{their_id}", "station_id"): "the station behind a gig, which has to agree",
    ("POST /v1/stations/{station_id}/workers/{worker_id}/grants", "scopes"): "what the worker hands to the station",
}
"""Fields of that name which a body may hold all the same, and why nobody gains by it."""
_numbers = itertools.count(1)
_TABLES = (Account, ActingGrant, Employer, Station, Worker, Job, GigTerms)
_SCHEMAS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["components"]["schemas"]


def _body_schema(operation: str) -> dict[str, Any] | None:
    content = OPERATIONS[operation].get("requestBody", {}).get("content", {})
    schema = None if "application/json" not in content else _resolved(content["application/json"]["schema"])
    # A list is answered item by item: tests/service/partners/test_bulk.py gives its items the same fields.
    return None if schema is None or schema.get("type") == "array" else schema


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = _SCHEMAS[schema["$ref"].rsplit("/", 1)[-1]]
    return found


Way = tuple[str | int, ...]


def _objects(schema: dict[str, Any], path: Way = ()) -> Iterator[tuple[Way, dict[str, Any]]]:
    """The object itself and every object inside it: (names that lead there, 0 for the first of a list; its schema)."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        inner = _resolved(inner)  # noqa: PLW2901
        if "properties" in inner:
            yield from _objects(inner, (*path, name))
        elif "properties" in (item := _resolved(inner.get("items", {}))):
            yield from _objects(item, (*path, name, 0))


WRITING = tuple(name for name in OPERATIONS if not name.startswith("GET ") and _body_schema(name) is not None)
"""Operations with a JSON body. What has none cannot be given fields: its body is not read."""


def test_every_body_is_closed_and_every_privileged_field_in_one_is_meant() -> None:
    seen = set()
    for operation in WRITING:
        schema = _body_schema(operation)
        assert schema is not None
        for path, inner in _objects(schema):
            assert inner.get("additionalProperties") is False, f"{operation} {'.'.join(map(str, path))}: takes unknown fields"
            for name in set(inner.get("properties", {})) & set(PRIVILEGED):
                assert (operation, name) in MEANT, (
                    f"{operation}: {'.'.join(map(str, (*path, name)))} decides about rights; say in MEANT why"
                )
                seen.add((operation, name))
    assert set(MEANT) == seen


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The people and objects of the matrix."""
    directory = tmp_path_factory.mktemp("world")
    shutil.copy(sqlite_template, directory / "test.db")
    with opened_world(f"sqlite:///{directory / 'test.db'}", directory) as made:
        yield made


def _fingerprint(world: World) -> str:
    """Everything that stands in the tables of people, employers, stations and jobs."""
    seal = hashlib.sha256()
    with world.database.read_session() as session:
        for table in _TABLES:
            columns = table.__table__.columns
            for row in session.execute(select(*columns).order_by(*table.__table__.primary_key)):
                seal.update(repr(tuple(row)).encode())
    return seal.hexdigest()


def _with_privileges(operation: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """For each object of the body: the body with every privileged field in that object which its schema does not know, and the
    names of them as the answer must give them."""
    schema = _body_schema(operation)
    assert schema is not None
    for path, inner in _objects(schema):
        body = copy.deepcopy(REQUESTS.get(operation, {}).get("json", {}))
        place: Any = body
        for name, following in zip_longest(path, path[1:]):
            if isinstance(name, int):
                place[:] = [{}]
                place = place[0]
            else:
                place = place.setdefault(name, [] if isinstance(following, int) else {})
        unknown = [name for name in PRIVILEGED if name not in inner.get("properties", {})]
        place.update(dict.fromkeys(unknown, 1))
        yield body, [".".join(map(str, (*path, name))) for name in unknown]


@pytest.mark.parametrize("operation", WRITING)
def test_nobody_gives_himself_anything(world: World, operation: str) -> None:
    method, path = operation.split(" ")
    client = world.app.test_client()
    makers = makers_of(operation)
    taken = 0
    for role in CALLERS:
        where = path
        if makers:
            with world.database.write_session() as session:
                where = path.format(**makers[0](session, world, Side.OWN, role).path)
        before = _fingerprint(world)
        for body, names in _with_privileges(operation):
            headers = world.headers[role] | {"If-Match": "*", "Idempotency-Key": f"assign-{next(_numbers):08d}"}
            answer = client.open(where, method=method, json=body, headers=headers)
            if answer.status_code == 422:
                taken += 1
                errors = answer.get_json()["errors"]
                assert [name for name in names if name not in errors] == [], (operation, role, answer.get_json())
            else:
                assert answer.status_code == (401 if role == NOBODY else 403), (operation, role, answer.get_json())
        assert _fingerprint(world) == before, (operation, role)
    assert taken, f"{operation}: nobody got as far as the body"
