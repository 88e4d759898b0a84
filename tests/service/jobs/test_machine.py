"""The life of jobs as a state machine: whatever is done in whatever order, the API and the index say what the model says."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from matching import Query, search
from service import clock
from service.indexing.follower import Follower
from tests.service.conftest import People, draft

_numbers = itertools.count(1)


@dataclass
class Model:
    """A job as it must be."""

    job_id: int
    title: str
    headcount: int
    version: int = 1
    status: str = "open"


def machine(app: flask.Flask, client: FlaskClient, people: People, follower: Follower) -> type[RuleBasedStateMachine]:
    """A machine on this application."""

    class Jobs(RuleBasedStateMachine):
        jobs = Bundle("jobs")

        def __init__(self) -> None:
            super().__init__()
            self.model: dict[int, Model] = {}

        def _key(self) -> dict[str, str]:
            return {"Idempotency-Key": f"machine-{next(_numbers):06d}"}

        @rule(target=jobs, headcount=strategies.integers(1, 99), again=strategies.booleans())
        def publish(self, headcount: int, again: bool) -> int:
            """Perhaps sent twice, as by a phone that lost the answer."""
            body = draft(title=f"电焊工（{next(_numbers)}）", headcount=headcount)
            headers = people.employer | self._key()
            answer = client.post("/v1/jobs", json=body, headers=headers)
            assert answer.status_code == 201, answer.get_json()
            job_id: int = answer.get_json()["job_id"]
            if again:
                assert client.post("/v1/jobs", json=body, headers=headers).get_json()["job_id"] == job_id
            self.model[job_id] = Model(job_id, body["title"], headcount)
            return job_id

        @rule(job_id=jobs, headcount=strategies.integers(1, 99), late=strategies.booleans())
        def edit(self, job_id: int, headcount: int, late: bool) -> None:
            """With the version of today, or with an older one."""
            job = self.model[job_id]
            tag = {"If-Match": f'"{job.version - 1 if late else job.version}-x"'}
            answer = client.patch(f"/v1/jobs/{job_id}", json={"headcount": headcount}, headers=people.employer | tag)
            if late:
                assert answer.status_code == 412
            elif job.status == "closed":
                assert answer.status_code == 409
            else:
                assert answer.status_code == 200, answer.get_json()
                job.headcount, job.version = headcount, answer.get_json()["version"]

        @rule(job_id=jobs)
        def renew(self, job_id: int) -> None:
            """A closed one cannot be prolonged."""
            job = self.model[job_id]
            answer = client.post(f"/v1/jobs/{job_id}/renew", json={}, headers=people.employer | self._key())
            if job.status == "closed":
                assert answer.status_code == 409
            else:
                assert answer.status_code == 200, answer.get_json()
                job.version = answer.get_json()["version"]

        @rule(job_id=jobs, who=strategies.sampled_from(["other_employer", "worker", "other_bureau"]))
        def close_of_another(self, job_id: int, who: str) -> None:
            """Nobody else may."""
            headers: dict[str, str] = getattr(people, who)
            answer = client.post(f"/v1/jobs/{job_id}/close", json={}, headers=headers)
            assert answer.status_code in {403, 404}

        @rule(job_id=consumes(jobs), twice=strategies.booleans())
        def close(self, job_id: int, twice: bool) -> None:
            """Twice is no fault."""
            job = self.model[job_id]
            for _ in range(1 + twice):
                answer = client.post(f"/v1/jobs/{job_id}/close", json={"reason": "filled"}, headers=people.employer)
                assert answer.status_code == 200, answer.get_json()
                job.status, job.version = "closed", answer.get_json()["version"]

        @rule(job_id=jobs)
        def after_closing(self, job_id: int) -> None:
            """What was closed stays so, whatever is tried."""
            client.post(f"/v1/jobs/{job_id}/close", json={}, headers=people.employer)
            shown = client.get(f"/v1/jobs/{job_id}", headers=people.employer).get_json()
            self.model[job_id].status, self.model[job_id].version = "closed", shown["version"]

        @invariant()
        def the_api_says_the_same(self) -> None:
            """To the owner each job, to everybody the open ones."""
            for job in self.model.values():
                shown = client.get(f"/v1/jobs/{job.job_id}", headers=people.employer).get_json()
                have = (shown["title"], shown["headcount"], shown["version"], shown["status"])
                assert have == (job.title, job.headcount, job.version, job.status)

        def teardown(self) -> None:
            """After a catch-up, and after a full build, the index holds exactly the open ones."""
            wanted = {job.job_id for job in self.model.values() if job.status == "open"}
            while follower.step():
                pass
            assert self._indexed() == wanted
            follower.rebuild("compared")
            assert self._indexed() == wanted

        def _indexed(self) -> set[int]:
            app.extensions["live_index"].refresh()
            query = Query(now=clock.seconds(clock.now()), sort="newest", limit=10_000)
            return {hit.job_id for hit in search(app.extensions["live_index"].get(), query)} & set(self.model)

    return Jobs


def _run(examples: int, steps: int, *parts: Any) -> None:
    bounds = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(machine(*parts), settings=bounds)


@pytest.mark.costly
def test_a_few_lives(app: flask.Flask, client: FlaskClient, people: People) -> None:
    follower = Follower(app.extensions["database"], app.extensions["settings"].index_dir)
    _run(6, 12, app, client, people, follower)
    follower.close()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_many_lives(app: flask.Flask, client: FlaskClient, people: People) -> None:
    follower = Follower(app.extensions["database"], app.extensions["settings"].index_dir)
    _run(40, 30, app, client, people, follower)
    follower.close()
