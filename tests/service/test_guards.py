"""About the whole application: rules that no single feature could hold by itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from werkzeug.routing import Rule

from service import clock, openapi
from service.accounts import roles_page
from service.accounts.access import ANYONE, allowed_roles, declared
from service.accounts.permissions import ALL_ROLES, PERMISSIONS
from service.app import create_app
from service.blueprint import Blueprint, reads_query
from service.config import load
from service.db import Base, Database
from service.employers.models import Employer
from service.privacy.limits import limits
from service.privacy.registry import personal_tables, undeclared
from tests.service.conftest import People, Publish, settings_for

ROOT = Path(__file__).resolve().parents[2]
OPEN_POSTS = {"/v1/match", "/v1/auth/password", "/v1/auth/set-up", "/v1/auth/refresh", "/v1/auth/wechat", "/v1/wechat/push"}
OPEN_POSTS |= {"/v1/auth/sms/code", "/v1/auth/sms", "/v1/auth/oidc/callback", "/v1/auth/client"}
"""POST routes for anyone: they only read, are the door by which one signs in, or take what is signed itself."""
CALLED_BY_OTHERS = {"/v1/wechat/push"}
"""Called by a server that is not ours, which may add parameters one day; they are signed, not checked by name."""


def _rules(app: flask.Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def _fill(rule: Rule, job_id: int = 1) -> str:
    return re.sub(r"<[^>]*name>", "swagger-ui.css", re.sub(r"<int:[^>]*>", str(job_id), rule.rule))


def test_every_route_declares_who_may_call_it(built_app: flask.Flask) -> None:
    for rule in _rules(built_app):
        roles = allowed_roles(built_app.view_functions[rule.endpoint])
        assert roles is not None, rule.rule
        assert roles is ANYONE or roles <= set(ALL_ROLES), rule.rule


def test_every_permission_is_used_and_the_table_is_in_order(built_app: flask.Flask) -> None:
    assert list(PERMISSIONS) == sorted(PERMISSIONS)
    used = {row.name for view in built_app.view_functions.values() if (row := declared(view)) is not None}
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "service").rglob("*.py"))
    for name in set(PERMISSIONS) - used:
        assert len(re.findall(f'"{re.escape(name)}"', written)) > 1, f"{name}: no route and no action asks for it"


def test_nothing_that_writes_is_open(built_app: flask.Flask) -> None:
    for rule in _rules(built_app):
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"} and rule.rule not in OPEN_POSTS:
            assert allowed_roles(built_app.view_functions[rule.endpoint]) is not ANYONE, rule.rule


def test_a_route_that_declares_nothing_is_closed(tmp_path: Path) -> None:
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'x.db'}", tmp_path))
    app.add_url_rule("/forgotten", view_func=lambda: "open", endpoint="forgotten")
    response = app.test_client().get("/forgotten")
    assert response.status_code == 403
    assert response.get_json()["error"] == "route_closed"


def test_every_closed_route_refuses_a_stranger(built_app: flask.Flask, client: FlaskClient) -> None:
    for rule in _rules(built_app):
        if allowed_roles(built_app.view_functions[rule.endpoint]) is ANYONE:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            response = client.open(_fill(rule), method=method, json={})
            assert response.status_code == 401, (rule.rule, method)
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_get_runs_read_only(app: flask.Flask, client: FlaskClient, people: People, publish: Publish) -> None:
    job_id = publish()["job_id"]
    database: Database = app.extensions["database"]
    written: list[str] = []
    watch = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|TRUNCATE)\b", re.IGNORECASE)
    # A read of personal data is noted first, in a session of its own (audit.read_personal): the one thing that a GET may write.
    noted = re.compile(r"(?:INSERT INTO|UPDATE) audit_(?:event|head)\b")

    def see(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if watch.match(statement) and not noted.match(statement):
            written.append(statement)

    for engine in {database.write_engine, database.read_engine, database.answer_engine}:
        event.listen(engine, "before_cursor_execute", see)
    for rule in _rules(app):
        if "GET" in (rule.methods or set()):
            client.get(_fill(rule, job_id), headers=people.operator)
    assert written == []


@pytest.mark.parametrize("way", ["read_session", "answer_session"])
def test_the_reading_session_cannot_write(database: Database, way: str) -> None:
    with getattr(database, way)() as session:
        session.add(Employer(name="演示", created_at=clock.now()))
        with pytest.raises(DBAPIError):
            session.flush()
    with database.read_session() as session:
        assert session.query(Employer).count() == 0


def test_unknown_query_parameters_are_refused_everywhere(built_app: flask.Flask, client: FlaskClient, people: People) -> None:
    for rule in (rule for rule in _rules(built_app) if rule.rule not in CALLED_BY_OTHERS):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            response = client.open(
                f"{_fill(rule)}?colour_of_the_sky=blue", method=method, json={}, headers=people.operator | {"If-Match": "*"}
            )
            assert response.status_code in {400, 403, 422}, (method, rule.rule, response.status_code)
            if response.status_code != 403:
                assert "colour_of_the_sky" in response.get_json()["errors"], (method, rule.rule)


def test_query_schemas_are_strict(built_app: flask.Flask) -> None:
    for rule in _rules(built_app):
        if reads_query(built_app.view_functions[rule.endpoint]):
            assert isinstance(built_app.blueprints[rule.endpoint.rpartition(".")[0]], Blueprint), rule.rule


def test_every_operation_of_the_document_is_whole(built_app: flask.Flask) -> None:
    document = flask.json.loads(built_app.extensions["openapi"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            assert operation["summary"], (method, path)
            assert "default" in operation["responses"], (method, path)
            endpoint_closed = "security" in operation
            assert endpoint_closed == ("x-allowed-roles" in operation), (method, path)
            assert operation["x-permission"] in PERMISSIONS, (method, path)


def test_every_type_of_the_document_is_one(built_app: flask.Flask) -> None:
    """A type list with null twice is refused by every strict reader, and the fuzzer stops at it."""

    def walk(part: Any, path: str) -> None:
        if isinstance(part, dict):
            said = part.get("type")
            assert not isinstance(said, list) or len(said) == len(set(said)), path
            for name, inner in part.items():
                walk(inner, f"{path}/{name}")
        elif isinstance(part, list):
            for number, inner in enumerate(part):
                walk(inner, f"{path}/{number}")

    walk(flask.json.loads(built_app.extensions["openapi"]), "")


def test_the_document_is_current(built_app: flask.Flask) -> None:
    assert openapi.FILE.read_text(encoding="utf-8") == built_app.extensions["openapi"], "请执行 make spec"


def test_the_page_of_roles_is_current() -> None:
    assert roles_page.FILE.read_text(encoding="utf-8") == roles_page.page(), "请执行 make spec"


def test_every_setting_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, flags=re.MULTILINE))
    read = set(re.findall(r'env\.\w+\("([A-Z_]+)"', (ROOT / "service/config.py").read_text(encoding="utf-8")))
    assert set(listed) == read
    for name in listed:
        monkeypatch.delenv(name, raising=False)
    defaults = load()
    for name, value in listed.items():
        monkeypatch.setenv(name, value)
    assert load() == defaults


def test_every_table_is_known_to_the_migrations() -> None:
    listed = (ROOT / "service/migrations/tables.py").read_text(encoding="utf-8")
    modules = {mapper.class_.__module__ for mapper in Base.registry.mappers}
    assert modules
    for module in modules:
        assert f"import {module}\n" in listed or f"import {module}  #" in listed, module


def test_every_table_about_people_says_what_becomes_of_it() -> None:
    """Not covered by export and erasing is not to be merged: say ``__personal__`` on the model (``service/personal.py``)."""
    assert undeclared() == []
    rules = {one.says.rule for one in personal_tables() if one.says.rule}
    assert rules <= set(limits())
    for one in personal_tables():
        assert one.says.erase != "keep" or one.says.since in one.table.c, one.name
        assert set(one.says.keep) | set(one.says.values) <= set(one.table.c.keys()), one.name


def test_every_link_in_the_pages_leads_somewhere() -> None:
    pages = [page for page in ROOT.rglob("*.md") if not {".venv", "var", ".git"} & set(page.relative_to(ROOT).parts)]
    assert pages
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_the_pages_of_the_document_need_no_network(client: FlaskClient) -> None:
    page = client.get("/docs").get_data(as_text=True)
    for target in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert target.startswith("/docs/")
        response = client.get(target)
        assert response.status_code == 200, target
        response.close()
    assert client.get("/docs/..%2f__init__.py").status_code == 404
    assert client.get("/docs/index.html").status_code == 404


def test_the_web_loads_nothing_that_only_a_batch_needs() -> None:
    """DuckDB writes the nightly batch's files; 70 MB of it have no place in every web process."""
    asked = "import sys, service.app, matching; from matching import search, open_index; print('duckdb' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], stdout=subprocess.PIPE, text=True, check=True)
    assert told.stdout.strip() == "False"
