"""Guessing is slow, and nobody can lock another out with it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from service import clock
from service.db import Database
from service.signin import throttle
from service.signin.models import SignInThrottle
from service.signin.policy import policy
from service.signin.throttle import Source, Waiting
from tests.service.signin.conftest import BETTER, ELSEWHERE, HERE, Door, Hands


def _begin(database: Database, source: Source, who: str = "zd-01") -> str:
    """Count an attempt that fails; ``ok`` when it was let in, else which count said no."""
    try:
        with database.write_session() as session:
            throttle.begin(session, "password", who, source, clock.now())
    except Waiting as waiting:
        return waiting.which
    return "ok"


def test_waits_grow_and_end(database: Database, hands: Hands) -> None:
    source = Source(HERE)
    assert [_begin(database, source) for _ in range(6)] == ["ok"] * 5 + ["source"]
    waits: list[float] = []
    for _ in range(8):
        waited = 0
        while _begin(database, source, "zd-01") == "source":
            hands.move(seconds=10)
            waited += 10
        waits.append(waited)
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_waiting_is_told_and_asking_again_does_not_prolong_it(door: Door) -> None:
    door.set_up("employer")
    statuses = [door.password("employer", f"{number}-{BETTER}").status_code for number in range(6)]
    assert statuses == [401] * 5 + [429]
    for _ in range(3):
        door.hands.move(seconds=5)
        told = door.password("employer")
        assert told.status_code == 429
        assert told.get_json()["error"] == "sign_in_wait"
    assert 1 <= int(told.headers["Retry-After"]) <= 16
    door.hands.move(seconds=16)
    assert door.password("employer").status_code == 200
    assert door.password("employer", BETTER).status_code == 401, "a right password ends the wait of this source"


def test_an_unknown_login_waits_like_a_known_one(door: Door) -> None:
    door.set_up("employer")
    for login in ("employer", "nobody-at-all"):
        assert [door.password(login, BETTER).status_code for _ in range(7)] == [401] * 5 + [429] * 2


def test_a_stranger_elsewhere_does_not_stop_somebody_at_another_address(door: Door) -> None:
    door.set_up("employer")
    for _ in range(12):
        door.password("employer", BETTER, ELSEWHERE)
    assert door.password("employer", BETTER, ELSEWHERE).status_code == 429
    assert door.password("employer", address=HERE).status_code == 200


@pytest.mark.costly
def test_a_thousand_addresses_get_no_more_than_one_and_the_known_device_goes_in(door: Door, hands: Hands) -> None:
    device = door.set_up("employer")["device_token"]
    database = door.app.extensions["database"]
    let_in = sum(_begin(database, Source(f"203.0.{n // 250}.{n % 250 + 1}"), "employer") == "ok" for n in range(1000))
    assert let_in == policy().buckets["account"].burst
    assert door.password("employer", address="192.0.2.77").status_code == 429, "a stranger with the right password waits, too"
    for _ in range(4):
        assert door.password("employer", device_token=device).status_code == 200
    hands.move(days=1)
    tomorrow = sum(_begin(database, Source(f"2001:db8:{n:x}::1"), "employer") == "ok" for n in range(1000))
    assert tomorrow <= policy().buckets["account"].per_day


def test_a_known_device_is_no_free_ticket(door: Door) -> None:
    device = door.set_up("employer")["device_token"]
    statuses = [door.password("employer", BETTER, f"192.0.2.{n + 1}", device_token=device).status_code for n in range(8)]
    assert statuses == [401] * 5 + [429] * 3, "a stolen device token cannot guess faster by changing its address"
    assert door.password("employer", address="192.0.2.200").status_code == 200


def test_a_device_of_another_account_is_unknown(door: Door) -> None:
    door.set_up("employer")
    foreign = door.set_up("other-employer")["device_token"]
    for n in range(25):
        _begin(door.app.extensions["database"], Source(f"203.0.113.{n + 1}"), "employer")
    assert door.password("employer", device_token=foreign).status_code == 429


def test_one_address_cannot_try_one_password_at_every_login(database: Database, hands: Hands) -> None:
    said = [_begin(database, Source(ELSEWHERE), f"login-{n}") for n in range(100)]
    assert said.count("ok") == policy().buckets["address"].burst
    assert set(said[said.count("ok") :]) == {"address"}
    assert _begin(database, Source(HERE), "login-1") == "ok"


def test_people_who_sign_in_rightly_never_fill_the_count_of_their_address(database: Database, hands: Hands) -> None:
    for n in range(200):  # a whole station behind one address
        with database.write_session() as session:
            throttle.begin(session, "password", f"login-{n % 30}", Source(HERE), clock.now())
        with database.write_session() as session:
            throttle.succeeded(session, "password", f"login-{n % 30}", Source(HERE), clock.now())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "not an address", True),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (throttle.address_group(one) == throttle.address_group(other)) is same


def test_many_at_once_are_counted_before_they_are_compared(database: Database, hands: Hands) -> None:
    said: list[str] = []
    start = threading.Barrier(12)

    def attempt() -> None:
        start.wait(10)
        said.append(_begin(database, Source(HERE)))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["ok"] * 5 + ["source"] * 7


def test_a_clock_that_was_set_back_locks_nobody_out(database: Database, hands: Hands) -> None:
    for n in range(100):
        _begin(database, Source(HERE if n < 20 else f"198.51.100.{n}"))
    hands.move(days=-3)
    assert _begin(database, Source(HERE, "a" * 64)) == "ok"
    hands.move(days=3, hours=8)
    assert _begin(database, Source("192.0.2.99")) == "ok"


def test_old_counts_are_dropped_and_hold_no_names(database: Database, hands: Hands) -> None:
    _begin(database, Source(HERE), "演示登录名")
    hands.at += policy().throttle_kept + timedelta(hours=1)
    _begin(database, Source(ELSEWHERE), "another")
    with database.write_session() as session:
        assert throttle.forget_old(session, clock.now()) == 3
        assert session.scalar(select(func.count()).select_from(SignInThrottle)) == 3
        assert all(len(key) == 64 for key in session.scalars(select(SignInThrottle.key)))
