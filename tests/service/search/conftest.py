"""A small pool of published jobs with an index over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from service.indexing.follower import Follower
from tests.service.conftest import Publish, draft

ZHANGGONG_POINT = {"lat": 25.83, "lng": 114.93}


@pytest.fixture
def index(app: flask.Flask) -> Iterator[Callable[[], None]]:
    """Bring the index up to the database, and let the application take it up."""
    settings, database, live = (app.extensions[name] for name in ("settings", "database", "live_index"))
    follower = Follower(database, settings.index_dir)

    def catch_up() -> None:
        while follower.step():
            pass
        live.refresh()

    yield catch_up
    follower.close()


@pytest.fixture
def pool(client: FlaskClient, publish: Publish, index: Callable[[], None]) -> dict[str, int]:
    """Five made-up jobs by name, indexed."""
    here = {"lat": 25.83, "lng": 114.93, "region": "赣州市章贡区"}
    made = {
        "welder": draft(title="电焊工", description="钢结构焊接。", wage="7000-9000元/月", age="18-60岁", **here),
        "welder_far": draft(title="氩弧焊工", description="不锈钢焊接。", wage="8000元/月", region="赣州市信丰县"),
        "guard": draft(title="小区保安", description="门岗值班。", wage="3200-3800元/月", age="18-60岁", **here),
        "cleaner": draft(title="商场保洁员", description="打扫卫生。", wage="2800元/月", age="不限", **here),
        "factory": draft(title="电子厂普工", description="流水线组装，包吃住。", wage="5000-6500元/月", **here),
    }
    ids = {name: publish(body)["job_id"] for name, body in made.items()}
    index()
    return ids


def search(client: FlaskClient, **asked: Any) -> dict[str, Any]:
    """The answer of the list; the test fails when it is refused."""
    response = client.get("/v1/jobs", query_string=asked)
    assert response.status_code == 200, response.get_json()
    answer: dict[str, Any] = response.get_json()
    return answer


def ids(answer: dict[str, Any]) -> list[int]:
    """The jobs of a page, in order."""
    return [item["job_id"] for item in answer["items"]]
