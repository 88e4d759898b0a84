"""Pages of strangers that are well formed and still mean harm, or were cut in an unlucky place."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from service.feeds.fetch import Answer
from service.feeds.json_pages import read_json
from service.feeds.source import open_source
from service.feeds.way import Way
from service.feeds.xml_pages import read_xml


def way_of(key: str, items: str, **more: Any) -> Way:
    """The way of a source, its records under ``items``."""
    way = open_source(key).way
    return replace(way, paging=replace(way.paging, items=items, **more))


def answer(body: str) -> Answer:
    return Answer(status=200, body=body.encode(), charset="utf-8")


def test_half_a_character_spoils_no_page() -> None:
    """A sender who cuts a text to a length in UTF-16 units leaves half of an emoji."""
    row = {"jobId": "P1\ud83d", "jobName": "缝纫\ud83d工", "x\udc00": {"y\udc00": "z"}}
    data = {"list": [row], "total": 1, "serverTime": "m\ud83d", "removed": ["P2\ud83d"]}
    page = read_json(
        answer(json.dumps({"code": 0, "data": data})),
        way_of("province_jobs", "data.list", as_of="data.serverTime", gone="data.removed"),
    )
    (found,) = page.items
    for text in (*found, *found.values(), page.as_of, *page.gone):
        assert text.encode()
    assert found["jobName"] == "缝纫?工"


@pytest.mark.parametrize("depth", [2_000, 8_000])
def test_records_inside_records_are_read_once(depth: int) -> None:
    name = "job"
    body = f"<{name}>x" * depth + f"</{name}>" * depth
    began = time.process_time()
    page = read_xml(answer(f"<all>{body}</all>"), way_of("partner_postings", name))
    assert len(page.items) == 1
    assert time.process_time() - began < 2
