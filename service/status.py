"""Is it alive, and how is it? No personal data, so that whoever watches needs no key."""

from __future__ import annotations

import os
import subprocess
from configparser import ConfigParser
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app
from marshmallow import fields
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from service import clock
from service.accounts.access import allow
from service.blueprint import Blueprint
from service.config import Settings
from service.db import Database
from service.fields import Out
from service.indexing import changes
from service.indexing.follower import Heartbeat, read_heartbeat, snapshot_session
from service.indexing.live import LiveIndex
from service.jobs.models import Job
from service.migrations.run import revision
from service.rate_classes import limited

FOLLOWER_LATE_SECONDS = 15
ROOT = Path(__file__).resolve().parent.parent


class HealthAnswer(Out):
    """The process answers."""

    status = fields.String(required=True)


class DatabaseOut(Out):
    """The database as seen now."""

    ok = fields.Boolean(required=True)
    kind = fields.String(required=True)
    revision = fields.String(required=True, allow_none=True)
    open_jobs = fields.Integer(required=True, allow_none=True)


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


class StatusAnswer(Out):
    """``ok`` is true when database, index and follower all are."""

    ok = fields.Boolean(required=True)
    version = fields.String(required=True, metadata={"description": "程序版本"})
    api_version = fields.String(required=True, metadata={"description": "接口版本"})
    commit = fields.String(required=True, allow_none=True)
    process = fields.Integer(required=True, metadata={"description": "回答的网站进程的编号"})
    now = fields.String(required=True)
    database = fields.Nested(DatabaseOut, required=True)
    index = fields.Nested(IndexOut, required=True)
    follower = fields.Nested(FollowerOut, required=True)


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
    """运行状况：程序版本、数据库、索引的新旧、索引进程。"""
    settings: Settings = current_app.extensions["settings"]
    database = _database_state(current_app.extensions["database"])
    index = _index_state(current_app.extensions["live_index"], current_app.extensions["database"])
    follower = _follower_state(read_heartbeat(settings.index_dir))
    return {
        "ok": bool(database["ok"] and index["ok"] and follower["ok"]),
        "version": program_version(),
        "api_version": current_app.config["API_VERSION"],
        "commit": commit(),
        "process": os.getpid(),
        "now": clock.show(clock.now()),
        "database": database,
        "index": index,
        "follower": follower,
    }


def _database_state(database: Database) -> dict[str, Any]:
    kind = "sqlite" if database.is_sqlite else "postgresql"
    try:
        with database.read_session() as session:
            session.execute(text("SELECT 1"))
            jobs = session.scalar(
                select(func.count()).select_from(Job).where(Job.status == "open", Job.valid_until > clock.now())
            )
        return {"ok": True, "kind": kind, "revision": revision(database.url), "open_jobs": jobs}
    except SQLAlchemyError:
        return {"ok": False, "kind": kind, "revision": None, "open_jobs": None}


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
