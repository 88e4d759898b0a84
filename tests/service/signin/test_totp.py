"""The vectors of RFC 4226 (appendix D) and RFC 6238 (appendix B), and what an authenticator app reads."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from service.signin import totp

SECRET = b"12345678901234567890"
SECRETS = {"sha1": SECRET, "sha256": (SECRET * 2)[:32], "sha512": (SECRET * 4)[:64]}
RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
RFC_6238 = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
KEPT = base64.b32encode(SECRET).decode()
NOW = datetime(2026, 11, 27, 8, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_rfc_4226(counter: int, code: str) -> None:
    assert totp.hotp(SECRET, counter) == code


@pytest.mark.parametrize(("second", "sha1", "sha256", "sha512"), RFC_6238)
def test_rfc_6238(second: int, sha1: str, sha256: str, sha512: str) -> None:
    step = totp.step_of(datetime.fromtimestamp(second, UTC))
    for algorithm, code in (("sha1", sha1), ("sha256", sha256), ("sha512", sha512)):
        assert totp.hotp(SECRETS[algorithm], step, digits=8, algorithm=algorithm) == code


@pytest.mark.parametrize(("off", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(off: int, good: bool) -> None:
    code = totp.hotp(SECRET, totp.step_of(NOW) + off)
    assert (totp.matching_step(KEPT, code, NOW, after=0) is not None) is good


def test_a_used_step_and_those_before_it_are_refused() -> None:
    used = totp.matching_step(KEPT, totp.hotp(SECRET, totp.step_of(NOW)), NOW, after=0)
    assert used == totp.step_of(NOW)
    for step in (used, used - 1):
        assert totp.matching_step(KEPT, totp.hotp(SECRET, step), NOW, after=used) is None
    later = NOW + timedelta(seconds=30)
    assert totp.matching_step(KEPT, totp.hotp(SECRET, used + 1), later, after=used) == used + 1


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "\ud800", "０１２３４５", "0" * 1000])
def test_odd_codes_are_only_wrong(code: str) -> None:
    assert totp.matching_step(KEPT, code, NOW, after=0) is None


def test_the_address_is_what_apps_read() -> None:
    secret = totp.new_secret()
    assert len(base64.b32decode(secret)) == totp.SECRET_BYTES
    told = urlsplit(totp.address(secret, "zd-01", "城暖"))
    assert (told.scheme, told.netloc) == ("otpauth", "totp")
    assert unquote(told.path) == "/城暖:zd-01"
    asked = parse_qs(told.query)
    assert asked["secret"] == [secret]
    assert asked["issuer"] == ["城暖"]
    assert asked["digits"] == ["6"]
    assert totp.qr_svg("otpauth://totp/x").startswith("<svg")
