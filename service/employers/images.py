"""Pictures of papers, drawn anew: what is kept is our own JPEG of the pixels, not the file that somebody sent.

So nothing that rides in a file survives: where and with what it was taken (EXIF, GPS), a second file behind the picture, text
blocks, colour profiles. PDF is not taken: it carries programs and can only be shown by a renderer; a phone takes a picture.
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from service.errors import Invalid, UnsupportedMedia

LARGEST_BYTES = 10 * 1024 * 1024
LARGEST_PIXELS = 25_000_000
"""A phone's 12-megapixel picture twice over. Decoded, this is 75 MB; one at a time in a process (``_DRAWING``)."""
SMALLEST_SIDE = 200
LONGEST_SIDE = 2600
"""Of what is kept: A4 at 220 dots an inch, on which the seal and the small print of a licence can be read."""
QUALITY = 85
_MAGIC = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"))
_DRAWING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG of ours; sides in pixels."""

    content: bytes
    width: int
    height: int


def redraw(content: bytes) -> Picture:
    """Draw a picture anew, upright, on white, at most ``LONGEST_SIDE``. Raises Invalid or UnsupportedMedia with what to do."""
    if not content:
        raise Invalid("picture_empty", "照片是空的，请重新选一张。", errors={"file": ["没有内容。"]})
    if len(content) > LARGEST_BYTES:
        raise Invalid("picture_too_large", "照片太大，最多 10 MB，请压缩或重拍。", errors={"file": ["最多 10 MB。"]})
    kind = next((name for magic, name in _MAGIC if content.startswith(magic)), None)
    if kind is None:
        raise UnsupportedMedia("picture_kind", "只收 JPG 或 PNG 照片；PDF 等文件请打印出来拍照，或截图后再传。")
    with _DRAWING:
        return _drawn(content, kind)


def _drawn(content: bytes, kind: str) -> Picture:
    # The check of Pillow itself begins at the same number: between it and twice as much it warns, above it refuses.
    Image.MAX_IMAGE_PIXELS = LARGEST_PIXELS
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as image:
            _check_size(image)
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG need not be decoded larger than it is kept
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            plain = _on_white(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, KeyError, TypeError):
        # Whatever Pillow says of broken bytes; it promises no narrower set.
        raise Invalid(
            "picture_broken", "照片打不开，可能没有传完整，请重拍或重新选一张。", errors={"file": ["打不开。"]}
        ) from None
    kept = io.BytesIO()
    plain.save(kept, "JPEG", quality=QUALITY, exif=b"", icc_profile=b"")
    return Picture(kept.getvalue(), plain.width, plain.height)


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > LARGEST_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < SMALLEST_SIDE:
        raise Invalid("picture_too_small", "照片太小看不清，请重拍一张。", errors={"file": [f"每边至少 {SMALLEST_SIDE} 像素。"]})


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        seen = image.convert("RGBA")
        paper = Image.new("RGBA", seen.size, "white")
        paper.alpha_composite(seen)
        image = paper
    # A new image has none of the old one's blocks of information.
    plain = Image.new("RGB", image.size)
    plain.paste(image.convert("RGB"))
    return plain


def _too_many_pixels() -> Invalid:
    return Invalid(
        "picture_too_many_pixels",
        "照片像素太高，最多 2500 万像素，请用手机普通模式重拍。",
        errors={"file": ["最多 2500 万像素。"]},
    )
