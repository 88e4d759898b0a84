"""What the operator sees of background work, and the one thing he does to it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from service.accounts.access import allow
from service.blueprint import Blueprint
from service.errors import Conflict, NotFound
from service.fields import MAX_ID, In, Moment, Out
from service.sessions import read_session, write_session
from service.tasks import queue
from service.tasks.models import STATES, Task

PAGE = 50

blueprint = Blueprint("tasks", __name__, description="后台任务")


class TaskQuery(In):
    """Which tasks to list."""

    state = fields.String(load_default="dead", validate=validate.OneOf(STATES), metadata={"description": "哪一种"})
    after = fields.Integer(
        load_default=0, validate=validate.Range(0, MAX_ID), metadata={"description": "从这个编号后面接着列，第一页不填"}
    )


class TaskOut(Out):
    """A task as the operator sees it: what, when, how often, and the code of the last failure. Its ids are not shown."""

    task_id = fields.Integer(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    due_at = Moment(required=True)
    tries = fields.Integer(required=True)
    last_error = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    finished_at = Moment(required=True, allow_none=True)


class TaskPage(Out):
    """One page of tasks, oldest first; ``next_after`` is null on the last."""

    items = fields.List(fields.Nested(TaskOut), required=True)
    next_after = fields.Integer(required=True, allow_none=True)


class RetryAnswer(Out):
    """The task waits again."""

    task_id = fields.Integer(required=True)
    state = fields.String(required=True)


@blueprint.route("/v1/tasks", methods=["GET"])
@blueprint.arguments(TaskQuery, location="query")
@blueprint.response(200, TaskPage)
@allow("task.read")
def list_tasks(query: dict[str, Any]) -> dict[str, Any]:
    """看后台任务，默认看多次失败、等人处理的。"""
    with read_session() as session:
        found = queue.listed(session, state=query["state"], limit=PAGE + 1, after=query["after"])
    return {"items": found[:PAGE], "next_after": found[PAGE - 1].task_id if len(found) > PAGE else None}


@blueprint.route("/v1/tasks/<int:task_id>/retry", methods=["POST"])
@blueprint.response(200, RetryAnswer)
@allow("task.retry")
def retry_task(task_id: int) -> dict[str, Any]:
    """让一个多次失败的任务重新开始。"""
    with write_session() as session:
        if session.get(Task, task_id) is None:
            raise NotFound("task_not_found", "没有这个编号的任务，可能已经做完清理了，请刷新列表再看。")
        if not queue.retry(session, task_id, queue.database_now(session)):
            raise Conflict("task_not_dead", "这个任务不在待人处理的状态，可能已经有人重试过，请刷新列表再看。")
    return {"task_id": task_id, "state": "waiting"}
