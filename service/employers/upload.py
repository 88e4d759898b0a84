"""Read an upload (``multipart/form-data``: ``kind`` and ``file``) into memory, never into a temporary file on the disk: what is
kept of a paper is sealed, so nothing of it may lie about open."""

from __future__ import annotations

import io

import flask
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser

from service.employers.images import LARGEST_BYTES
from service.errors import BadRequest, Invalid, TooLarge, UnsupportedMedia

_FORM_BYTES = 16 * 1024
"""Beside the file: boundaries, names, the kind."""
_PARSER_BYTES = 256 * 1024
"""What the parser may hold of a part before it hands it on; it reads 64 kB at a time, of the file as well."""
_TOO_LARGE = ("picture_too_large", "照片太大，最多 10 MB，请压缩或重拍。")


def read_upload(request: flask.Request) -> tuple[str, bytes]:
    """The kind and the content. Raises UnsupportedMedia, TooLarge, BadRequest or Invalid."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMedia("not_multipart", "请用表单上传（multipart/form-data），照片放在 file 里，种类放在 kind 里。")
    request.max_content_length = LARGEST_BYTES + _FORM_BYTES
    if (request.content_length or 0) > LARGEST_BYTES + _FORM_BYTES:
        raise TooLarge(*_TOO_LARGE)
    boundary = request.mimetype_params.get("boundary", "").encode("ascii", "replace")
    parser = MultiPartParser(
        stream_factory=lambda *_said, **_more: io.BytesIO(), max_form_memory_size=_PARSER_BYTES, max_form_parts=4
    )
    try:
        form, files = parser.parse(request.stream, boundary, request.content_length)
    except RequestEntityTooLarge:
        raise TooLarge(*_TOO_LARGE) from None
    except (ValueError, OSError, ParseException):
        raise BadRequest("upload_cut", "照片没有传完整，请再试一次。") from None
    given = files.get("file")
    if given is None:
        raise Invalid("picture_missing", "没有收到照片，请选一张再上传。", errors={"file": ["请选一张照片。"]})
    return form.get("kind", ""), given.stream.read()
