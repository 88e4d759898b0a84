"""Headers of every answer: nothing is framed, guessed, kept or shared that should not be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from service.accounts.access import ANYONE, allowed_roles
from service.app import create_app
from service.config import ConfigError, load
from tests.service.conftest import People, settings_for
from tests.service.test_guards import _fill, _rules

OURS, THEIRS = "https://jobs.example.gov.cn", "https://evil.example.com"
ALWAYS = ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy", "Cache-Control")


def test_every_answer_carries_them_and_no_cookie(app: flask.Flask, client: FlaskClient, people: People) -> None:
    for rule in _rules(app):
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            response = client.open(_fill(rule), method=method, json={}, headers=people.worker | {"If-Match": "*"})
            for name in ALWAYS:
                assert name in response.headers, (method, rule.rule, name)
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"], rule.rule
            assert "Set-Cookie" not in response.headers, rule.rule
            assert "Access-Control-Allow-Origin" not in response.headers
            response.close()


def test_what_is_somebodys_own_is_kept_by_nobody(app: flask.Flask, client: FlaskClient, people: People) -> None:
    for rule in _rules(app):
        if "GET" not in (rule.methods or set()):
            continue
        response = client.get(_fill(rule), headers=people.worker)
        kept = response.headers["Cache-Control"]
        response.close()
        if allowed_roles(app.view_functions[rule.endpoint]) is not ANYONE:
            assert "no-store" in kept, rule.rule
        assert "no-store" in kept or "no-cache" in kept or re.fullmatch(r"(public, )?max-age=\d+", kept), rule.rule


def test_an_open_answer_to_somebody_is_not_shared(client: FlaskClient, people: People) -> None:
    assert client.get("/v1/jobs/1").headers["Cache-Control"] == "no-cache"
    response = client.get("/v1/jobs/1", headers=people.worker)
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "X-Acting-For"} <= set(response.vary)


def test_pages_run_no_script_but_the_documentations_own(client: FlaskClient) -> None:
    assert "script-src" not in client.get("/performance", headers={"Accept": "text/html"}).headers["Content-Security-Policy"]
    assert "script-src" not in client.get("/v1/docsomething").headers["Content-Security-Policy"]
    docs = client.get("/docs").headers["Content-Security-Policy"]
    assert re.search(r"script-src 'self';", docs)
    assert "unsafe-eval" not in docs


@pytest.mark.parametrize(("proxies", "proto", "told"), [(1, "https", True), (1, "http", False), (0, "https", False)])
def test_https_is_remembered_only_where_it_is_spoken(
    sqlite_url: str, tmp_path: Path, proxies: int, proto: str, *, told: bool
) -> None:
    app = create_app(settings_for(sqlite_url, tmp_path, trusted_proxies=proxies))
    response = app.test_client().get("/health", headers={"X-Forwarded-Proto": proto})
    assert ("Strict-Transport-Security" in response.headers) is told
    app.extensions["database"].close()


@pytest.fixture
def shared(sqlite_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    """An application that lets one other origin in."""
    app = create_app(settings_for(sqlite_url, tmp_path, cors_origins=frozenset({OURS})))
    yield app.test_client()
    app.extensions["database"].close()


def test_pages_of_other_origins_are_let_in_by_name(shared: FlaskClient) -> None:
    ask = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,if-match"}
    let = shared.options("/v1/jobs/1", headers={"Origin": OURS, **ask})
    assert let.headers["Access-Control-Allow-Origin"] == OURS
    assert "PATCH" in let.headers["Access-Control-Allow-Methods"]
    assert "If-Match" in let.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in let.headers
    read = shared.get("/v1/jobs/1", headers={"Origin": OURS})
    assert read.headers["Access-Control-Allow-Origin"] == OURS
    assert "ETag" in read.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "origin", [THEIRS, "null", OURS + ".evil.example.com", OURS.replace("https", "http"), OURS.upper(), OURS + "/", "*", ""]
)
def test_nobody_else_is(shared: FlaskClient, origin: str) -> None:
    for response in (
        shared.options("/v1/jobs/1", headers={"Origin": origin, "Access-Control-Request-Method": "GET"}),
        shared.get("/v1/jobs/1", headers={"Origin": origin}),
    ):
        assert not [name for name in response.headers.keys() if name.startswith("Access-Control-Allow")]  # noqa: SIM118  pairs
        assert "Origin" in response.vary


@pytest.mark.parametrize("said", ["*", "https://*.gov.cn", "http://jobs.example.gov.cn", "https://a/", "jobs.example.cn", "null"])
def test_an_origin_is_written_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CORS_ORIGINS", f"{OURS},{said}")
    with pytest.raises(ConfigError, match="CORS_ORIGINS"):
        load()
