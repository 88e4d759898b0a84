"""What the operator sees of background work: the API, the commands."""

from __future__ import annotations

from datetime import UTC, datetime

import flask
from flask.testing import FlaskClient
from sqlalchemy import update

from service import clock
from service.db import Database
from service.tasks import enqueue
from service.tasks.models import Task
from tests.service.conftest import People


def dead(app: flask.Flask, count: int = 1) -> list[int]:
    """Some tasks that nobody could do."""
    database: Database = app.extensions["database"]
    made: list[int] = []
    with database.write_session() as session:
        for number in range(count):
            task_id = enqueue(session, "test.dead", {"worker_id": number})
            assert task_id is not None
            made.append(task_id)
        session.execute(update(Task).values(state="dead", tries=8, last_error="timeout", finished_at=clock.now()))
    return made


def test_dead_tasks_are_listed_and_tried_again(app: flask.Flask, client: FlaskClient, people: People) -> None:
    (task_id,) = dead(app)
    page = client.get("/v1/tasks", headers=people.operator).get_json()
    assert [(item["task_id"], item["kind"], item["last_error"], item["tries"]) for item in page["items"]] == [
        (task_id, "test.dead", "timeout", 8)
    ]
    assert "payload" not in page["items"][0]
    assert page["next_after"] is None
    answer = client.post(f"/v1/tasks/{task_id}/retry", headers=people.operator)
    assert (answer.status_code, answer.get_json()) == (200, {"task_id": task_id, "state": "waiting"})
    assert client.get("/v1/tasks", headers=people.operator).get_json()["items"] == []
    assert client.get("/v1/tasks?state=waiting", headers=people.operator).get_json()["items"][0]["tries"] == 0
    again = client.post(f"/v1/tasks/{task_id}/retry", headers=people.operator)
    assert (again.status_code, again.get_json()["error"]) == (409, "task_not_dead")
    gone = client.post("/v1/tasks/999999/retry", headers=people.operator)
    assert (gone.status_code, gone.get_json()["error"]) == (404, "task_not_found")


def test_pages_follow_each_other(app: flask.Flask, client: FlaskClient, people: People) -> None:
    made = dead(app, 120)
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = client.get(f"/v1/tasks?after={after}", headers=people.operator).get_json()
        seen += [item["task_id"] for item in page["items"]]
        after = page["next_after"]
    assert seen == made


def test_only_the_operator(app: flask.Flask, client: FlaskClient, people: People) -> None:
    (task_id,) = dead(app)
    for who in (people.worker, people.employer, people.staff, people.bureau):
        assert client.get("/v1/tasks", headers=who).status_code == 403
        assert client.post(f"/v1/tasks/{task_id}/retry", headers=who).status_code == 403
    assert client.get("/v1/tasks?state=lost", headers=people.operator).status_code == 422


def test_the_commands(app: flask.Flask) -> None:
    (task_id,) = dead(app)
    run = app.test_cli_runner()
    listed = run.invoke(args=["tasks", "list", "--dead"]).output
    assert "待人处理 1" in listed
    assert f"{task_id}  test.dead  试过 8 次" in listed
    assert "timeout" in listed
    assert f"任务 {task_id} 会马上再试" in run.invoke(args=["tasks", "retry", str(task_id)]).output
    wrong = run.invoke(args=["tasks", "retry", str(task_id)])
    assert wrong.exit_code == 1
    assert "flask tasks list --dead" in wrong.output
    with app.extensions["database"].write_session() as session:
        session.execute(update(Task).values(due_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert "到期 1" in run.invoke(args=["tasks", "list"]).output
