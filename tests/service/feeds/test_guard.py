"""The bounds, on the line and one beyond it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.errors import Invalid
from service.feeds.guard import objection
from service.feeds.source import Bounds, from_settings, open_source, source_keys

BOUNDS = Bounds(rows=(10, 20), publishable=(5, 15), vanish_share=0.25)


@pytest.mark.parametrize(
    ("read", "publishable", "shown", "vanishing", "stops"),
    [
        (10, 5, 0, 0, False),
        (20, 15, 100, 25, False),
        (9, 9, 0, 0, True),
        (21, 15, 0, 0, True),
        (10, 4, 0, 0, True),
        (20, 16, 0, 0, True),
        (10, 10, 100, 26, True),
        (10, 10, 1, 1, True),
    ],
)
def test_objection(read: int, publishable: int, shown: int, vanishing: int, stops: bool) -> None:
    said = objection(BOUNDS, read=read, publishable=publishable, shown=shown, vanishing=vanishing)
    assert bool(said) is stops
    assert "\n" not in said


def test_a_source_that_contradicts_itself_is_refused() -> None:
    source = open_source("job51_sample")
    assert source.source_class == "catalogue"
    said = {"name": "x", "class": "made-up", "publisher": "", "publisher_class": "", "url": "", "licence": "", "legal_basis": ""}
    settings: dict[str, Any] = {
        "source": {**said, "rhythm": "", "file": "x", "valid_days": 1},
        "bounds": {"rows": [1, 2], "publishable": [1, 2], "vanish_share": 0.1},
        "columns": {"required": [], "names": {}},
    }
    with pytest.raises(ValueError, match="class"):
        from_settings("x", settings, source.parse)
    settings["source"]["class"] = "vacancy"
    settings["bounds"]["rows"] = [5, 2]
    with pytest.raises(ValueError, match="bounds"):
        from_settings("x", settings, source.parse)


@pytest.mark.parametrize("key", source_keys())
def test_every_source_says_who_and_why_and_has_its_file(key: str) -> None:
    source = open_source(key)
    assert source.file.is_file() if source.way.form == "file" else not source.enabled
    assert source.url or source.way.form == "folder"
    assert all((source.name, source.publisher, source.licence, source.legal_basis, source.rhythm))
    assert source.publisher_class in {"agency", "public", "employer", "household"}
    assert (source.source_class == "catalogue") == bool(source.label)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("[fetch\n", "第 1 行不是 TOML 的写法"),
        ('[source]\nenabled = true\n[fetch]\nurl = "https://a.example/"\n', "[fetch] 的 url 不在 allow 里"),
        ("[source]\nenabled = true\n[fetch.limits]\nspeed = 1\n", "[fetch.limits] 里有不认识的项"),
        ('[source]\nenabled = true\n[fetch.headers_from]\nKey = "none.key"\n', "读不到文件 none.key"),
        ("[bounds]\nrows = [5, 2]\n", "[bounds] 里的范围要先写小的再写大的"),
        ('[source]\ntrust = "much"\n', "有一项的值写法不对"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_in_our_words(tmp_path: Path, said: str, told: str) -> None:
    (tmp_path / "province_jobs.toml").write_text(said, encoding="utf-8")
    with pytest.raises(Invalid) as caught:
        open_source("province_jobs", tmp_path)
    assert caught.value.message == f"来源 province_jobs 的设置 province_jobs.toml 有误：{told}。请照 docs/feeds.md 检查。"
