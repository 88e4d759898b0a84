"""Keys of a test's own, in place of those of the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.crypto import keyring
from service.crypto.keyring import KeyringFile


@pytest.fixture(params=["intl", "gm"])
def own_keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyringFile]:
    """A new key file of each suite, which this process uses during the test."""
    before = keyring.current_file()
    yield keyring.use(KeyringFile(tmp_path / "keys.json", request.param))
    keyring.use(before)
