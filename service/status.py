"""Is it alive, and how is it? No personal data, so that whoever watches needs no key."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from configparser import ConfigParser
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import redis
from flask import Flask, current_app
from marshmallow import fields, validate
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from service import clock
from service.accounts.access import allow
from service.blueprint import Blueprint
from service.config import Settings
from service.db import Database
from service.duplicates.counts import Counts, adverts, counts
from service.fields import Out
from service.indexing import changes
from service.indexing.follower import Heartbeat, read_heartbeat, snapshot_session
from service.indexing.live import LiveIndex
from service.migrations.run import revision
from service.rate_classes import limited
from service.tasks import queue

FOLLOWER_LATE_SECONDS = 15
WORKER_LATE = timedelta(minutes=3)
TASK_LATE_SECONDS = 300
CLOCK_OFF_SECONDS = 5
DISK_LEAST_MB = 100
REDIS_SECONDS = 0.3
HEADCOUNT_SECONDS = 60
ROOT = Path(__file__).resolve().parent.parent


class HealthAnswer(Out):
    """The process answers."""

    status = fields.String(required=True)


class DatabaseOut(Out):
    """The database as seen now."""

    ok = fields.Boolean(required=True)
    kind = fields.String(required=True)
    revision = fields.String(required=True, allow_none=True)
    open_jobs = fields.Integer(required=True, allow_none=True, metadata={"description": "在招的岗位，几个来源都有的只算一个"})
    duplicates = fields.Integer(
        required=True, allow_none=True, metadata={"description": "和别的是同一个岗位、没有单独显示的条数"}
    )
    headcount = fields.Integer(
        required=True, allow_none=True, metadata={"description": "在招岗位一共招多少人，每个岗位只算一次；最多一分钟前的数"}
    )


class IndexOut(Out):
    """The index that this process holds open, and how far behind the database it is."""

    ok = fields.Boolean(required=True)
    generation = fields.Integer(required=True, allow_none=True)
    jobs = fields.Integer(required=True, allow_none=True)
    built_at = fields.String(required=True, allow_none=True)
    updated_at = fields.String(required=True, allow_none=True)
    changes_waiting = fields.Integer(required=True, allow_none=True)
    trouble = fields.String(required=True, allow_none=True)


class FollowerOut(Out):
    """The process that writes the index."""

    ok = fields.Boolean(required=True)
    last_seen_at = fields.String(required=True, allow_none=True)
    last_rebuild_at = fields.String(required=True, allow_none=True)
    last_rebuild_reason = fields.String(required=True, allow_none=True)
    last_error = fields.String(required=True, allow_none=True)


class TasksOut(Out):
    """Background work. ``last_seen_at``: when a worker last did something; one that lives does so every minute."""

    ok = fields.Boolean(required=True)
    waiting = fields.Integer(required=True, allow_none=True)
    due = fields.Integer(required=True, allow_none=True)
    leased = fields.Integer(required=True, allow_none=True)
    dead = fields.Integer(required=True, allow_none=True)
    oldest_due_seconds = fields.Integer(required=True, allow_none=True)
    last_seen_at = fields.String(required=True, allow_none=True)


class RedisOut(Out):
    """``off``: not set up; ``away``: set up and silent, everything works without it."""

    state = fields.String(required=True, validate=validate.OneOf(["off", "ok", "away"]))


class ClockOut(Out):
    """The clock of this process beside the database's, and how far it has jumped since the process began."""

    ok = fields.Boolean(required=True)
    database_now = fields.String(required=True, allow_none=True)
    difference_seconds = fields.Float(required=True, allow_none=True)
    jumped_seconds = fields.Float(required=True)


class DiskOut(Out):
    """Where the data lie."""

    ok = fields.Boolean(required=True)
    free_mb = fields.Integer(required=True, allow_none=True)


class StatusAnswer(Out):
    """``ok`` is true when database, index, follower, tasks, clock and disk all are. Redis may be away."""

    ok = fields.Boolean(required=True)
    version = fields.String(required=True, metadata={"description": "程序版本"})
    api_version = fields.String(required=True, metadata={"description": "接口版本"})
    commit = fields.String(required=True, allow_none=True)
    process = fields.Integer(required=True, metadata={"description": "回答的网站进程的编号"})
    now = fields.String(required=True)
    database = fields.Nested(DatabaseOut, required=True)
    index = fields.Nested(IndexOut, required=True)
    follower = fields.Nested(FollowerOut, required=True)
    tasks = fields.Nested(TasksOut, required=True)
    redis = fields.Nested(RedisOut, required=True)
    clock = fields.Nested(ClockOut, required=True)
    disk = fields.Nested(DiskOut, required=True)


_headcounts: WeakKeyDictionary[Database, tuple[float, int]] = WeakKeyDictionary()

blueprint = Blueprint("status", __name__, description="运行状况")


@blueprint.route("/health", methods=["GET"])
@blueprint.response(200, HealthAnswer)
@allow.anyone("system.read")
@limited("watch")
def health() -> dict[str, str]:
    """活着没有。"""
    return {"status": "ok"}


@blueprint.route("/status", methods=["GET"])
@blueprint.response(200, StatusAnswer)
@allow.anyone("system.read")
@limited("watch")
def status() -> dict[str, Any]:
    """运行状况：程序版本、数据库、索引的新旧、索引进程、后台任务、Redis、时钟、磁盘。"""
    settings: Settings = current_app.extensions["settings"]
    found = parts(current_app)
    return {
        "ok": all(part["ok"] for part in found.values()),
        "version": program_version(),
        "api_version": current_app.config["API_VERSION"],
        "commit": commit(),
        "process": os.getpid(),
        "now": clock.show(clock.now()),
        "redis": {"state": _redis_state(settings.redis_url)},
        **found,
    }


def parts(app: Flask) -> dict[str, dict[str, Any]]:
    """The parts of the service as they are now, each with ``ok``."""
    settings: Settings = app.extensions["settings"]
    opened: Database = app.extensions["database"]
    return {
        "database": _database_state(opened),
        "index": _index_state(app.extensions["live_index"], opened),
        "follower": _follower_state(read_heartbeat(settings.index_dir)),
        "tasks": _tasks_state(opened),
        "clock": _clock_state(opened),
        "disk": _disk_state(settings.data_dir),
    }


def _database_state(database: Database) -> dict[str, Any]:
    kind = "sqlite" if database.is_sqlite else "postgresql"
    try:
        with database.read_session() as session:
            session.execute(text("SELECT 1"))
        now = _counted(database)
        return {
            "ok": True,
            "kind": kind,
            "revision": revision(database.url),
            "open_jobs": now.jobs,
            "duplicates": now.duplicates,
            "headcount": now.headcount,
        }
    except SQLAlchemyError:
        return {"ok": False, "kind": kind, "revision": None} | dict.fromkeys(("open_jobs", "duplicates", "headcount"))


def _counted(database: Database) -> Counts:
    """Adverts and copies as they are; the people wanted, which takes a look at every row, as a minute ago."""
    now = clock.now()
    with database.read_session() as session:
        numbers = adverts(session, now)
        held = _headcounts.get(database)
        if held is None or time.monotonic() - held[0] > HEADCOUNT_SECONDS:
            held = _headcounts[database] = (time.monotonic(), counts(session, now).headcount)
    return numbers._replace(headcount=held[1])


def _index_state(live: LiveIndex, database: Database) -> dict[str, Any]:
    index = live.peek()
    if index is None:
        return dict.fromkeys(("generation", "jobs", "built_at", "updated_at", "changes_waiting")) | {
            "ok": False,
            "trouble": live.trouble or "还没有索引",
        }
    try:
        with snapshot_session(database) as session:
            waiting: int | None = len(changes.read(session, changes.Position.load(index.position)).job_ids)
    except (SQLAlchemyError, changes.LogRewound):
        waiting = None
    return {
        "ok": live.trouble is None,
        "generation": index.generation,
        "jobs": index.jobs,
        "built_at": clock.show(clock.from_seconds(index.built_at)),
        "updated_at": clock.show(clock.from_seconds(index.updated_at)),
        "changes_waiting": waiting,
        "trouble": live.trouble,
    }


def _tasks_state(database: Database) -> dict[str, Any]:
    try:
        with database.read_session() as session:
            now = queue.database_now(session)
            depth = queue.depth(session, now)
    except SQLAlchemyError:
        return dict.fromkeys(("waiting", "due", "leased", "dead", "oldest_due_seconds", "last_seen_at")) | {"ok": False}
    seen = depth.pulse_at
    return {
        "ok": seen is not None and now - seen < WORKER_LATE and depth.oldest_due_seconds < TASK_LATE_SECONDS,
        "waiting": depth.waiting,
        "due": depth.due,
        "leased": depth.leased,
        "dead": depth.dead,
        "oldest_due_seconds": depth.oldest_due_seconds,
        "last_seen_at": None if seen is None else clock.show(seen),
    }


def _clock_state(database: Database) -> dict[str, Any]:
    jumped = round(clock.jumped_seconds(), 1)
    try:
        with database.read_session() as session:
            theirs = queue.database_now(session)
            difference = round((clock.now() - theirs).total_seconds(), 1)
    except SQLAlchemyError:
        return {"ok": False, "database_now": None, "difference_seconds": None, "jumped_seconds": jumped}
    return {
        "ok": clock.plausible() and abs(difference) <= CLOCK_OFF_SECONDS and abs(jumped) <= clock.LARGEST_JUMP_SECONDS,
        "database_now": clock.show(theirs),
        "difference_seconds": difference,
        "jumped_seconds": jumped,
    }


def _disk_state(directory: Path) -> dict[str, Any]:
    try:
        free = shutil.disk_usage(directory).free // 2**20
    except OSError:
        return {"ok": False, "free_mb": None}
    return {"ok": free >= DISK_LEAST_MB, "free_mb": free}


def _redis_state(url: str) -> str:
    if not url:
        return "off"
    client = redis.Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS)
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return "away"
    finally:
        client.close()
    return "ok"


def _follower_state(beat: Heartbeat | None) -> dict[str, Any]:
    if beat is None:
        return {"ok": False, "last_seen_at": None, "last_rebuild_at": None, "last_rebuild_reason": None, "last_error": None}
    age = (clock.now() - clock.parse(beat.at)).total_seconds()
    return {
        "ok": age < FOLLOWER_LATE_SECONDS and beat.last_error is None,
        "last_seen_at": beat.at,
        "last_rebuild_at": beat.last_rebuild_at,
        "last_rebuild_reason": beat.last_rebuild_reason,
        "last_error": beat.last_error,
    }


@cache
def program_version() -> str:
    """As the packaging file says; the API has a version of its own."""
    packaged = ConfigParser()
    packaged.read(ROOT / "setup.cfg", encoding="utf-8")
    return packaged.get("metadata", "version", fallback="")


@cache
def commit() -> str | None:
    """The commit that runs, when the program stands in a git checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],  # noqa: S607  git is where the system has it
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
