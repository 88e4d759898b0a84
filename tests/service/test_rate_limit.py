"""How often one caller may call, with and without Redis, and when Redis goes away."""

from __future__ import annotations

import inspect
import re
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from service import rate_classes
from service.app import create_app
from service.errors import TooMany
from service.rate_classes import RateClass, Window, class_for, classes, limited, said_class
from service.rate_limit import Line, OwnCounters, RateLimit, address_of
from tests.service.conftest import People, Publish, settings_for

ROOT = Path(__file__).resolve().parents[2]
TIGHT = ("contact", "paper", "signin", "sms", "export")


def _class(most: int = 3, away: str = "pass") -> RateClass:
    window = (Window(most, 86_400),)
    return RateClass("test", "试", window, window, window, away)


def _limit(tmp_path: Path, redis_url: str = "", **changes: Any) -> RateLimit:
    return RateLimit(settings_for("sqlite://", tmp_path, redis_url=redis_url, **{"rate_limit_factor": 1, **changes}))


def _passed(limit: RateLimit, rate_class: RateClass, name: str = "1", tries: int = 20) -> int:
    """How many of these pass before the first that does not."""
    for number in range(tries):
        try:
            limit.check(rate_class, [("person", name)])
        except TooMany as refused:
            return number if 0 < int(refused.headers["Retry-After"]) <= 86_401 else -1
    return tries


def test_in_one_process(tmp_path: Path) -> None:
    limit = _limit(tmp_path)
    assert _passed(limit, _class(3)) == 3
    assert _passed(limit, _class(3), "2") == 3


def test_without_redis_each_process_has_its_share(tmp_path: Path) -> None:
    assert _passed(_limit(tmp_path, web_workers=3), _class(12)) == 4
    assert _passed(_limit(tmp_path, web_workers=3), _class(1)) == 1


def test_processes_count_together_in_redis(tmp_path: Path, redis_url: str) -> None:
    here, there = _limit(tmp_path, redis_url, web_workers=2), _limit(tmp_path, redis_url, web_workers=2)
    assert _passed(here, _class(5), "together", tries=4) == 4
    assert _passed(there, _class(5), "together") == 1
    assert here.away_until == 0.0


@pytest.mark.parametrize(("away", "passed"), [("pass", 20), ("count", 6), ("share", 3)])
def test_what_holds_while_redis_is_away(tmp_path: Path, away: str, passed: int) -> None:
    limit = _limit(tmp_path, f"unix://{tmp_path / 'nobody.sock'}", web_workers=2)
    assert _passed(limit, _class(6, away)) == passed
    assert limit.away_until > 0.0


def test_a_redis_that_takes_the_call_and_says_nothing_costs_no_request(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        limit = _limit(tmp_path, f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        assert _passed(limit, _class(3, "count")) == 3
        assert time.monotonic() - began < 2.0  # asked once, then left alone for a while


def test_every_one_who_counts_must_have_some_left(tmp_path: Path) -> None:
    limit = _limit(tmp_path)
    wide = RateClass("test", "试", (), (Window(2, 86_400),), (Window(4, 86_400),), "count")
    for device in ("a", "a", "b", "c"):
        limit.check(wide, [("address", "192.0.2.1"), ("device", device)])
    with pytest.raises(TooMany):
        limit.check(wide, [("address", "192.0.2.1"), ("device", "d")])
    limit.check(wide, [("address", "192.0.2.2"), ("device", "b")])
    with pytest.raises(TooMany):
        limit.check(wide, [("address", "192.0.2.3"), ("device", "a")])


def test_memory_is_bounded_and_the_busiest_stay_counted() -> None:
    counters = OwnCounters(most=1_000)
    window = Window(1, 60)
    busy = Line("busy", window, 1, 100.0)
    for _ in range(50):
        counters.count([busy], 0.0)
    for number in range(5_000):
        counters.count([Line(f"x{number}", window, 1, 100.0)], 0.0)
        assert len(counters._counts) <= 1_001
    assert counters.count([busy], 0.0) == [51]
    for number in range(2_000):
        counters.count([Line(f"y{number}", window, 1, 300.0)], 200.0)
    assert "busy" not in counters._counts


@pytest.mark.parametrize(
    ("remote", "known"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("not an address", "unknown"),
        (None, "unknown"),
    ],
)
def test_whose_address_it_is(remote: str | None, known: str) -> None:
    assert address_of(remote) == known


@pytest.fixture
def strict(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An application in which every class allows two of everything."""
    two = (Window(2, 86_400),)
    table = {name: RateClass(name, row.what, two, two, two, row.away) for name, row in classes().items()}
    monkeypatch.setattr(rate_classes, "classes", lambda: table)
    made: list[flask.Flask] = []

    def make(**changes: Any) -> FlaskClient:
        app = create_app(settings_for(sqlite_url, tmp_path, **{"rate_limit_factor": 1, **changes}))
        made.append(app)
        return app.test_client()

    yield make
    for app in made:
        app.extensions["database"].close()


def test_the_answer(strict: Any) -> None:
    client = strict()
    for _ in range(2):
        assert client.get("/v1/jobs/1").status_code == 404
    response = client.get("/v1/jobs/1")
    assert response.status_code == 429
    assert response.get_json()["error"] == "too_many_requests"
    assert re.fullmatch(r"操作太频繁了，请等 \d+ (秒|分钟|小时)再试。", response.get_json()["message"])
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["RateLimit-Policy"] == '"job";q=2;w=86400'
    assert client.get("/health").status_code == 200


def test_guessing_tokens_is_counted_too(strict: Any) -> None:
    client = strict()
    answers = [client.get("/v1/me", headers={"Authorization": f"Bearer guess-{number}"}).status_code for number in range(3)]
    assert answers == [401, 401, 429]


def test_addresses_that_do_not_exist_are_counted(strict: Any) -> None:
    client = strict()
    assert [client.get(f"/v1/none-{number}").status_code for number in range(3)] == [404, 404, 429]


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_whose_address_counts(strict: Any, proxies: int, seen: str) -> None:
    """Without a trusted proxy nobody can choose his own address."""
    client = strict(trusted_proxies=proxies)
    for _ in range(2):
        assert client.get("/v1/jobs/1", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    other = client.get("/v1/jobs/1", headers={"X-Forwarded-For": "203.0.113.10"}).status_code
    assert other == (429 if seen == "127.0.0.1" else 404)


def test_a_new_device_name_does_not_help_past_the_address(strict: Any) -> None:
    client = strict()
    answers = [client.get("/v1/jobs/1", headers={"X-Device-Id": f"{number:032x}"}).status_code for number in range(3)]
    assert answers == [404, 404, 429]


def test_who_is_signed_in_does_not_pay_for_the_address(
    app: flask.Flask, client: FlaskClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[tuple[str, str]]] = []
    monkeypatch.setattr(app.extensions["rate_limit"], "check", lambda _class, callers: asked.append(callers))
    client.get("/v1/me", headers=people.worker)
    client.get("/v1/jobs/1", headers={"X-Device-Id": "演示"})
    client.get("/v1/jobs/1", headers={"X-Device-Id": "a" * 32})
    assert asked[0] == [("person", str(people.account_ids["worker"]))]
    assert asked[1] == [("address", "127.0.0.1")]
    assert [who for who, _ in asked[2]] == ["address", "device"]
    assert "a" * 32 not in str(asked[2])


@pytest.fixture
def tight_crowd(app: flask.Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Contacts are limited to three a person and five an address; everything else is wide."""
    limit = RateLimit(replace(app.extensions["settings"], rate_limit_factor=1))
    wide = (Window(1_000_000, 86_400),)
    table = {name: RateClass(name, row.what, wide, wide, wide, row.away) for name, row in classes().items()}
    table["contact"] = replace(table["contact"], person=(Window(3, 86_400),), crowd=(Window(5, 86_400),))
    monkeypatch.setattr(rate_classes, "classes", lambda: table)
    monkeypatch.setattr(app.extensions["rate_limit"], "check", limit.check)
    return limit


def test_many_accounts_at_one_address_are_bounded_together(
    client: FlaskClient, people: People, publish: Publish, tight_crowd: RateLimit
) -> None:
    """Each is below his own limit; what is refused one of them costs the others nothing, and another address is another crowd."""
    address = f"/v1/jobs/{publish()['job_id']}/contact"

    def look(who: dict[str, str], at: str = "192.0.2.1") -> int:
        return client.get(address, headers=who, environ_base={"REMOTE_ADDR": at}).status_code

    assert tight_crowd.factor == 1
    assert [look(people.worker) for _ in range(7)] == [200] * 3 + [429] * 4
    assert [look(people.staff) for _ in range(3)] == [200, 200, 429]
    assert look(people.employer) == 429
    assert look(people.employer, "192.0.2.2") == 200
    assert client.get(address.removesuffix("/contact"), headers=people.employer).status_code == 200


def test_a_crowd_has_room_for_thirty() -> None:
    contact = classes()["contact"]
    for one in contact.person:
        (together,) = (wide.most for wide in contact.crowd if wide.seconds == one.seconds)
        assert together >= 12 * one.most
    assert {(one.most, one.seconds) for one in contact.crowd if one.seconds == 86_400} == {(30 * 200, 86_400)}


def test_a_class_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown rate class"):
        limited("generous")


def test_the_class_of_what_says_nothing() -> None:
    def view() -> None: ...

    assert class_for(view, "GET").name == "read"
    assert class_for(view, "DELETE").name == "write"
    assert class_for(None, "GET").name == "read"
    assert class_for(limited("sms")(view), "POST").name == "sms"


def test_tight_classes_stay_tight_without_redis() -> None:
    for name in TIGHT:
        assert classes()[name].away == "share", name
    for row in classes().values():
        assert {window.seconds for who in rate_classes.WHO for window in row.windows(who)} <= {60, 3_600, 86_400}
        for seconds in (60, 3_600, 86_400):
            for person in (one.most for one in row.person if one.seconds == seconds):
                assert all(one.most >= person for one in row.address if one.seconds == seconds), row.name


def test_who_may_write_without_signing_in_says_how_often(built_app: flask.Flask) -> None:
    """Reads and writes have a class by their method; what a stranger may send to us must have been thought about."""
    from service.accounts.access import ANYONE, allowed_roles  # noqa: PLC0415  beside its only use

    for rule in built_app.url_map.iter_rules():
        view = built_app.view_functions[rule.endpoint]
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"} and allowed_roles(view) is ANYONE:
            assert said_class(view) is not None, f"{rule.rule}: say @limited(...)"


def test_what_shows_personal_data_of_others_is_counted_tightly(built_app: flask.Flask) -> None:
    """Each look is noted; collecting is bounded as well. The trail itself holds ids only."""
    shown = {}
    for rule in built_app.url_map.iter_rules():
        view = inspect.unwrap(built_app.view_functions[rule.endpoint])
        if "read_personal(" in inspect.getsource(view):
            shown[rule.rule] = said_class(built_app.view_functions[rule.endpoint])
    assert shown.pop("/v1/audit", "read") in {None, "read"}
    assert len(shown) >= 3
    assert set(shown.values()) <= {"contact", "export", "paper"}, shown


def test_the_page_shows_the_numbers_of_the_table() -> None:
    page = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
    told = {
        cells[0].strip("`"): cells[1:]
        for line in page.splitlines()
        if line.startswith("| `")
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    assert list(told) == list(classes())
    units = {60: "minute", 3_600: "hour", 86_400: "day"}
    for name, row in classes().items():
        windows = [", ".join(f"{one.most:,}/{units[one.seconds]}" for one in row.windows(who)) or "–" for who in rate_classes.WHO]
        assert told[name] == [row.what, *windows, row.away], name
