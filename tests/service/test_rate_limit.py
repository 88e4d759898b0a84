"""How many requests one caller may make, with and without Redis, and when Redis goes away."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.errors import TooMany
from service.rate_limit import RateLimit
from tests.service.conftest import settings_for


def _limit(tmp_path: Path, redis_url: str = "") -> RateLimit:
    settings = settings_for("sqlite://", tmp_path, redis_url=redis_url, rate_limit_read="3/hour", rate_limit_write="2/hour")
    return RateLimit(settings)


def _used_up(limit: RateLimit, key: str, *, reads: bool, most: int) -> bool:
    for _ in range(most):
        limit.check(key, reads=reads)
    try:
        limit.check(key, reads=reads)
    except TooMany as refused:
        return 0 < int(refused.headers["Retry-After"]) <= 3601
    return False


def test_in_one_process(tmp_path: Path) -> None:
    limit = _limit(tmp_path)
    assert _used_up(limit, "a1", reads=True, most=3)
    assert _used_up(limit, "a1", reads=False, most=2)
    limit.check("a2", reads=True)


def test_processes_count_together_in_redis(tmp_path: Path, redis_url: str) -> None:
    here, there = _limit(tmp_path, redis_url), _limit(tmp_path, redis_url)
    here.check("a1", reads=True)
    there.check("a1", reads=True)
    here.check("a1", reads=True)
    with pytest.raises(TooMany):
        there.check("a1", reads=True)


def test_without_redis_reads_pass_and_writes_are_counted_here(tmp_path: Path) -> None:
    limit = _limit(tmp_path, f"unix://{tmp_path / 'nobody.sock'}")
    for _ in range(10):
        limit.check("a1", reads=True)
    assert _used_up(limit, "a1", reads=False, most=2)


def test_the_answer(tmp_path: Path, sqlite_url: str) -> None:
    app = create_app(settings_for(sqlite_url, tmp_path, rate_limit_read="2/hour"))
    client: FlaskClient = app.test_client()
    for _ in range(2):
        assert client.get("/v1/jobs/1").status_code == 404
    response = client.get("/v1/jobs/1")
    assert response.status_code == 429
    assert response.get_json()["error"] == "too_many_requests"
    assert int(response.headers["Retry-After"]) > 0
    assert client.get("/health").status_code == 200
    app.extensions["database"].close()


def test_guessing_tokens_is_counted_too(tmp_path: Path, sqlite_url: str) -> None:
    app = create_app(settings_for(sqlite_url, tmp_path, rate_limit_read="2/hour"))
    client = app.test_client()
    answers = [client.get("/v1/me", headers={"Authorization": f"Bearer guess-{number}"}).status_code for number in range(3)]
    assert answers == [401, 401, 429]
    app.extensions["database"].close()


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_whose_address_counts(tmp_path: Path, sqlite_url: str, proxies: int, seen: str) -> None:
    """Without a trusted proxy nobody can choose his own address."""
    app = create_app(settings_for(sqlite_url, tmp_path, trusted_proxies=proxies, rate_limit_read="1/hour"))
    client = app.test_client()
    assert client.get("/v1/jobs/1", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    other = client.get("/v1/jobs/1", headers={"X-Forwarded-For": "203.0.113.10"}).status_code
    assert other == (429 if seen == "127.0.0.1" else 404)
    app.extensions["database"].close()
