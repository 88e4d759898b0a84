"""A database of its own for each test, and small made-up sources: nobody's real data."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.db import Database
from service.feeds.record import Parsed, Unusable
from service.feeds.source import FeedSource, from_settings
from tests.service.feeds.serving import Server, serving

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
COLUMNS = ("id", "title", "company", "headcount", "conditions", "content", "place", "pay", "until")

Row = Mapping[str, str]
WriteCsv = Callable[[str, Sequence[Row]], Path]
MakeSource = Callable[..., FeedSource]


@pytest.fixture
def feed_database(database: Database) -> Database:
    """An empty database of all tables, once of each kind."""
    return database


def row(number: int, **changed: str) -> dict[str, str]:
    """A whole vacancy of a made-up factory, of each number another one; ``changed`` fields replace its own."""
    which = "甲乙丙丁戊己庚辛壬癸"[number % 10]
    whole = {
        "id": f"V{number}",
        "title": f"缝纫工{which}班",
        "company": f"演示{which}服装厂",
        "headcount": "5",
        "conditions": "初中以上",
        "content": "用平缝机缝制工作服。",
        "place": "江西省赣州市南康区",
        "pay": "5000-7000元/月",
        "until": "2026-12-31",
    }
    return {**whole, **changed}


def csv_bytes(rows: Sequence[Row], encoding: str = "utf-8") -> bytes:
    """The rows as a CSV file with a header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Write rows to a file of the given name."""

    def write(name: str, rows: Sequence[Row]) -> Path:
        path = tmp_path / name
        path.write_bytes(csv_bytes(rows))
        return path

    return write


def parse(values: Mapping[str, str], lookups: Mapping[str, Any]) -> Parsed | Unusable:
    """The made-up source's parser; the title 炸 makes it fall over, as parsers do."""
    if values["title"] == "炸":
        raise KeyError("no such thing")
    if not values["title"]:
        return Unusable("occupation_empty", "职位是空的。")
    return Parsed(
        title=values["title"],
        original_id=values["original_id"],
        employer_name=values["company"],
        headcount=int(values["headcount"]) if values["headcount"] else None,
        education=values["conditions"],
        content=values["content"],
        region=values["place"],
        wage=values["pay"],
        valid_until_on=values["until"],
    )


@pytest.fixture
def make_source(tmp_path: Path) -> MakeSource:
    """A made-up source; class and bounds can be given."""

    def make(
        *,
        source_class: str = "vacancy",
        rows: tuple[int, int] = (1, 100),
        publishable: tuple[int, int] = (1, 100),
        vanish_share: float = 0.5,
    ) -> FeedSource:
        settings = {
            "source": {
                "name": "演示来源",
                "class": source_class,
                "label": "需求目录" if source_class == "catalogue" else "",
                "publisher": "演示县人社局",
                "publisher_class": "public",
                "url": "https://example.org/",
                "licence": "演示",
                "legal_basis": "演示",
                "rhythm": "每天",
                "file": "none.csv",
                "valid_days": 60,
            },
            "bounds": {"rows": list(rows), "publishable": list(publishable), "vanish_share": vanish_share},
            "columns": {
                "required": ["title", "place"],
                "names": {"original_id": ["id", "编号"], **{name: [name] for name in COLUMNS if name != "id"}},
            },
        }
        return from_settings("demo_feed", settings, parse)

    return make


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of somebody else, on loopback."""
    with serving() as made:
        yield made
