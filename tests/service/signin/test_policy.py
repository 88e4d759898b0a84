"""The numbers: what the page tells is what the table says, and a broken table does not start."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from service.accounts.permissions import ROLES
from service.signin import policy as policy_module
from service.signin.policy import policy, read

ROOT = Path(__file__).resolve().parents[3]
TABLE = tomllib.loads((Path(policy_module.__file__).parent / "data/sign_in.toml").read_text(encoding="utf-8"))


def test_the_page_tells_what_the_table_says() -> None:
    page = (ROOT / "docs/sign-in.md").read_text(encoding="utf-8")
    rows = {cells[0]: cells[1:] for line in page.splitlines() if (cells := [c.strip() for c in line.strip("|").split("|")])}
    kinds = [TABLE["sessions"][name] for name in ("staff", "employer", "worker")]
    assert rows["access token"] == [f"{kind['access_minutes']} min" for kind in kinds]
    assert rows["idle time-out (refresh token)"] == [f"{kind['idle_minutes']} min" for kind in kinds]
    assert rows["longest sign-in"] == [f"{kind['absolute_hours']} h" for kind in kinds]
    assert rows["a lost answer may be asked for again"] == [f"{kind['grace_seconds']} s" for kind in kinds]
    assert rows["second factor"] == ["required" if kind["second_factor_required"] else "if wished" for kind in kinds]
    password, second, throttle, sms = TABLE["password"], TABLE["second_factor"], TABLE["throttle"], TABLE["sms"]
    source = throttle["source"]
    told = {
        "password": [f"{password['shortest']} to {password['longest']} characters"],
        "argon2id": [
            f"t={password['time_cost']}, m={password['memory_kib'] // 1024} MiB, p={password['parallelism']}",
            f"{password['at_once']} at once in a process and {password['at_once_known']} more for known devices",
            f"{password['waiting']} may wait for {password['wait_seconds']:g} s, the others get 503 at once",
        ],
        "one account from one source (device or address)": [
            f"{source['free_failures']} failures, then {source['first_wait_seconds']} s",
            f"up to {source['longest_wait_seconds']} s; forgotten after {source['forgotten_hours']} h",
        ],
        "second factor must follow within": [f"{second['pending_minutes']} min"],
        "TOTP": [
            f"{second['digits']} digits, {second['step_seconds']} s, {second['drift_steps']} step of drift",
            f"{second['recovery_codes']} recovery codes",
        ],
        "known device": [f"{TABLE['device']['known_days']} days", f"{TABLE['device']['most']} an account"],
        "set-up code": [f"{TABLE['set_up']['code_days']} days"],
        "SMS code": [f"{sms['digits']} digits, {sms['minutes']} min, {sms['tries']} tries, again after {sms['again_seconds']} s"],
        "identity service": [f"{TABLE['oidc']['minutes']} min", f"{TABLE['oidc']['clock_skew_seconds']} s"],
        "ended sign-ins are kept": [f"{TABLE['kept']['sessions_days']} days"],
    }
    for name, words in told.items():
        for word in words:
            assert word in rows[name][0], (name, word)
    buckets = {
        "one account from all unknown sources": "account",
        "one address, all accounts, failures": "address",
        "second factor, one account from unknown sources": "second_factor",
        "SMS to one phone": "sms_phone",
        "SMS asked by one address": "sms_address",
        "SMS altogether": "sms_all",
    }
    for name, bucket in buckets.items():
        row = throttle[bucket]
        assert rows[name][0] == f"{row['burst']} at once, {row['leak_per_day']} a day"
    assert set(buckets.values()) == set(throttle) - {"source"}


def test_every_role_signs_in_but_the_partner() -> None:
    assert set(policy().sessions) == set(ROLES) - {"partner"}
    assert policy().session("partner") is None


def test_bounds_of_the_standards() -> None:
    assert policy().password.shortest >= 8
    assert policy().password.longest >= 64
    assert policy().buckets["account"].burst + policy().buckets["account"].per_day <= 100
    for role in ("station_staff", "station_head", "reviewer", "bureau", "auditor", "operator"):
        chosen = policy().sessions[role]
        assert chosen.second_factor_required
        assert chosen.idle.total_seconds() <= 1800


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        (("throttle", "account", "burst"), 0, ValueError),
        (("sessions", "staff", "access_minutes"), 100_000, ValueError),
        (("sessions", "worker", "idle_minutes"), 10_000_000, ValueError),
        (("password", "surprise"), 1, TypeError),
        (("sms",), {}, KeyError),
    ],
)
def test_a_broken_table_is_refused(path: tuple[str, ...], value: Any, error: type[Exception]) -> None:
    table = copy.deepcopy(TABLE)
    inner = table
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(error):
        read(table)
