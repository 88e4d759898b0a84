"""Ask a source's server, and nobody else: every way in which an address or an answer could do harm ends here, in one sentence.

Only origins that the source's configuration names are asked, each redirect is held against them anew, and the connection goes to
the very address that was looked at: a name that means another machine a moment later changes nothing. Addresses of private
networks are refused unless the configuration names that one. Times, bytes and unpacked bytes are bounded.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore

from service.errors import Invalid, Refusal, Unavailable

Resolve = Callable[[str, int], list[str]]
_GZIP = b"\x1f\x8b"
_PORTS = {"https": 443, "http": 80}
_RETRIED = frozenset({429, 500, 502, 503, 504})
_FOLLOWED = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OLD_WAYS_IN = tuple(map(ipaddress.ip_network, ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "fec0::/10")))
"""IPv4 inside IPv6 in ways that nobody serves the public by (compatible, translated, a site's own NAT64), and site-local."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a source may ask: ``origins`` like ``https://jobs.example.cn:443``; ``private``: addresses of private networks
    that are meant (an origin that is itself such an address is meant as well); ``headers``: what it is asked with (keys, say),
    told to the origin ``home`` only (empty: to the one that is asked first)."""

    origins: frozenset[str]
    private: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    home: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """``whole_seconds`` is one try from the first byte asked to the last one read, ``raw_bytes`` what comes over the line,
    ``plain_bytes`` what it unpacks to. ``pull_seconds`` and ``pull_bytes`` (unpacked) are for all pages of a pull together."""

    connect_seconds: float = 5
    read_seconds: float = 15
    whole_seconds: float = 120
    raw_bytes: int = 50 * 2**20
    plain_bytes: int = 100 * 2**20
    redirects: int = 3
    tries: int = 3
    pause_seconds: float = 1.0
    pull_seconds: float = 3600
    pull_bytes: int = 500 * 2**20


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status 200 or 304, and the unpacked body."""

    status: int
    body: bytes
    charset: str = ""
    etag: str = ""
    last_modified: str = ""


class _Again(Exception):  # noqa: N818  a reason to try once more, with the refusal that is raised when no try is left
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.error)
        self.refusal = refusal


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the machine finds them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def origin(url: str) -> str:
    """``scheme://host:port`` of an address. Raises Invalid ``feed_address_refused`` for anything that is not plainly one."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:  # UnicodeError is one
        raise _refused("写法不对") from None
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
        raise _refused("只能是 http 或 https 地址，不能带用户名")
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port or _PORTS[parts.scheme]}"


def fetch(
    url: str,
    reach: Reach,
    limits: Limits | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    find: Resolve = resolve,
) -> Answer:
    """The body at an address, tried again a few times when the server is in trouble.

    ``headers`` are those of this question (``If-None-Match``). Raises Invalid (``feed_address_refused feed_too_big
    feed_answer_refused``: asking again would not help) or Unavailable (``feed_unreachable feed_slow feed_cut feed_answer``).
    """
    limits = limits or Limits()
    asked = dict(headers or {})
    for left in reversed(range(limits.tries)):
        try:
            return _follow(url, reach, limits, asked, find)
        except _Again as trouble:
            if left == 0:
                raise trouble.refusal from trouble
            time.sleep(limits.pause_seconds * (limits.tries - left))
    raise ValueError("limits.tries must be 1 or more")


def _follow(url: str, reach: Reach, limits: Limits, asked: Mapping[str, str], find: Resolve) -> Answer:
    deadline = time.monotonic() + limits.whole_seconds
    home = reach.home or origin(url)
    for _ in range(limits.redirects + 1):
        here = origin(url)
        # What the source is asked with (a key) is for the origin that the configuration asks, not for where it points to.
        secret = reach.headers if here == home else {}
        answer = _once(url, here, reach, limits, {**secret, **asked}, find, deadline)
        if isinstance(answer, Answer):
            return answer
        url = urljoin(url, answer)
    raise Invalid("feed_answer_refused", f"对方的地址转来转去，超过 {limits.redirects} 次，请核对地址。")


def _once(
    url: str, here: str, reach: Reach, limits: Limits, headers: Mapping[str, str], find: Resolve, deadline: float
) -> Answer | str:
    """One question to one address: the answer, or where it points to."""
    if here not in reach.origins:
        raise _refused(f"{here} 不在该来源允许的地址里（设置里的 allow）")
    addresses = _addresses(here, reach, find)
    backend = _Pinned(addresses, deadline)
    times = {"connect": limits.connect_seconds, "read": limits.read_seconds, "write": limits.read_seconds, "pool": 1.0}
    said = {"Accept": "*/*", "Accept-Encoding": "gzip, identity", "User-Agent": "chengnuan", **headers}
    try:
        # A deadline of its own is kept by the connection: a server that drips its headers meets it as well.
        with (
            httpcore.ConnectionPool(ssl_context=ssl.create_default_context(), network_backend=backend) as pool,
            pool.stream("GET", _plain_url(url), headers=list(said.items()), extensions={"timeout": times}) as response,
        ):
            return _read(response, limits)
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as trouble:
        raise _Again(Unavailable("feed_unreachable", "来源的服务器连不上，请稍后再试或核对地址。")) from trouble
    except httpcore.TimeoutException as trouble:
        raise _Again(Unavailable("feed_slow", "来源的服务器太慢，没有等到完整的内容，请稍后再试。")) from trouble
    except (httpcore.ProtocolError, httpcore.NetworkError) as trouble:
        raise _Again(Unavailable("feed_cut", "来源的内容没有传完就断了，请稍后再试。")) from trouble


def _read(response: httpcore.Response, limits: Limits) -> Answer | str:
    told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    if response.status in _FOLLOWED and told.get("location"):
        return told["location"]
    if response.status in _RETRIED:
        raise _Again(Unavailable("feed_answer", f"来源的服务器出错了（{response.status}），请稍后再试。"))
    if response.status not in {200, 304}:
        raise Invalid("feed_answer_refused", f"来源的服务器没有给内容（{response.status}），请核对地址和密钥。")
    coding = told.get("content-encoding", "identity").strip().lower()
    if coding not in {"", "identity", "gzip", "x-gzip"}:
        raise Invalid("feed_answer_refused", f"来源的内容用了没有要求的压缩方式（{coding[:20]}），请联系对方。")
    body = b"" if response.status == 304 else _collect(_bounded(response.iter_stream(), limits), "gzip" in coding, limits)
    if body.startswith(_GZIP):  # a packed file, not a packed transfer
        body = _collect([body], True, limits)
    charset = told.get("content-type", "").lower().partition("charset=")[2].strip(" \"';")
    return Answer(response.status, body, charset[:32], told.get("etag", "")[:256], told.get("last-modified", "")[:64])


def _bounded(pieces: Iterable[bytes], limits: Limits) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limits.raw_bytes:
            raise Invalid("feed_too_big", f"来源给的内容超过 {limits.raw_bytes // 2**20} MB，没有接收，请联系对方分页或分批。")
        yield piece


def _collect(pieces: Iterable[bytes], packed: bool, limits: Limits) -> bytes:
    """All pieces, unpacked as they come: never more than ``plain_bytes`` are held."""
    body = bytearray()
    for piece in _unpacked(pieces, body, limits) if packed else pieces:
        body += piece
        if len(body) > limits.plain_bytes:
            raise Invalid("feed_too_big", f"来源的内容解压后超过 {limits.plain_bytes // 2**20} MB，没有接收，请联系对方。")
    return bytes(body)


def _unpacked(pieces: Iterable[bytes], body: bytearray, limits: Limits) -> Iterator[bytes]:
    """Every member of a gzip stream (RFC 1952 allows several, one after another), each time at most what ``body``, to which the
    caller adds it, has room for."""
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
    for piece in pieces:
        left = piece
        while left:
            if unpack.eof:
                left = left.lstrip(b"\0")  # what fills up the last block of a tape or a disk
                if not left:
                    break
                unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
            try:
                yield unpack.decompress(left, limits.plain_bytes + 1 - len(body))
            except zlib.error as wrong:
                raise _Again(Unavailable("feed_cut", "来源的压缩内容损坏了，请稍后再试。")) from wrong
            left = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
    if not unpack.eof:
        raise _Again(Unavailable("feed_cut", "来源的压缩内容没有传完，请稍后再试。"))


def _addresses(here: str, reach: Reach, find: Resolve) -> list[str]:
    """The addresses behind an origin, all of them fit to be asked. One that is not spoils the others: a name that means a public
    and a private machine at once is how the private one would be reached."""
    parts = urlsplit(here)
    host = parts.hostname or ""
    try:
        found = list(dict.fromkeys(find(host, parts.port or 0)))
    except OSError as wrong:
        raise _Again(Unavailable("feed_unreachable", f"找不到来源的服务器 {host[:80]}，请核对地址。")) from wrong
    for address in found:
        meant = address in reach.private or address == host
        if not meant and not is_public(address):
            raise _refused(f"{host[:80]} 指向内部网络，配置里没有写明")
    if not found:
        raise _Again(Unavailable("feed_unreachable", f"找不到来源的服务器 {host[:80]}，请核对地址。"))
    return found


def is_public(address: str) -> bool:
    """Whether an address is one of the open network, also when it stands inside another one (mapped, 6to4, NAT64)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if any(found in net for net in _OLD_WAYS_IN):
            return False
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return found.is_global and not found.is_multicast


def _plain_url(url: str) -> str:
    parts = urlsplit(url)
    path = "".join(c if " " < c < "\x7f" else "".join(f"%{byte:02X}" for byte in c.encode()) for c in parts.path or "/")
    query = "".join(c if " " < c < "\x7f" else "".join(f"%{byte:02X}" for byte in c.encode()) for c in parts.query)
    return f"{origin(url)}{path}" + (f"?{query}" if query else "")


def _refused(why: str) -> Invalid:
    return Invalid("feed_address_refused", f"不能向这个地址取数据：{why}。")


class _Pinned(httpcore.NetworkBackend):
    """Connects to the addresses that were looked at, whatever the name means by now, and keeps the deadline in every wait."""

    def __init__(self, addresses: list[str], deadline: float) -> None:
        self.addresses = addresses
        self.deadline = deadline
        self.plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002  the name was resolved before
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """To the first address that answers."""
        for at, address in enumerate(self.addresses):
            try:
                found = self.plain.connect_tcp(address, port, _left(self.deadline, timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if at == len(self.addresses) - 1:
                    raise
            else:
                return _Timed(found, self.deadline)
        raise httpcore.ConnectError("no address")


class _Timed(httpcore.NetworkStream):
    """A connection none of whose waits goes beyond the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self.inner = inner
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As the connection reads."""
        return self.inner.read(max_bytes, _left(self.deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As the connection writes."""
        self.inner.write(buffer, _left(self.deadline, timeout))

    def close(self) -> None:
        """Give it back."""
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """TLS with the name that was asked for: its certificate is looked at, not that of the address."""
        return _Timed(self.inner.start_tls(ssl_context, server_hostname, _left(self.deadline, timeout)), self.deadline)

    def get_extra_info(self, info: str) -> Any:
        """As the connection says."""
        return self.inner.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("deadline")
    return left if timeout is None else min(timeout, left)
