"""Jobs in the database, and a follower on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service import clock
from service.db import Database
from service.indexing.follower import Follower
from service.jobs.advert import Advert, Source
from service.jobs.put import put

Post = Callable[..., int]


def advert(number: int, title: str = "电焊工") -> Advert:
    """A made-up advert that can be told from others by its number."""
    return Advert(
        kind="public",
        title=title,
        source=Source(key="test", name="演示来源", original_id=str(number)),
        wage="6000-8000元/月",
        region="赣州市章贡区",
        headcount=3,
    )


def post_to(database: Database, number: int, title: str = "电焊工") -> int:
    """Put an advert into the table, in a transaction of its own; its job id."""
    with database.write_session() as session:
        job, _ = put(session, advert(number, title), account_id=None, now=clock.now())
        return job.job_id


@pytest.fixture
def post(database: Database) -> Post:
    """Put adverts into the database of the test."""
    return lambda number, title="电焊工": post_to(database, number, title)


@pytest.fixture
def follower(database: Database, tmp_path: Path) -> Iterator[Follower]:
    """A follower that is stepped by hand."""
    made = Follower(database, tmp_path / "index")
    yield made
    made.close()
