"""Read a file of ``multipart/form-data`` into memory, never into a temporary file on the disk: what is kept of it is sealed, so
nothing of it may lie about open."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import flask
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser

from service.errors import BadRequest, Invalid, TooLarge, UnsupportedMedia

_FORM_BYTES = 16 * 1024
"""Beside the file: boundaries, names, the kind."""
_PARSER_BYTES = 256 * 1024
"""What the parser may hold of a part before it hands it on; it reads 64 kB at a time, of the file as well."""

Said = tuple[str, str]
"""An error code and its sentence."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: at most so many bytes, and what is said when it is something else."""

    most_bytes: int
    not_a_form: str
    too_large: Said
    cut: str
    missing: Said
    missing_field: str


@dataclass(frozen=True, slots=True)
class Upload:
    """The file, the name its sender gave it, and the other fields."""

    name: str
    content: bytes
    fields: dict[str, str]


def form_body(description: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """The request body of a route that takes a file, for the document of the API. ``fields`` must be sent beside it."""
    return {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [*fields, "file"],
                    "properties": {**fields, "file": {"type": "string", "format": "binary", "description": description}},
                }
            }
        },
    }


def read_file(request: flask.Request, wanted: Wanted) -> Upload:
    """The part ``file`` and the fields beside it. Raises UnsupportedMedia, TooLarge, BadRequest or Invalid."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMedia("not_multipart", wanted.not_a_form)
    most = wanted.most_bytes + _FORM_BYTES
    request.max_content_length = most
    if (request.content_length or 0) > most:
        raise TooLarge(*wanted.too_large)
    boundary = request.mimetype_params.get("boundary", "").encode("ascii", "replace")
    parser = MultiPartParser(
        stream_factory=lambda *_said, **_more: io.BytesIO(), max_form_memory_size=_PARSER_BYTES, max_form_parts=4
    )
    try:
        form, files = parser.parse(request.stream, boundary, request.content_length)
    except RequestEntityTooLarge:
        raise TooLarge(*wanted.too_large) from None
    except (ValueError, OSError, ParseException):
        raise BadRequest("upload_cut", wanted.cut) from None
    given = files.get("file")
    if given is None:
        raise Invalid(*wanted.missing, errors={"file": [wanted.missing_field]})
    return Upload(given.filename or "", given.stream.read(), dict(form.items()))
