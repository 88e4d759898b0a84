"""Sessions of the running application. A writing route says ``with write_session() as session``, calls one action, leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import current_app
from sqlalchemy.orm import Session

from service import clock
from service.config import Settings
from service.db import Database
from service.errors import Unavailable


def database() -> Database:
    """The database of this application."""
    return cast(Database, current_app.extensions["database"])


def settings() -> Settings:
    """The settings of this application."""
    return cast(Settings, current_app.extensions["settings"])


@contextmanager
def write_session() -> Iterator[Session]:
    """One transaction: committed when the block ends, rolled back when it raises. Raises Unavailable by a clock that is wrong."""
    if not clock.plausible():
        raise Unavailable("clock_wrong", "服务器的时钟不对，暂时不能提交，请稍后再试。", headers={"Retry-After": "60"})
    with database().write_session() as session:
        yield session


@contextmanager
def read_session() -> Iterator[Session]:
    """A session in which the database itself refuses to write."""
    with database().answer_session() as session:
        yield session
