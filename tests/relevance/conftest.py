"""One index of the whole market for the run; ``page`` shows it as a person near 章贡 would see it, by the adverts' names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from matching import Hit, Index, IndexWriter, Query, open_index, search
from tests.relevance.market import HERE, MARKET, NOW

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
