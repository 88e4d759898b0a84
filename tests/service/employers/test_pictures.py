"""Pictures of papers: what is taken, what is left of it, how it lies on the disk, and the scanner."""

from __future__ import annotations

import io
import socket
import struct
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from service import clock
from service.crypto import keyring
from service.employers import files, images, scanner
from service.employers.images import redraw
from service.errors import Refusal, Unavailable
from tests.service.employers.made_up import EICAR
from tests.service.employers.scanner_server import scanner as running_scanner

GPS = 0x8825


def picture(kind: str = "JPEG", size: tuple[int, int] = (600, 400), *, colour: str = "red", **options: object) -> bytes:
    """A picture of one colour."""
    kept = io.BytesIO()
    Image.new("RGB", size, colour).save(kept, kind, **options)
    return kept.getvalue()


def with_place() -> bytes:
    """A picture as a phone makes it: where it was taken, by what, and lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "演示手机厂"
    exif.get_ifd(GPS).update({1: "N", 2: (25.0, 49.0, 3.0), 3: "E", 4: (114.0, 55.0, 16.0)})
    return picture(exif=exif.tobytes(), comment=b"planted-comment")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be huge."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack("!I", len(content)) + name + content + struct.pack("!I", zlib.crc32(name + content))

    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def refused(content: bytes) -> str:
    """The code under which a file is refused."""
    with pytest.raises(Refusal) as refusal:
        redraw(content)
    assert refusal.value.status in {415, 422}
    return refusal.value.error


def test_where_it_was_taken_is_gone_and_it_stands_upright() -> None:
    sent = with_place()
    assert b"Exif" in sent
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(GPS)
    kept = redraw(sent)
    with Image.open(io.BytesIO(kept.content)) as image:
        assert image.size == (kept.width, kept.height) == (400, 600)
        assert image.format == "JPEG"
        assert not image.getexif()
        assert not image.getexif().get_ifd(GPS)
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"Exif" not in kept.content
    assert "演示手机厂".encode() not in kept.content
    assert b"planted-comment" not in kept.content


def test_what_hides_behind_a_picture_does_not_come_along() -> None:
    for content in (picture() + b"PK\x03\x04<script>alert(1)</script>" + EICAR, picture("PNG") + b"%PDF-1.7 planted"):
        kept = redraw(content).content
        for planted in (b"PK\x03\x04", b"<script>", EICAR, b"%PDF"):
            assert planted not in kept


def test_png_with_holes_is_drawn_on_white() -> None:
    kept = io.BytesIO()
    Image.new("RGBA", (300, 300), (0, 0, 0, 0)).save(kept, "PNG")
    with Image.open(io.BytesIO(redraw(kept.getvalue()).content)) as image:
        assert image.mode == "RGB"
        assert image.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16"])
def test_other_kinds_of_pixels(mode: str) -> None:
    kept = io.BytesIO()
    Image.new(mode, (300, 300)).save(kept, "PNG")
    assert redraw(kept.getvalue()).width == 300


def test_large_ones_become_smaller() -> None:
    kept = redraw(picture(size=(4000, 3000)))
    assert (kept.width, kept.height) == (images.LONGEST_SIDE, 1950)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture_empty"),
        (b"\xff\xd8\xff", "picture_broken"),
        (picture()[:500], "picture_broken"),
        (picture() + bytes(11 * 1024 * 1024), "picture_too_large"),
        (b"%PDF-1.7\n", "picture_kind"),
        (b"GIF89a" + bytes(100), "picture_kind"),
        (picture("WEBP"), "picture_kind"),
        (picture("TIFF"), "picture_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_kind"),
        (b"\x89PNG\r\n\x1a\n" + picture()[3:], "picture_broken"),
        (picture(size=(199, 4000)), "picture_too_small"),
        (bomb(5001, 5000), "picture_too_many_pixels"),
        (bomb(9000, 9000), "picture_too_many_pixels"),
        (bomb(65_000, 65_000), "picture_too_many_pixels"),
        (bomb(2**31 - 1, 2**31 - 1), "picture_too_many_pixels"),
        (bomb(4000, 4000), "picture_broken"),
    ],
)
def test_what_is_not_taken(content: bytes, code: str) -> None:
    assert refused(content) == code


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # what Pillow says of broken EXIF, which is thrown away anyhow
@settings(max_examples=150)
@given(st.sampled_from([picture(), picture("PNG"), with_place()]), st.data())
def test_broken_bytes_never_break_us(content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    broken = content[:place] + data.draw(st.binary(max_size=8)) + content[place + data.draw(st.integers(0, 8)) :]
    try:
        kept = redraw(broken).content
    except Refusal as refusal:
        kept, said = b"", refusal.error
    else:
        said = ""
    assert kept.startswith(b"\xff\xd8\xff") or said.startswith("picture_")


@pytest.fixture(params=["intl", "gm"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Keys of a suite of their own, and a folder for files."""
    before = list(keyring._current)
    keyring.use(keyring.KeyringFile(tmp_path / "keys.json", request.param))
    yield tmp_path / "files"
    keyring._current[:] = before


def test_a_stolen_disk_shows_nothing(keys: Path) -> None:
    content = picture() + b"planted-13800000001"
    key = files.new_key()
    name = files.keep(keys, content, key=key, row_key="a" * 32)
    on_disk = (keys / name).read_bytes()
    assert b"planted" not in on_disk
    assert b"JFIF" not in on_disk
    assert (keys / name).stat().st_mode & 0o077 == 0
    assert (keys / name).parent.stat().st_mode & 0o077 == 0
    assert files.read(keys, name, key=key, row_key="a" * 32) == content


def test_a_file_of_another_row_does_not_open(keys: Path) -> None:
    key = files.new_key()
    name = files.keep(keys, b"x" * 100, key=key, row_key="a" * 32)
    for wrong_key, row_key in ((files.new_key(), "a" * 32), (key, "b" * 32)):
        with pytest.raises(Unavailable):
            files.read(keys, name, key=wrong_key, row_key=row_key)


def test_a_changed_or_missing_file_is_said(keys: Path) -> None:
    key = files.new_key()
    name = files.keep(keys, b"x" * 100, key=key, row_key="a" * 32)
    path = keys / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(Unavailable):
        files.read(keys, name, key=key, row_key="a" * 32)
    files.remove(keys, name)
    files.remove(keys, name)
    assert not path.parent.exists()
    for odd in (name, "../../etc/passwd", "/etc/passwd", ""):
        with pytest.raises(Unavailable):
            files.read(keys, odd, key=key, row_key="a" * 32)


def test_what_no_row_names_is_found(keys: Path) -> None:
    name = files.keep(keys, b"x", key=files.new_key(), row_key="a" * 32)
    now = clock.now()
    assert files.lying_about(keys, now - timedelta(hours=1)) == []
    assert files.lying_about(keys, now + timedelta(hours=1)) == [name]
    assert files.lying_about(keys / "none", now) == []


def test_the_scanner() -> None:
    with running_scanner() as server:
        assert scanner.scan(server.url, picture()) == ""
        assert scanner.scan(server.url, picture() + EICAR) == "Eicar-Test-Signature"
        assert scanner.scan(server.url, bytes(200_000) + EICAR) == "Eicar-Test-Signature"
        server.mumbles = True
        with pytest.raises(scanner.ScannerAway):
            scanner.scan(server.url, b"x")
    with pytest.raises(scanner.ScannerAway):
        scanner.scan(server.url, b"x")


def test_a_scanner_behind_a_socket_file(tmp_path: Path) -> None:
    with pytest.raises(scanner.ScannerAway):
        scanner.scan(f"unix://{tmp_path}/none.sock", b"x")


def test_a_scanner_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(scanner.ScannerAway):
        scanner.scan(f"tcp://127.0.0.1:{silent.getsockname()[1]}", b"x")
