"""Settings are read once and refused when they cannot be used, in one sentence that names the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.config import ConfigError, load


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "PORT", "RATE_LIMIT_FACTOR", "DEMO", "WEB_WORKERS", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


def test_without_any_setting(tmp_path: Path) -> None:
    settings = load()
    assert settings.database_url == f"sqlite:///{tmp_path / 'chengnuan.db'}"
    assert settings.is_sqlite
    assert settings.bind_address == "127.0.0.1"
    assert settings.index_dir == tmp_path / "index"


@pytest.mark.parametrize("said", ["postgres://u:p@h/db", "postgresql://u:p@h/db", "postgresql+psycopg://u:p@h/db"])
def test_the_usual_ways_to_name_postgres(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("DATABASE_URL", said)
    assert load().database_url == "postgresql+psycopg://u:p@h/db"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://h/db"),
        ("REDIS_URL", "http://h"),
        ("PORT", "0"),
        ("PORT", "eight"),
        ("WEB_WORKERS", "0"),
        ("LOG_LEVEL", "loud"),
        ("DEMO", "perhaps"),
        ("RATE_LIMIT_FACTOR", "many"),
        ("OPEN_DATA_LICENCE", "CC BY 4.0"),
        ("OPEN_DATA_LICENCE_URL", "https://example.org/licence"),
        ("OPEN_DATA_PUBLISHER", "演" * 201),
    ],
)
def test_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name):
        load()
