"""How a source is reached and how often: the ``[fetch]`` and ``[timing]`` tables of its source.toml, read once and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from service.clock import BEIJING
from service.feeds.fetch import Limits, Reach, origin

Form = Literal["file", "json", "xml", "table", "folder"]
_FORMS = ("file", "json", "xml", "table", "folder")


class SettingWrong(ValueError):  # noqa: N818  what an operator reads, in Chinese
    """What is wrong with a setting, in a few words: which one, and what it should be."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Where in an answer the list stands, and how the next piece of it is asked for. Names are paths: ``data.items``.

    ``page_param`` with ``size``: numbered pages; ``next``: where the answer says the address of the next one; neither: the answer
    is the whole list. ``total``: where it says how many there are. ``since_param`` asks for what changed since ``as_of`` of the
    last answer; ``deleted`` is the field of a record that says it is gone, ``gone`` a list of ids of such.
    """

    items: str = ""
    total: str = ""
    next: str = ""
    as_of: str = ""
    page_param: str = ""
    first_page: int = 1
    size_param: str = ""
    size: int = 0
    most_pages: int = 1000
    since_param: str = ""
    full_every: timedelta = timedelta(hours=24)
    deleted: str = ""
    deleted_values: tuple[str, ...] = ("true", "1", "是")
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How a source is reached. ``conditional``: the server says with 304 that its list is the one we have."""

    form: Form = "file"
    url: str = ""
    reach: Reach = field(default_factory=lambda: Reach(frozenset()))
    limits: Limits = field(default_factory=Limits)
    conditional: bool = False
    paging: Paging = field(default_factory=Paging)
    folder: Path | None = None
    pattern: str = "*"
    series: str = ""
    still_seconds: float = 30

    @property
    def remote(self) -> bool:
        """Whether it is asked over the network."""
        return self.form in {"json", "xml", "table"}


@dataclass(frozen=True, slots=True)
class Timing:
    """When a source is pulled by itself: every so many minutes, or daily at a time of Beijing; neither: by hand only."""

    every: timedelta | None = None
    daily_at: time | None = None

    def slot(self, now: datetime) -> datetime | None:
        """The last moment at or before ``now`` at which a pull was due."""
        if self.every is not None:
            seconds = int(self.every.total_seconds())
            return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
        if self.daily_at is None:
            return None
        local = now.astimezone(BEIJING)
        today = local.replace(hour=self.daily_at.hour, minute=self.daily_at.minute, second=0, microsecond=0)
        return (today if today <= local else today - timedelta(days=1)).astimezone(UTC)


def way_of(said: Mapping[str, Any], keys_dir: Path | None) -> Way:
    """The ``[fetch]`` table; no table means a file. ``keys_dir`` holds the operator's key files and folders.

    Raises ValueError or KeyError for a table that is not whole, Invalid for an address that is none.
    """
    if not said:
        return Way()
    form = said["way"]
    if form not in _FORMS:
        raise SettingWrong(f"[fetch] 的 way 只能是 {'、'.join(_FORMS)}")
    if form == "folder":
        folder = Path(said["folder"])
        if not folder.is_absolute():
            folder = (keys_dir or Path()) / folder
        return Way(
            form="folder",
            folder=folder,
            pattern=said.get("pattern", "*"),
            series=_pattern(said.get("series", "")),
            still_seconds=float(said.get("still_seconds", 30)),
        )
    headers = {name: _key(keys_dir, file) for name, file in said.get("headers_from", {}).items()}
    origins = frozenset(origin(one) for one in said["allow"])
    if origin(said["url"]) not in origins:
        raise SettingWrong("[fetch] 的 url 不在 allow 里")
    try:
        limits = Limits(**said.get("limits", {}))
    except TypeError as unknown:
        raise SettingWrong("[fetch.limits] 里有不认识的项") from unknown
    return Way(
        form=cast(Form, form),
        url=said["url"],
        reach=Reach(origins, frozenset(said.get("private", ())), headers, origin(said["url"])),
        limits=limits,
        conditional=bool(said.get("conditional", False)),
        paging=_paging(said.get("paging", {})),
    )


def timing_of(said: Mapping[str, Any]) -> Timing:
    """The ``[timing]`` table; no table, or ``every_minutes = 0``, means by hand. Raises ValueError for one that is not whole."""
    minutes, daily = said.get("every_minutes"), said.get("daily_at")
    if not said or (minutes == 0 and daily is None):
        return Timing()
    if (minutes is None) == (daily is None) or (minutes is not None and not 5 <= int(minutes) <= 60 * 24 * 7):
        raise SettingWrong("[timing] 只写 every_minutes（5 到 10080，0 就是只由人取）或 daily_at 中的一项")
    return Timing(timedelta(minutes=int(minutes)) if minutes is not None else None, time.fromisoformat(daily) if daily else None)


def _paging(said: Mapping[str, Any]) -> Paging:
    values = dict(said)
    if "full_every_hours" in values:
        values["full_every"] = timedelta(hours=float(values.pop("full_every_hours")))
    if "deleted_values" in values:
        values["deleted_values"] = tuple(str(value) for value in values["deleted_values"])
    try:
        paging = Paging(**values)
    except TypeError as unknown:
        raise SettingWrong("[fetch.paging] 里有不认识的项") from unknown
    if paging.page_param and paging.size < 1:
        raise SettingWrong("[fetch.paging] 写了 page_param 就要写 size")
    return paging


def _pattern(said: str) -> str:
    try:
        re.compile(said)
    except re.error as wrong:
        raise SettingWrong("[fetch] 的 series 不是正则表达式") from wrong
    return said


def _key(keys_dir: Path | None, name: str) -> str:
    """The content of a key file beside the operator's settings: keys stand in no source.toml."""
    if keys_dir is None or Path(name).name != name:
        raise SettingWrong("[fetch.headers_from] 里只能写同一个文件夹里的文件名")
    return (keys_dir / name).read_text(encoding="utf-8").strip()
