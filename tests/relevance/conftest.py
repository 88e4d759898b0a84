"""One index of the market and one of the pool for the run; ``page`` shows it as a person near 章贡 sees it, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from matching import Hit, Index, IndexWriter, Query, open_index, search
from service.search.ask import from_search
from service.search.schemas import SearchArgs
from tests.relevance.market import HERE, MARKET, NOW
from tests.relevance.pool import pool
from tests.relevance.systems import page_of

Page = Callable[..., list[str]]
Hits = Callable[..., dict[str, Hit]]


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The market in a real index on disk; nobody writes to it after."""
    folder: Path = tmp_path_factory.mktemp("market")
    with IndexWriter(folder) as writer:
        writer.rebuild(MARKET.values(), "1")
    index = open_index(folder)
    yield index
    index.close()


@pytest.fixture
def hits(market: Index) -> Hits:
    """``hits(text, **fields of Query)``: what is found, by name, best first. ``near=False`` leaves out where the person is."""
    names = {job.job_id: name for name, job in MARKET.items()}

    def find(text: str = "", *, near: bool = True, **fields: Any) -> dict[str, Hit]:
        point = {"lat": HERE[0], "lng": HERE[1]} if near else {}
        query = Query(**{"now": NOW, "text": text, **point, **fields})
        return {names[hit.job_id]: hit for hit in search(market, query)}

    return find


@pytest.fixture
def page(hits: Hits) -> Page:
    """``page(text, …)``: only the names, best first."""
    return lambda *text, **fields: list(hits(*text, **fields))


@pytest.fixture
def wish(market: Index) -> Page:
    """``wish(line, near=True, **arguments of the API)``: names found for a line as typed, as the service would."""
    names = {job.job_id: name for name, job in MARKET.items()}

    def find(line: str, *, near: bool = True, **said: Any) -> list[str]:
        point = {"lat": HERE[0], "lng": HERE[1]} if near else {}
        asked = from_search(SearchArgs().load({"q": line, **point, **said}), NOW)
        return [names[hit.job_id] for hit in page_of(market, asked)[1]]

    return find


@pytest.fixture(scope="session")
def pool_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The fixed pool of the judged queries in a real index on disk."""
    folder: Path = tmp_path_factory.mktemp("pool")
    with IndexWriter(folder) as writer:
        writer.rebuild(pool().values(), "1")
    index = open_index(folder)
    yield index
    index.close()
