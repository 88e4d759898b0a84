"""A page of JSON: the list that stands at a path, each record flattened to paths and texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from service.errors import Invalid
from service.feeds.encodings import NoEncoding, decode
from service.feeds.fetch import Answer
from service.feeds.pages import Page
from service.feeds.way import Way

MOST_FIELDS = 300


def read_json(answer: Answer, way: Way) -> Page:
    """Raises Invalid ``feed_page_broken`` for anything that is no JSON, or JSON without the list (a notice of an error, say)."""
    try:
        text, form = decode(answer.body, answer.charset)
        told = json.loads(text)
    except NoEncoding as wrong:
        raise Invalid("feed_page_broken", "来源的文字编码认不出来，请联系对方改用 UTF-8。") from wrong
    except (ValueError, RecursionError) as wrong:
        raise Invalid("feed_page_broken", "来源给的不是完整的 JSON，可能没有传完，请稍后再试或联系对方。") from wrong
    paging = way.paging
    items = _at(told, paging.items)
    if not isinstance(items, list):
        raise Invalid("feed_page_broken", f"来源的回答里没有列表“{paging.items}”，可能是出错通知，请联系对方。")
    gone = _at(told, paging.gone) if paging.gone else None
    total = _at(told, paging.total) if paging.total else None
    return Page(
        items=tuple(dict(_flat(item)) for item in items if isinstance(item, dict)),
        form=f"json/{form}",
        total=total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None,
        next=_text(_at(told, paging.next)) if paging.next else "",
        as_of=_text(_at(told, paging.as_of))[:128] if paging.as_of else "",
        gone=tuple(text for one in gone if (text := _text(one))) if isinstance(gone, list) else (),
    )


def _at(told: Any, path: str) -> Any:
    for name in path.split(".") if path else ():
        told = told.get(name) if isinstance(told, dict) else None
    return told


def _flat(item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """At most ``MOST_FIELDS`` leaves, by a list and not by calls: no depth of nesting breaks it."""
    left: list[tuple[str, Any]] = [(_text(name), value) for name, value in reversed(item.items())]
    for _ in range(MOST_FIELDS):
        if not left:
            return
        path, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{path}.{_text(name)}", inner) for name, inner in reversed(value.items())]
        elif isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
            left += [(f"{path}.{at}", inner) for at, inner in reversed(list(enumerate(value)))]
        elif isinstance(value, list):
            yield path, "、".join(text for one in value if (text := _text(one)))
        else:
            yield path, _text(value)


def _text(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # Half a character (a lone surrogate: a sender cut an emoji in two) is nothing that a database takes.
    return str(value).replace("\x00", "").strip()[:20_000].encode("utf-8", "replace").decode()
