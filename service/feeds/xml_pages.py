"""A page of XML: every element of one name, flattened to paths of local names and texts. Declarations of entities are refused
whole: a few hundred bytes of them can unfold to gigabytes or read a file of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from service.errors import Invalid
from service.feeds.encodings import NoEncoding, decode
from service.feeds.fetch import Answer
from service.feeds.pages import Flat, Page
from service.feeds.way import Way

MOST_FIELDS = 300
DEEPEST = 40
_DECLARATION = re.compile(r"\s*<\?xml\b([^>]*)\?>")
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding=["']([A-Za-z0-9._-]{1,32})""")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read_xml(answer: Answer, way: Way) -> Page:
    """Raises Invalid: ``feed_xml_unsafe`` for declarations of entities, ``feed_page_broken`` for what is no XML or cut off."""
    said = _ENCODING.match(answer.body[:200].lstrip())
    try:
        text, form = decode(answer.body, said[1].decode() if said else answer.charset)
        # The parser knows few encodings and believes the declaration; the text is one already.
        root: Element = fromstring(_FORBIDDEN.sub("", _DECLARATION.sub("", text, count=1)), forbid_dtd=True)
    except NoEncoding as wrong:
        raise Invalid("feed_page_broken", "来源的文字编码认不出来，请联系对方改用 UTF-8。") from wrong
    except DefusedXmlException as wrong:
        raise Invalid("feed_xml_unsafe", "来源的 XML 里有实体声明，为了安全不读取，请联系对方去掉。") from wrong
    except (ParseError, RecursionError, ValueError) as wrong:
        raise Invalid("feed_page_broken", "来源给的不是完整的 XML，可能没有传完，请稍后再试或联系对方。") from wrong
    paging = way.paging
    about = dict(_flat(root, skip=paging.items))
    items = tuple(dict(_flat(found)) for found in _outermost(root, paging.items))
    total = about.get(paging.total, "") if paging.total else ""
    if not items and not total and _name(root) in {"html", "error", "Error"}:
        raise Invalid("feed_page_broken", "来源给的是网页或出错通知，不是数据，请联系对方。")
    return Page(
        items=items,
        form=f"xml/{form}",
        total=int(total) if total.isdecimal() and len(total) < 9 else None,
        next=about.get(paging.next, "") if paging.next else "",
        as_of=about.get(paging.as_of, "")[:128] if paging.as_of else "",
        gone=tuple(_words(one) for one in _outermost(root, paging.gone) if _words(one)),
    )


def _name(element: Element) -> str:
    """The local name; comments and instructions have none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _outermost(root: Element, name: str) -> Iterator[Element]:
    """The elements of this name in their order; one inside another belongs to that one, and is not read again."""
    left = [root] if name else []
    while left:
        element = left.pop()
        if _name(element) == name:
            yield element
        else:
            left += reversed(element)


def _words(element: Element) -> str:
    return "".join(element.itertext()).strip()[:20_000]


def _flat(root: Element, skip: str = "") -> Iterator[tuple[str, str]]:
    """Leaves and attributes by path; a name that comes again is joined with 、 when it is a leaf."""
    found: Flat = {}
    left: list[tuple[str, Element, int]] = [("", root, 0)]
    while left and len(found) < MOST_FIELDS:
        path, element, depth = left.pop()
        for attribute, value in element.attrib.items():
            found.setdefault(_join(path, f"@{attribute.rpartition('}')[2]}"), value.strip())
        inner = [child for child in element if _name(child) and _name(child) != skip]
        mixed = bool((element.text or "").strip()) and bool(inner)
        if (not inner or mixed) and path:
            said = _words(element)
            before = found.get(path, "")
            found[path] = f"{before}、{said}" if before and said else before or said
        elif depth < DEEPEST:
            left += [(_join(path, _name(child)), child, depth + 1) for child in reversed(inner)]
    yield from found.items()


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
