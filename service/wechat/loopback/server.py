"""The server itself: WeChat's addresses, the phone of a made-up person under ``/demo/``, and pushes to our address.

A test lets any address fail with :meth:`Loopback.fail`: an error code, a 5xx, a slow or cut answer, a line that drops.
"""

from __future__ import annotations

import io
import json
import socket
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import segno

from service.wechat.loopback.memory import Answered, Memory
from service.wechat.loopback.push import Pusher

LARGEST = 2**20


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one answer. ``after``: the call has its effect all the same, only the answer suffers."""

    errcode: int | None = None
    status: int = 200
    slow_seconds: float = 0.0
    cut: bool = False
    drop: bool = False
    body: bytes | None = None
    content_type: str = "application/json"
    after: bool = False


@dataclass
class Loopback:
    """WeChat on a port of this machine, from :meth:`start` to :meth:`stop`."""

    memory: Memory
    pusher: Pusher | None = None
    port: int = 0
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; a port of 0 means any free one."""
        handler = type("Handler", (_Handler,), {"loopback": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def serve(self) -> None:
        """Listen until the process ends."""
        self.start()
        threading.Event().wait()

    def stop(self) -> None:
        """Stop listening; the port stays the same for another start."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def fail(self, path: str, fault: Fault, times: int = 1) -> None:
        """The next ``times`` answers of this path go wrong."""
        self.faults[path].extend([fault] * times)

    def answer(self, method: str, path: str, query: Mapping[str, str], body: dict[str, Any]) -> tuple[str, bytes]:
        """Type and bytes of an answer. Raises Answered for an error code, KeyError for an address that there is not."""
        memory = self.memory
        if (method, path) == ("GET", "/sns/jscode2session"):
            return "text/plain", _json(memory.session(query))  # WeChat's own type for this call
        if method != "POST":
            raise KeyError(path)
        if path == "/cgi-bin/stable_token":
            return "application/json; encoding=utf-8", _json(memory.token(body))
        calls: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "/wxa/business/getuserphonenumber": memory.phone,
            "/cgi-bin/message/subscribe/send": memory.send,
            "/wxa/msg_sec_check": memory.check_text,
            "/wxa/media_check_async": memory.check_media,
        }
        if path == "/wxa/getwxacodeunlimit":
            memory.check_token(query.get("access_token", ""))
            return "image/png", _png(memory.check_scene(body))
        call = calls[path]
        memory.check_token(query.get("access_token", ""))
        return "application/json; encoding=utf-8", _json(call(body))

    def demo(self, method: str, path: str, query: Mapping[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """The phone of a made-up person. Raises Answered or KeyError as :meth:`answer`."""
        person = str(body.get("person") or query.get("person") or "演示工友")[:64]
        memory = self.memory
        if (method, path) == ("GET", "/demo/messages"):
            openid = memory.openid_of(person)
            return {"person": person, "messages": [sent for sent in memory.sent if sent["touser"] == openid]}
        if method != "POST":
            raise KeyError(path)
        if path == "/demo/login":
            return {"person": person, "code": memory.log_in(person)}
        if path == "/demo/phone":
            return {"person": person, "code": memory.tap_phone(person, str(body.get("phone") or "13800000001"))}
        if path == "/demo/subscribe":
            template_ids = [str(name) for name in body.get("template_ids") or memory.templates][:3]
            accepted = bool(body.get("accept", True))
            openid = (memory.accept if accepted else memory.reject)(person, template_ids)
            pushed = self._push_choice(openid, template_ids, "accept" if accepted else "reject")
            return {"person": person, "template_ids": template_ids, "pushed": pushed}
        raise KeyError(path)

    def _push_choice(self, openid: str, template_ids: list[str], choice: str) -> bool:
        """Tell our address what the person chose, if anybody listens there."""
        if self.pusher is None:
            return False
        rows = [{"TemplateId": name, "SubscribeStatusString": choice, "PopupScene": "0"} for name in template_ids]
        try:
            return self.pusher.event(openid, "subscribe_msg_popup_event", {"List": rows}).status_code == 200
        except httpx.HTTPError:
            return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone; everything else is a fault and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loopback: Loopback
    timeout = 20

    def do_GET(self) -> None:
        """Read and answer."""
        self._serve()

    def do_POST(self) -> None:
        """Read and answer."""
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing: the line holds codes."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = min(int(self.headers.get("Content-Length") or 0), LARGEST)
        raw = self.rfile.read(length)
        with self.loopback.memory.lock:
            self.loopback.memory.calls[parts.path] += 1
            waiting = self.loopback.faults.get(parts.path)
            fault = waiting.popleft() if waiting else None
        if fault is not None and not fault.after:
            self._fail(fault, _json({"errcode": fault.errcode or 0, "errmsg": "rid: demo"}))
            return
        status, kind, content = self._content(parts.path, dict(parse_qsl(parts.query)), raw)
        if fault is not None:
            self._fail(fault, content)
            return
        self._say(status, kind, content)

    def _content(self, path: str, query: dict[str, str], raw: bytes) -> tuple[int, str, bytes]:
        try:
            body = dict(json.loads(raw)) if raw else {}
            if path.startswith("/demo/"):
                return 200, "application/json; charset=utf-8", _json(self.loopback.demo(self.command, path, query, body))
            return 200, *self.loopback.answer(self.command, path, query, body)
        except (ValueError, TypeError):
            return 200, "application/json", _json({"errcode": 47001, "errmsg": "data format error"})
        except Answered as told:
            return 200, "application/json", _json({"errcode": told.errcode, "errmsg": f"{told.errmsg} rid: demo"})
        except KeyError:
            return 404, "text/plain", b"not found"

    def _fail(self, fault: Fault, content: bytes) -> None:
        if fault.slow_seconds:
            time.sleep(fault.slow_seconds)
        if fault.drop:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._say(fault.status, fault.content_type, content if fault.body is None else fault.body, cut=fault.cut)

    def _say(self, status: int, kind: str, content: bytes, *, cut: bool = False) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
            if cut:
                self.wfile.flush()
                self.close_connection = True
        except OSError:
            self.close_connection = True  # whoever asked has gone


def _json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()


def _png(text: str) -> bytes:
    picture = io.BytesIO()
    segno.make(text, error="m").save(picture, kind="png", scale=6)
    return picture.getvalue()
