"""Read the picture of a paper (``multipart/form-data``: ``kind`` and ``file``)."""

from __future__ import annotations

import flask

from service.employers.images import LARGEST_BYTES
from service.uploads import Wanted, read_file

_WANTED = Wanted(
    most_bytes=LARGEST_BYTES,
    not_a_form="请用表单上传（multipart/form-data），照片放在 file 里，种类放在 kind 里。",
    too_large=("picture_too_large", "照片太大，最多 10 MB，请压缩或重拍。"),
    cut="照片没有传完整，请再试一次。",
    missing=("picture_missing", "没有收到照片，请选一张再上传。"),
    missing_field="请选一张照片。",
)


def read_upload(request: flask.Request) -> tuple[str, bytes]:
    """The kind and the content. Raises UnsupportedMedia, TooLarge, BadRequest or Invalid."""
    given = read_file(request, _WANTED)
    return given.fields.get("kind", ""), given.content
