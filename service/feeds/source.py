"""A source: one folder with ``source.toml`` (who, why we may, how often, how much is plausible, look-ups) and ``parse.py``."""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from service.errors import Invalid, NotFound
from service.feeds.record import Parsed, Unusable
from service.feeds.tables import Columns
from service.feeds.way import SettingWrong, Timing, Way, timing_of, way_of
from service.jobs.models import SOURCE_CLASSES

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds ``service/`` and ``seed_jobs/``: paths in source.toml start here."""
SOURCES_DIR = Path(__file__).parent / "sources"

DOUBTED = 0.5

Lookups = Mapping[str, Any]
Parse = Callable[[Mapping[str, str], Lookups], Parsed | Unusable]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is plausible. Outside of it a pull stops before it writes.

    ``rows`` and ``publishable`` are [least, most] of one whole list (a delta may have fewer); ``vanish_share`` is the largest
    share of the adverts shown that may disappear in one pull.
    """

    rows: tuple[int, int]
    publishable: tuple[int, int]
    vanish_share: float


@dataclass(frozen=True, slots=True)
class FeedSource:
    """Everything about a source but its rows. ``lookups`` are the tables of source.toml that only its ``parse`` knows.

    ``trust`` is between 0 and 1: below :data:`DOUBTED` whatever a rule warns about waits for a person. ``region`` is the division
    that the source belongs to (whose bureau may pull it), empty for the whole country. ``enabled``: what it says
    may be written.
    """

    key: str
    name: str
    source_class: str
    label: str
    publisher: str
    publisher_class: str
    url: str
    licence: str
    legal_basis: str
    rhythm: str
    trust: float
    region: str
    enabled: bool
    way: Way
    timing: Timing
    file: Path
    valid_days: int
    bounds: Bounds
    columns: Columns
    lookups: Lookups
    parse: Parse


def source_keys(folder: Path = SOURCES_DIR) -> tuple[str, ...]:
    """The keys of all sources there are, sorted."""
    return tuple(sorted(found.parent.name for found in folder.glob("*/source.toml")))


def open_source(key: str, feeds_dir: Path | None = None) -> FeedSource:
    """The source with this key. ``feeds_dir/<key>.toml`` says what is the operator's own: address, keys, timing, bounds.

    Raises NotFound ``feed_source_unknown`` that names those there are, Invalid ``feed_settings`` for a file that is not whole.
    """
    if key not in source_keys():
        raise NotFound("feed_source_unknown", f"没有叫“{key}”的来源。现有来源：{'、'.join(source_keys())}。")
    with (SOURCES_DIR / key / "source.toml").open("rb") as stream:
        settings = tomllib.load(stream)
    module = importlib.import_module(f"service.feeds.sources.{key}.parse")
    own = feeds_dir / f"{key}.toml" if feeds_dir is not None else None
    addressed = False
    try:
        if own is not None and own.is_file():
            said = tomllib.loads(own.read_text(encoding="utf-8"))
            addressed = "url" in said.get("fetch", {})
            settings = _merged(settings, said)
        return from_settings(key, settings, cast(Parse, module.parse), feeds_dir, addressed=addressed)
    except (KeyError, TypeError, ValueError, OSError) as wrong:
        name = own.name if own is not None else "source.toml"
        raise Invalid("feed_settings", f"来源 {key} 的设置 {name} 有误：{_why(wrong)}。请照 docs/feeds.md 检查。") from wrong


def _why(wrong: Exception) -> str:
    """What is wrong with the settings, as people read it: no words of a program, no paths."""
    if isinstance(wrong, SettingWrong):
        return str(wrong)
    if isinstance(wrong, tomllib.TOMLDecodeError):
        line = re.search(r"line (\d+)", str(wrong))
        return f"第 {line[1]} 行不是 TOML 的写法" if line else "不是 TOML 的写法"
    if isinstance(wrong, KeyError):
        return f"缺少 {wrong.args[0]}"
    if isinstance(wrong, OSError):
        return f"读不到文件 {Path(str(wrong.filename)).name}"
    return "有一项的值写法不对"


def _merged(settings: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of the second over those of the first, table by table."""
    made = dict(settings)
    for name, value in own.items():
        before = made.get(name)
        made[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return made


def from_settings(
    key: str, settings: Mapping[str, Any], parse: Parse, feeds_dir: Path | None = None, *, addressed: bool = False
) -> FeedSource:
    """A source out of the content of its source.toml. ``addressed``: the operator has said where it is.

    Raises ValueError or KeyError for a file that is not whole."""
    said, bounds, columns = settings["source"], settings["bounds"], settings["columns"]
    if said["class"] not in SOURCE_CLASSES:
        raise SettingWrong(f"[source] 的 class 只能是 {'、'.join(SOURCE_CLASSES)}")
    enabled = bool(said.get("enabled", True))
    fetch = settings.get("fetch", {})
    form = fetch.get("way", "file")
    trust = float(said.get("trust", 1.0))
    if not 0 <= trust <= 1:
        raise SettingWrong("[source] 的 trust 要在 0 和 1 之间")
    return FeedSource(
        key=key,
        name=said["name"],
        source_class=said["class"],
        label=said.get("label", ""),
        publisher=said["publisher"],
        publisher_class=said["publisher_class"],
        url=said["url"],
        licence=said["licence"],
        legal_basis=said["legal_basis"],
        rhythm=said["rhythm"],
        trust=trust,
        region=said.get("region", ""),
        enabled=enabled,
        # What is not set up yet needs no keys; what has an address can be looked at before it is enabled.
        way=way_of(fetch, feeds_dir) if enabled or addressed or form == "folder" else Way(form=form),
        timing=timing_of(settings.get("timing", {})),
        file=ROOT / said.get("file", "none"),
        valid_days=int(said["valid_days"]),
        bounds=Bounds(_pair(bounds["rows"]), _pair(bounds["publishable"]), float(bounds["vanish_share"])),
        columns=Columns({field: tuple(names) for field, names in columns["names"].items()}, tuple(columns["required"])),
        lookups=settings.get("lookups", {}),
        parse=parse,
    )


def _pair(values: list[int]) -> tuple[int, int]:
    low, high = values
    if not 0 < low <= high:
        raise SettingWrong("[bounds] 里的范围要先写小的再写大的")
    return low, high
