"""The key file: made once however many start, closed to others, and clear about what is wrong with it."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service import clock
from service.crypto import keyring
from service.crypto.blind import blind_index, candidates
from service.crypto.keyring import Keyring, KeyringFile, KeysUnusable, new_key
from service.crypto.seal import FieldLocked
from tests.service.conftest import settings_for

ASK = "from service.crypto import keyring; ring = keyring.current(); print(sorted(ring.keys), sorted(ring.active.items()))"


def test_made_at_the_first_look_closed_to_others_and_the_same_afterwards(own_keys: KeyringFile) -> None:
    assert not own_keys.path.exists()
    ring = own_keys.get()
    assert stat.S_IMODE(own_keys.path.stat().st_mode) == 0o600
    assert {key.use: key.suite.name for key in ring.keys.values()} == dict.fromkeys(("field", "index", "chain"), own_keys.suite)
    assert own_keys.get() is ring
    assert KeyringFile(own_keys.path, "intl").get() == ring
    assert [path.name for path in own_keys.path.parent.iterdir() if path.name.startswith(".keys")] == []


def test_the_secrets_are_not_in_what_is_printed(own_keys: KeyringFile) -> None:
    ring = own_keys.get()
    for key in ring.keys.values():
        assert key.key_id in repr(ring)
        assert repr(key.secret)[2:-1] not in repr(ring)
        assert base64.b64encode(key.secret).decode() not in repr(ring)


def test_processes_that_start_at_once_share_one_set(tmp_path: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "new"), "KEYS_FILE": "", "CRYPTO_SUITE": "gm"}
    started = [
        subprocess.Popen([sys.executable, "-c", ASK], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = [process.communicate(timeout=60) for process in started]
    assert [err for _, err in said] == [""] * 6
    assert len({out for out, _ in said}) == 1
    kept = json.loads((tmp_path / "new" / "keys.json").read_text())
    assert all(key_id in said[0][0] for key_id in kept["keys"])
    assert {entry["suite"] for entry in kept["keys"].values()} == {"gm"}


def test_the_settings_name_the_file(tmp_path: Path) -> None:
    settings = replace(settings_for("sqlite://", tmp_path), keys_file=tmp_path / "elsewhere" / "k.json")
    assert keyring.load(settings) == KeyringFile(tmp_path / "elsewhere" / "k.json", "intl").get()


def test_lost_keys_are_not_replaced_by_new_ones(own_keys: KeyringFile) -> None:
    ring = own_keys.get()
    content = own_keys.path.read_bytes()
    own_keys.path.unlink()
    assert own_keys.get() is ring  # who has read them goes on
    for _ in range(2):
        with pytest.raises(KeysUnusable, match="不见了"):
            KeyringFile(own_keys.path, "intl").get()
    assert not own_keys.path.exists()
    own_keys.path.write_bytes(content)
    own_keys.path.chmod(0o600)
    assert KeyringFile(own_keys.path, "intl").get() == ring


def test_without_keys_a_look_up_is_a_503_and_no_fault_of_ours(own_keys: KeyringFile) -> None:
    own_keys.get()
    own_keys.path.unlink()
    keyring.use(KeyringFile(own_keys.path, "intl"))
    for look in (blind_index, candidates):
        with pytest.raises(FieldLocked) as refused:
            look("13800000001", "phone")
        assert refused.value.reason == "no_key_file"


def test_who_died_before_the_first_keys_were_written_stops_nobody(own_keys: KeyringFile) -> None:
    own_keys.path.with_name(f"{own_keys.path.name}.lock").touch()
    assert own_keys.get().active


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_that_others_may_read_is_refused(own_keys: KeyringFile, mode: int) -> None:
    own_keys.get()
    own_keys.path.chmod(mode)
    with pytest.raises(KeysUnusable, match=f"chmod 600 {own_keys.path}"):
        KeyringFile(own_keys.path, "intl").get()


def _changed(said: dict[str, Any], *path: str, value: Any) -> str:
    at = said
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return json.dumps(said)


def test_a_damaged_file_is_one_sentence_without_its_content(own_keys: KeyringFile) -> None:
    own_keys.get()
    good = own_keys.path.read_text()
    said = json.loads(good)
    field = said["active"]["field"]
    entry = said["keys"][field]
    damaged = [
        "", "{", "[]", "null", good[: len(good) // 2],
        _changed(json.loads(good), "format", value=2),
        _changed(json.loads(good), "active", "field", value="gone"),
        _changed(json.loads(good), "active", "field", value=said["active"]["index"]),
        _changed(json.loads(good), "keys", field, "suite", value="rot13"),
        _changed(json.loads(good), "keys", field, "secret", value=entry["secret"][:-8]),
        _changed(json.loads(good), "keys", field, "secret", value="不是"),
        _changed(json.loads(good), "keys", field, "made_at", value="yesterday"),
        _changed(json.loads(good), "keys", field, value=entry["secret"]),
    ]  # fmt: skip
    for content in damaged:
        own_keys.path.write_text(content)
        with pytest.raises(KeysUnusable) as refused:
            KeyringFile(own_keys.path, "intl").get()
        assert "已损坏" in str(refused.value)
        assert entry["secret"][:16] not in str(refused.value)
        assert refused.value.__cause__ is None
        assert own_keys.path.read_text() == content, "a damaged file is never written over"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    with pytest.raises(KeysUnusable, match="KEYS_FILE"):
        KeyringFile(tmp_path / "in-the-way" / "keys.json", "intl").get()
    with pytest.raises(KeysUnusable, match="KEYS_FILE"):
        keyring.read(tmp_path)


def test_a_process_sees_a_new_key_at_once_and_lives_on_when_the_file_is_away(own_keys: KeyringFile) -> None:
    ring = own_keys.get()
    watching = KeyringFile(own_keys.path, "intl")
    assert watching.get() == ring
    key = new_key("field", "gm", clock.now())
    changed = own_keys.change({**ring.keys, key.key_id: key}, {**ring.active, "field": key.key_id}, expected=ring)
    assert changed.key("field") == key
    assert watching.get() == changed
    assert [one.key_id for one in changed.of_use("field")] == [key.key_id, ring.active["field"]]
    own_keys.path.rename(own_keys.path.with_name("moved"))
    assert watching.get() == changed
    assert not own_keys.path.exists(), "keys that are away are not replaced by others behind one's back"


def test_two_changes_at_once_are_not_both_written(own_keys: KeyringFile) -> None:
    ring = own_keys.get()
    first, second = (new_key("field", "intl", clock.now()) for _ in range(2))
    own_keys.change({**ring.keys, first.key_id: first}, ring.active, expected=ring)
    with pytest.raises(KeysUnusable, match="再执行一次"):
        own_keys.change({**ring.keys, second.key_id: second}, ring.active, expected=ring)
    assert set(own_keys.get().keys) == {*ring.keys, first.key_id}


def test_without_a_word_the_environment_says_where(own_keys: KeyringFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "_current", [])
    monkeypatch.setenv("KEYS_FILE", str(own_keys.path))
    assert keyring.current() == own_keys.get()
    assert isinstance(keyring.current(), Keyring)
