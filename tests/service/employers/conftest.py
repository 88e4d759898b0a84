"""People around an employer, and short ways to do what each of them does."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import clock
from service.accounts.create import create_account
from service.accounts.tokens import issue_token
from service.db import Database
from tests.service.conftest import GANZHOU, NANCHANG, ZHANGGONG
from tests.service.employers import made_up
from tests.service.employers.test_pictures import picture

Headers = dict[str, str]
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Door:
    """The application, and whoever comes to it."""

    app: flask.Flask
    client: FlaskClient
    owner: Headers
    owner_id: int
    reviewer: Headers
    second_reviewer: Headers
    far_reviewer: Headers
    bureau: Headers
    far_bureau: Headers
    operator: Headers

    @property
    def database(self) -> Database:
        """Its database."""
        found: Database = self.app.extensions["database"]
        return found

    def send(self, method: str, address: str, who: Headers, body: Any = None, **headers: str) -> TestResponse:
        """A request with a fresh key; ``If-Match: *`` unless told otherwise."""
        given = {"Idempotency-Key": f"employer-{next(_numbers):06d}", "If-Match": "*"} | headers
        return self.client.open(address, method=method, json=body, headers=who | given)

    def at_once(self, *asked: tuple[str, str, Headers, Any]) -> list[tuple[int, str]]:
        """Requests (method, address, who, body) from as many clients at one moment: status and error code of each, in the order
        in which they were answered. What ``who`` says of keys and versions holds."""
        answers: list[tuple[int, str]] = []
        gate = threading.Barrier(len(asked))

        def ask(method: str, address: str, who: Headers, body: Any) -> None:
            client = self.app.test_client()
            headers = {"Idempotency-Key": f"at-once-{next(_numbers):06d}", "If-Match": "*"} | who
            gate.wait()
            answer = client.open(address, method=method, json=body, headers=headers)
            answers.append((answer.status_code, (answer.get_json(silent=True) or {}).get("error", "")))

        threads = [threading.Thread(target=ask, args=one) for one in asked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def account(self, role: str, **stands_for: Any) -> tuple[int, Headers]:
        """Somebody more."""
        with self.database.write_session() as session:
            made = create_account(
                session, role=role, login=f"more-{next(_numbers)}", display_name="演示", now=clock.now(), **stands_for
            )
            token = issue_token(session, made.account_id, clock.now(), second_factor=True)
        return made.account_id, {"Authorization": f"Bearer {token}"}

    def upload(self, employer_id: int, kind: str, who: Headers, content: bytes | None = None, **headers: str) -> TestResponse:
        """A picture."""
        part = b'--line\r\nContent-Disposition: form-data; name="%s"'
        body = b"".join(
            (
                part % b"kind" + b"\r\n\r\n" + kind.encode() + b"\r\n",
                part % b"file" + '; filename="照片.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode(),
                picture() if content is None else content,
                b"\r\n--line--\r\n",
            )
        )
        given = {"Idempotency-Key": f"upload-{next(_numbers):06d}"} | headers
        return self.client.post(
            f"/v1/employers/{employer_id}/papers",
            data=body,
            content_type="multipart/form-data; boundary=line",
            headers=who | given,
        )


def said(number: int = 1, **changes: Any) -> dict[str, Any]:
    """What an employer says of itself; None takes a field out."""
    body = {
        "name": "演示制衣厂",
        "credit_code": made_up.credit_code(number),
        "publisher_class": "employer",
        "region": "赣州市章贡区",
        "address": "演示路 1 号",
        "about": "演示单位",
        "handler_name": "演示经办人",
        "handler_id": made_up.id_number(number),
    } | changes
    return {name: value for name, value in body.items() if value is not None}


@pytest.fixture
def door(app: flask.Flask, client: FlaskClient) -> Door:
    """Everybody, none of them with an employer yet."""
    database: Database = app.extensions["database"]
    made: dict[str, Headers] = {}
    ids: dict[str, int] = {}
    wanted: dict[str, dict[str, Any]] = {
        "owner": {"role": "employer_owner"},
        "reviewer": {"role": "reviewer", "region_code": ZHANGGONG},
        "second_reviewer": {"role": "reviewer", "region_code": GANZHOU},
        "far_reviewer": {"role": "reviewer", "region_code": NANCHANG},
        "bureau": {"role": "bureau", "region_code": GANZHOU},
        "far_bureau": {"role": "bureau", "region_code": NANCHANG},
        "operator": {"role": "operator"},
    }
    with database.write_session() as session:
        for name, stands_for in wanted.items():
            row = create_account(session, login=f"door-{name}", display_name="演示", now=clock.now(), **stands_for)
            token = issue_token(session, row.account_id, clock.now(), second_factor=True)
            made[name], ids[name] = {"Authorization": f"Bearer {token}"}, row.account_id
    return Door(app=app, client=client, owner_id=ids["owner"], **made)


@pytest.fixture
def employer_id(door: Door) -> int:
    """An employer of the owner, registered and not checked."""
    answer = door.send("POST", "/v1/employers", door.owner, said())
    assert answer.status_code == 201, answer.get_json()
    found: int = answer.get_json()["employer_id"]
    return found


@pytest.fixture
def handed_in(door: Door, employer_id: int) -> tuple[int, int]:
    """The employer with its papers handed in: employer and round."""
    for kind in ("business_licence", "delegation_letter"):
        answer = door.upload(employer_id, kind, door.owner)
        assert answer.status_code == 201, answer.get_json()
    answer = door.send("POST", f"/v1/employers/{employer_id}/verification", door.owner)
    assert answer.status_code == 201, answer.get_json()
    return employer_id, answer.get_json()["verification_id"]


APPROVE = {"outcome": "approve", "reasons": ["papers_in_order"], "checked": ["code_and_name", "handler", "delegation"]}
