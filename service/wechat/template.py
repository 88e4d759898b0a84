"""Subscribe-message templates: which message uses which, and how long each of its fields may be.

WeChat refuses the whole message (47003) when one field is too long or of the wrong kind, so every value is cut to what its kind
takes before it is sent; a value of which nothing remains becomes ``--``.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from service.config import ConfigError

_KEYWORD = re.compile(r"([a-z_]+?)(\d+)")
_NOT = {
    "number": re.compile(r"[^0-9.]"),
    "letter": re.compile(r"[^A-Za-z]"),
    "symbol": re.compile(r"[\w\s]"),
    "ascii": re.compile(r"[^\x20-\x7e]"),
    "phone": re.compile(r"[^0-9+\-]"),
    "name": re.compile(r"[^\u3400-\u9fffA-Za-z·.\s]"),
    "chinese": re.compile(r"[^\u3400-\u9fff]"),
    "any": re.compile(r"[\x00-\x1f\x7f]"),
}
_NOTHING = {"number": "0", "letter": "x", "phone": "0", "chinese": "无", "name": "无"}
_LATIN_NAME = 20


class TemplatesUnusable(ConfigError):  # noqa: N818  an answer to whoever starts the service
    """The file of templates cannot be used; the message is one Chinese sentence."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of field: at most ``longest`` characters of the ``allowed`` sort."""

    kind: str
    longest: int
    allowed: str


@dataclass(frozen=True, slots=True)
class Template:
    """A template of the account. ``fields``: our name of a value -> keyword of the template, such as ``thing1``."""

    message: str
    title: str
    template_id: str
    long_term: bool
    page: str
    fields: Mapping[str, str]

    def data(self, values: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """The ``data`` of a send: every field of the template, cut to its kind. Raises KeyError for a value that is missing."""
        return {keyword: {"value": fit(keyword, values[name])} for name, keyword in self.fields.items()}


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of field by its name."""
    text = files("service.wechat").joinpath("data/template_kinds.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["kind"]: Kind(row["kind"], int(row["longest"]), row["allowed"]) for row in rows})


def kind_of(keyword: str) -> Kind:
    """The kind of a keyword such as ``character_string3``. Raises ValueError when there is no such kind."""
    found = _KEYWORD.fullmatch(keyword)
    if found is None or found[1] not in kinds():
        raise ValueError(f"keyword {keyword!r}")
    return kinds()[found[1]]


def fit(keyword: str, text: str) -> str:
    """A value as its field takes it; an ellipsis says that something is missing where the kind allows one."""
    kind = kind_of(keyword)
    plain = _NOT[kind.allowed].sub("", " ".join(text.split())).strip()
    longest = kind.longest
    if kind.allowed == "name" and plain.isascii():
        longest = _LATIN_NAME
    if len(plain) > longest:
        plain = plain[: longest - 1] + "…" if kind.kind == "thing" else plain[:longest]
    return plain or _NOTHING.get(kind.allowed, "--")


def read_templates(path: Path | None) -> Mapping[str, Template]:
    """Templates by message, from a file of the operator or the one for trying out. Raises TemplatesUnusable."""
    try:
        text = path.read_text(encoding="utf-8") if path else _for_trying()
        rows = tomllib.loads(text)["template"]
        templates = [_template(row) for row in rows]
    except (OSError, KeyError, TypeError, ValueError) as trouble:
        raise TemplatesUnusable(f"订阅消息模板文件用不了（{trouble}），请对照 docs/wechat.md 检查 WECHAT_TEMPLATES。") from None
    found = {template.message: template for template in templates}
    if len(found) != len(templates):
        raise TemplatesUnusable("订阅消息模板文件里有一种消息写了两次，请检查 WECHAT_TEMPLATES。")
    return MappingProxyType(found)


def _for_trying() -> str:
    return files("service.wechat").joinpath("data/templates.toml").read_text(encoding="utf-8")


def _template(row: dict[str, Any]) -> Template:
    fields = {str(name): str(keyword) for name, keyword in row["fields"].items()}
    for keyword in fields.values():
        kind_of(keyword)
    return Template(
        message=str(row["message"]),
        title=str(row["title"]),
        template_id=str(row["template_id"]),
        long_term=bool(row["long_term"]),
        page=str(row["page"]),
        fields=MappingProxyType(fields),
    )
