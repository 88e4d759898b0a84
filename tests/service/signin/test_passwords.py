"""Which passwords are taken, how they are kept, and that a flood of sign-ins cannot eat the memory."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from service.errors import Invalid, Unavailable
from service.signin import cost
from service.signin.passwords import Hasher
from service.signin.policy import policy
from service.signin.weak_passwords import is_guessable, require_good

CHEAP = replace(policy().password, time_cost=1, memory_kib=8, wait_seconds=0.05)


@pytest.mark.parametrize(
    "password",
    [
        "Password2024!", "P@ssw0rd2024", "Admin@123456", "ganzhou2026.", "Woaini1314520", "wangxiaoming123", "qwertyuiop12",
        "1qaz2wsx3edc", "abcabcabcabc", "13800000001", "19900101abc", "zhangwei1990", "aaaaaaaaaa", "ＱＷＥＲＴＹ１２３４５６",
        "iloveyou2025", "zd01-front123", "1234567890",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_refused(password: str) -> None:
    assert is_guessable(password, login="zd01-front")
    with pytest.raises(Invalid) as refused:
        require_good(password, login="zd01-front")
    assert refused.value.error == "password_weak"
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        "7#9!2$5&8x(3",
        "correct horse battery",
        "qingshi-banlu-heniu",
        "雨后青石板路很滑喔对",
        "xT7kQ9mPz2",
        "  spaces at both ends  ",
    ],
)
def test_length_is_enough_without_rules_of_composition(password: str) -> None:
    require_good(password, login="zd-01", name="演示驿站")


@pytest.mark.parametrize(("password", "said"), [("k3#9xQ!2v", "至少"), ("k3#9xQ!2vL" * 13, "最多")])
def test_length_has_bounds(password: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        require_good(password, login="x")


def test_a_hash_is_salted_checked_and_renewed_when_the_cost_rises() -> None:
    with Hasher(CHEAP).place() as cheap, Hasher(replace(CHEAP, time_cost=2)).place() as dearer:
        first, second = cheap.hash("一个 密码"), cheap.hash("一个 密码")
        assert first != second
        assert first.startswith("$argon2id$v=19$m=8,t=1,p=1$")
        assert cheap.matches(first, "一个 密码")
        assert not cheap.matches(first, "一个密码")
        assert not cheap.is_outdated(first)
        assert dearer.matches(first, "一个 密码")
        assert dearer.is_outdated(first)


@pytest.mark.parametrize("kept", [None, "", "plain text", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_nobody_and_a_damaged_hash_open_nothing(kept: str | None) -> None:
    with Hasher(CHEAP).place() as place:
        assert not place.matches(kept, "x")


def test_so_many_hash_so_many_wait_and_the_others_are_told_at_once() -> None:
    hasher = Hasher(replace(CHEAP, at_once=2, waiting=1, wait_seconds=5.0))
    inside, go_on, waited = threading.Barrier(3), threading.Event(), threading.Event()

    def hold() -> None:
        with hasher.place():
            inside.wait(5)
            go_on.wait(5)

    def wait() -> None:
        with hasher.place():
            waited.set()

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(5)
    threads.append(threading.Thread(target=wait))
    threads[-1].start()
    while hasher._strangers._waiting._value:
        time.sleep(0.005)
    began = time.perf_counter()
    with pytest.raises(Unavailable) as busy, hasher.place():
        pass
    assert time.perf_counter() - began < 1.0
    assert busy.value.headers["Retry-After"]
    with hasher.place(known=True):
        pass  # a known device has a place of its own
    assert not waited.is_set()
    go_on.set()
    for thread in threads:
        thread.join()
    assert waited.is_set()


def test_waiting_ends() -> None:
    hasher = Hasher(replace(CHEAP, at_once=1, wait_seconds=0.05))
    with hasher.place(), pytest.raises(Unavailable), hasher.place():
        pass


def test_an_error_inside_gives_the_place_back() -> None:
    hasher = Hasher(replace(CHEAP, at_once=1))
    for _ in range(3):
        with pytest.raises(LookupError), hasher.place():
            raise LookupError
    with hasher.place() as place:
        assert place.matches(place.hash("x"), "x")


def test_the_cost_of_the_table_follows_the_rule() -> None:
    chosen = policy().password
    assert (chosen.time_cost, chosen.memory_kib // 1024) in cost.CANDIDATES
    assert chosen.memory_kib // 1024 <= cost.MOST_MIB
    assert chosen.memory_kib >= 19 * 1024
    assert chosen.time_cost >= 2
    assert chosen.parallelism == 1
    measured = [
        cost.Cost(2, 19, 17.0, 17.0),
        cost.Cost(2, 64, 80.0, 85.0),
        cost.Cost(3, 64, 110.0, 115.0),
        cost.Cost(2, 128, 90.0, 90.0),
    ]
    assert cost.choose(measured) == measured[1]
    assert cost.choose(measured[2:]) is None
    assert cost.measure(1, 1, 3).fastest_ms > 0
