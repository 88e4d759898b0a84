"""Made-up requests against the whole document: every answer is one that the document promises, and none is a 500."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service import clock
from service.app import create_app
from service.config import SignInSettings
from service.indexing.follower import Follower
from service.migrations.run import upgrade
from service.openapi import FILE
from service.signin.loopback_sms import LoopbackSms
from service.wechat.current import close_all
from tests.service.conftest import draft, make_people, settings_for
from tests.service.matrix_objects import CALLERS, NOBODY, Side, World, made_world
from tests.service.test_matrix import makers_of
from tests.service.wechat.conftest import make_loopback, mini_program

FEW, MANY = 6, 60
_PATHS = json.loads(FILE.read_text(encoding="utf-8"))["paths"]
OPERATIONS = [f"{method.upper()} {path}" for path, methods in _PATHS.items() for method in methods if method != "parameters"]
JUDGED = {
    "POST /v1/me/second-factor/remove": "a code of nothing but characters that cannot be seen",
    "POST /v1/jobs": "the law asks for more than a schema can say",
    "PATCH /v1/jobs/{job_id}": "the law asks for more than a schema can say",
    "POST /v1/jobs/check": "a station or stream that does not exist, a year nobody means",
    "POST /v1/jobs/{job_id}/renew": "an end in the past or too far away",
    "GET /v1/jobs": "a cursor we did not give, a place, trade or benefit nobody knows",
    "POST /v1/match": "a cursor we did not give, a place or benefit nobody knows",
    "POST /v1/accounts": "an employer, station or place that does not exist or is not the caller's, a login that is taken",
    "POST /v1/auth/password": "tries are counted, made-up ones as well",
    "POST /v1/auth/set-up": "a code nobody was given",
    "POST /v1/auth/sms": "tries are counted, made-up ones as well",
    "POST /v1/auth/sms/code": "one code a minute for a phone, and so many for an address",
    "GET /v1/auth/oidc/start": "there is no identity service here",
    "POST /v1/auth/oidc/callback": "there is no identity service here",
    "POST /v1/employers": "check digits, a place nobody knows",
    "PATCH /v1/employers/{employer_id}": "check digits, a place nobody knows",
    "POST /v1/employers/{employer_id}/papers": "a file that is no picture, more parts than such a form has",
    "POST /v1/employers/{employer_id}/suspension": "a reason that is not on the list",
    "POST /v1/employers/{employer_id}/verification": "papers that are missing",
    "PATCH /v1/employer-lists/entries/{entry_id}": "a day before the listing",
    "GET /v1/verifications": "a cursor we did not give",
    "POST /v1/employers/{employer_id}/repeat-hold/lifts": "a reason of characters that cannot be seen",
    "GET /v1/reviews": "a cursor we did not give",
    "POST /v1/reviews/{review_id}/decisions": "a reason that is not on the list",
    "POST /v1/employer-lists/imports": "rows and a CSV, or neither",
    "GET /v1/stations": "one coordinate alone, a cursor we did not give, a place nobody knows",
    "POST /v1/stations": "hours that overlap, one coordinate alone, a place nobody knows",
    "PATCH /v1/stations/{station_id}": "hours that overlap, one coordinate alone, a place nobody knows",
    "GET /v1/snapshot/jobs": "a position we did not give, a place nobody knows",
    "GET /v1/stream/jobs": "a position we did not give, a place nobody knows",
    "GET /v1/exports/jobs.csv": "a place nobody knows",
    "GET /v1/exports/jobs.xlsx": "a place nobody knows",
    "GET /v1/me/reminders": "a cursor we did not give",
    "GET /v1/live-sessions": "a cursor we did not give, a place nobody knows",
    "POST /v1/live-sessions": "a year nobody means, a place nobody knows",
    "POST /v1/live-sessions/{code}/listings": "a year nobody means, what the law asks for",
    "GET /v1/wechat/push": "what WeChat has not signed",
    "POST /v1/wechat/push": "what WeChat has not signed",
}
"""Operations that may refuse what fits their schema, and why."""
_SHAPE = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
"""What every answer must be, whoever asks; what may be refused to whom, the matrix says."""


def texts(value: object) -> Iterator[str]:
    """Every text in a made-up body."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def unseen(text: str) -> bool:
    """Nothing but unseen characters: they are taken out before its length is looked at, which a schema cannot say."""
    return bool(text) and all(c.isspace() or unicodedata.category(c) in {"Cf", "Co"} for c in text)


class Api:
    """The document of a running application with one job in it, and the token of somebody who may do everything."""

    def __init__(self, directory: Path) -> None:
        url = f"sqlite:///{directory}/test.db"
        upgrade(url)
        self.wechat = make_loopback()
        self.sms = LoopbackSms(key="a key of the test").start()
        sign_in = SignInSettings(sms_url=self.sms.url, sms_key=self.sms.key)
        chosen = settings_for(url, directory, wechat=mini_program(self.wechat.url), sign_in=sign_in)
        self.app = create_app(chosen)
        database = self.app.extensions["database"]
        with database.write_session() as session:
            people = make_people(session, clock.now())
        self.token = people.operator["Authorization"]
        headers = people.operator | {"Idempotency-Key": "first-job-1"}
        assert self.app.test_client().post("/v1/jobs", json=draft(employer_name="演示厂"), headers=headers).status_code == 201
        follower = Follower(database, chosen.index_dir)
        follower.step()
        follower.close()
        self.schema = schemathesis.openapi.from_wsgi("/openapi.json", self.app)
        refused = self.schema.config.checks.negative_data_rejection
        refused.expected_statuses = [*refused.expected_statuses, "413"]  # too large is refused as well
        self.strategies: dict[str, SearchStrategy[schemathesis.Case[Any]]] = {}

    def try_out(self, label: str, examples: int) -> None:
        """Call one operation with requests that fit its schema, and with requests that do not."""
        operation = self.schema.find_operation_by_label(label)
        assert operation is not None
        method, path = label.split(" ")
        named = [*_PATHS[path].get("parameters", []), *_PATHS[path][method.lower()].get("parameters", [])]
        # Any text is a name in a path: there is nothing to make wrong about it.
        takes = "requestBody" in _PATHS[path][method.lower()] or any(
            one["in"] != "path" or one["schema"]["type"] != "string" for one in named
        )
        self._call(label, operation.as_strategy(generation_mode=GenerationMode.POSITIVE), examples)
        if takes:
            self._call(label, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), examples)

    def _call(self, label: str, strategy: SearchStrategy[schemathesis.Case[Any]], examples: int) -> None:
        left_out: list[Any] = [positive_data_acceptance] if label in JUDGED else []

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,  # the same requests at every run: what fails once can be seen again
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def call(case: schemathesis.Case[Any]) -> None:
            # An empty list in the query is not sent at all, and one of an empty text cannot be told from it: what was made wrong
            # by them may arrive as right.
            query = case.query or {}
            unsaid = any(value in ([], [""]) for value in query.values())
            excluded = [*left_out, negative_data_rejection] if unsaid else [*left_out]
            if any(unseen(text) for text in texts([query, case.body])):
                excluded.append(positive_data_acceptance)
            if case.path != "/v1/auth/logout":  # it would sign us out
                case.call_and_validate(headers={"Authorization": self.token}, excluded_checks=excluded)

        call()

    def try_as(self, role: str, examples: int) -> int:
        """Call every operation as somebody of this role, on objects of his own where there are any; the number of calls that were
        let in."""
        world = made_world(self.app, clock.now())
        client, let_in = self.app.test_client(), 0
        for label in OPERATIONS:
            if label not in self.strategies:
                operation = self.schema.find_operation_by_label(label)
                assert operation is not None
                self.strategies[label] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
            let_in += self._call_as(world, role, label, examples)
            if role != NOBODY and client.get("/v1/me", headers=world.headers[role]).status_code != 200:
                world = made_world(self.app, clock.now())  # he has signed out, left, or closed what he stands for
        return let_in

    def _call_as(self, world: World, role: str, label: str, examples: int) -> int:
        let_in = 0

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,  # the same requests at every run: what fails once can be seen again
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=self.strategies[label])
        def call(case: schemathesis.Case[Any]) -> None:
            nonlocal let_in
            for maker in makers_of(label)[:1]:
                with world.database.write_session() as session:
                    case.path_parameters = dict(maker(session, world, Side.OWN, role).path)
            answer = case.call(headers=world.headers[role])
            case.validate_response(answer, checks=_SHAPE)
            let_in += answer.status_code < 400

        call()
        return let_in


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One application for all operations: what one call leaves behind, the next has to stand."""
    made = Api(tmp_path_factory.mktemp("schemathesis"))
    yield made
    made.app.extensions["live_index"].stop()
    made.app.extensions["database"].close()
    made.wechat.stop()
    made.sms.stop()
    close_all()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_few_requests(api: Api, operation: str) -> None:
    api.try_out(operation, FEW)


@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS)
def test_many_requests(api: Api, operation: str) -> None:
    api.try_out(operation, MANY)


@pytest.mark.long
@pytest.mark.parametrize("role", CALLERS)
def test_every_role_at_length(api: Api, role: str) -> None:
    assert api.try_as(role, 6) > 0
