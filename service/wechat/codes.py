"""The picture on a job's poster: a mini-program code, or an ordinary QR code where there is no mini-program.

A mini-program code is permanent and costs a call, so it is kept as a file; an ordinary one is made each time, in a millisecond.
"""

from __future__ import annotations

import io
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import segno

from service.config import Settings
from service.wechat.current import wechat_of
from service.wechat.keeping import keeping


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and its type. ``kind``: ``mini`` or ``web``."""

    content: bytes
    content_type: str
    kind: str


def job_code(settings: Settings, job_id: int) -> Picture:
    """The code of a job. Raises WechatError when WeChat does not give it, Unavailable when there is no mini-program."""
    if settings.wechat.qr == "web":
        picture = io.BytesIO()
        segno.make(job_link(settings, job_id), error="m").save(picture, kind="png", scale=8, border=4)
        return Picture(picture.getvalue(), "image/png", "web")
    path = _folder(settings) / f"{settings.wechat.appid}-{settings.wechat.state}-{job_id}"
    with suppress(OSError):
        return _mini(path.read_bytes())
    content = wechat_of(settings).mini_code(f"j={job_id}", settings.wechat.job_page)
    with suppress(OSError):  # a full disk costs a call the next time, not the picture
        _keep(path, content)
    return _mini(content)


def job_link(settings: Settings, job_id: int) -> str:
    """Where an ordinary code leads."""
    host = "127.0.0.1" if settings.bind_address in {"0.0.0.0", ""} else settings.bind_address  # noqa: S104  compared, not bound
    base = settings.public_url or f"http://{host}:{settings.port}"
    return f"{base}/v1/jobs/{job_id}"


def look_for(settings: Settings, job_id: int) -> str:
    """The line of a text for people that says where the job is. An address only when the operator names the one that others open;
    with a mini-program its number is what is looked for there; with neither the number alone."""
    if settings.wechat.appid:
        return f"岗位编号 {job_id}，在小程序里搜这个编号看详情和报名"
    if settings.public_url:
        return f"岗位编号 {job_id}，详情和报名：{job_link(settings, job_id)}"
    return f"岗位编号 {job_id}"


def forget_old(settings: Settings) -> int:
    """Drop pictures that were made long ago; a job that is still open gets a new one when asked for. Returns how many."""
    before, gone = time.time() - keeping().pictures.total_seconds(), 0
    for path in _folder(settings).glob("*"):
        with suppress(OSError):
            if path.stat().st_mtime < before:
                path.unlink()
                gone += 1
    return gone


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "wechat" / "codes"


def _mini(content: bytes) -> Picture:
    return Picture(content, "image/png" if content.startswith(b"\x89PNG") else "image/jpeg", "mini")


def _keep(path: Path, content: bytes) -> None:
    """Swap the file in one step: a process that is killed leaves no half picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
