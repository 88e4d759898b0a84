"""Asking a source's server: what is refused, what is tried again, and that nothing is held without bounds."""

from __future__ import annotations

import gzip
import socket
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest

from service.errors import Invalid, Refusal, Unavailable
from service.feeds import fetch as fetching
from service.feeds.fetch import Limits, Reach, fetch, is_public, origin
from tests.service.feeds.serving import QUICK, Server, says, serving


def code(url: str, reach: Reach, limits: Limits = QUICK, **more: object) -> str:
    with pytest.raises(Refusal) as caught:
        fetch(url, reach, limits, **more)  # type: ignore[arg-type]
    return caught.value.error


def test_an_answer_with_its_marks(server: Server) -> None:
    server.paths["/a"] = says("工".encode(), ETag='"1"', Content_Type="text/xml; charset=UTF-8")
    answer = fetch(f"{server.url}/a", server.reach, QUICK)
    assert (answer.status, answer.body.decode(), answer.etag, answer.charset) == (200, "工", '"1"', "utf-8")
    server.paths["/a"] = says(b"", 304)
    assert fetch(f"{server.url}/a", server.reach, QUICK, headers={"If-None-Match": '"1"'}).status == 304
    assert server.asked[-1][1]["if-none-match"] == '"1"'


def test_only_the_named_origins_are_asked(server: Server) -> None:
    assert code(f"{server.url}/a", Reach(frozenset({"http://127.0.0.1:1"}))) == "feed_address_refused"
    assert code("http://user@127.0.0.1/", server.reach) == "feed_address_refused"
    assert code("file:///etc/passwd", server.reach) == "feed_address_refused"
    assert not server.asked


def test_a_name_that_means_a_private_address_is_not_asked(server: Server) -> None:
    named = Reach(frozenset({f"http://localhost:{server.port}"}))
    assert code(f"http://localhost:{server.port}/a", named, find=lambda _h, _p: ["127.0.0.1"]) == "feed_address_refused"
    both = ["93.184.216.34", "127.0.0.1"]
    assert code(f"http://localhost:{server.port}/a", named, find=lambda _h, _p: both) == "feed_address_refused"
    assert not server.asked
    server.paths["/a"] = says(b"ok")
    meant = Reach(named.origins, frozenset({"127.0.0.1"}))
    assert fetch(f"http://localhost:{server.port}/a", meant, QUICK, find=lambda _h, _p: ["127.0.0.1"]).body == b"ok"


def test_the_connection_goes_to_the_address_that_was_looked_at(server: Server) -> None:
    """A name that means another machine at the second look (DNS rebinding) is looked at only once."""
    server.paths["/a"] = says(b"ok")
    looks: list[str] = []

    def find(host: str, _port: int) -> list[str]:
        looks.append(host)
        return ["127.0.0.1"] if len(looks) == 1 else ["10.0.0.1"]

    meant = Reach(frozenset({f"http://feeds.example.org:{server.port}"}), frozenset({"127.0.0.1"}))
    assert fetch(f"http://feeds.example.org:{server.port}/a", meant, QUICK, find=find).body == b"ok"
    assert looks == ["feeds.example.org"]
    assert server.asked[0][1]["host"] == f"feeds.example.org:{server.port}"


def test_each_redirect_is_looked_at(server: Server) -> None:
    server.paths["/b"] = says(b"there")
    server.paths["/a"] = says(b"", 302, Location="/b")
    assert fetch(f"{server.url}/a", server.reach, QUICK).body == b"there"
    for target in (
        "http://169.254.169.254/latest",
        f"http://localhost:{server.port}/b",
        "http://10.0.0.1/",
        "file:///etc/passwd",
    ):
        server.paths["/a"] = says(b"", 302, Location=target)
        assert code(f"{server.url}/a", server.reach) == "feed_address_refused"
    server.paths["/a"] = says(b"", 302, Location="/a")
    assert code(f"{server.url}/a", server.reach) == "feed_answer_refused"


def test_a_key_does_not_follow_a_redirect_elsewhere(server: Server) -> None:
    with serving() as other:
        other.paths["/b"] = says(b"there")
        server.paths["/a"] = says(b"", 302, Location=f"{other.url}/b")
        reach = Reach(frozenset({server.url, other.url}), headers={"Authorization": "Bearer demo"})
        assert fetch(f"{server.url}/a", reach, QUICK).body == b"there"
        assert server.asked[0][1]["authorization"] == "Bearer demo"
        assert "authorization" not in other.asked[0][1]


def test_a_server_in_trouble_is_asked_again(server: Server) -> None:
    answers = iter([says(b"", 500), says(b"", 503), says(b"ok")])

    def one_after_the_other(request: BaseHTTPRequestHandler) -> None:
        next(answers)(request)

    server.paths["/a"] = one_after_the_other
    assert fetch(f"{server.url}/a", server.reach, QUICK).body == b"ok"
    server.paths["/a"] = says(b"", 500)
    assert code(f"{server.url}/a", server.reach) == "feed_answer"
    assert len(server.asked) == 6
    server.paths["/a"] = says(b"", 403)
    assert code(f"{server.url}/a", server.reach) == "feed_answer_refused"
    assert len(server.asked) == 7


def test_a_slow_server_meets_the_deadline_however_it_drips(server: Server) -> None:
    def drips(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(40):  # a byte at a time, each well within the time of one read
            request.wfile.write(f"X-{number}: 1\r\n".encode())
            request.wfile.flush()
            time.sleep(0.1)

    def safely(request: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            drips(request)

    server.paths["/a"] = safely
    began = time.monotonic()
    once = Limits(read_seconds=0.5, whole_seconds=0.6, tries=1)
    assert code(f"{server.url}/a", server.reach, once) == "feed_slow"
    assert time.monotonic() - began < 2


def test_what_is_cut_off_is_not_taken(server: Server) -> None:
    server.paths["/a"] = says(b"only half", Content_Length="5000")
    assert code(f"{server.url}/a", server.reach) == "feed_cut"
    packed = gzip.compress(b"x" * 1000)
    server.paths["/a"] = says(packed[:-12], Content_Encoding="gzip")
    assert code(f"{server.url}/a", server.reach) == "feed_cut"
    server.paths["/a"] = says(b"\x1f\x8bnonsense", Content_Encoding="gzip")
    assert code(f"{server.url}/a", server.reach) == "feed_cut"


def test_bombs_are_not_unpacked(server: Server) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < QUICK.raw_bytes
    server.paths["/a"] = says(bomb, Content_Encoding="gzip")
    assert code(f"{server.url}/a", server.reach) == "feed_too_big"
    server.paths["/a"] = says(bomb)  # a packed file
    assert code(f"{server.url}/a", server.reach) == "feed_too_big"
    server.paths["/a"] = says(gzip.compress(bomb), Content_Encoding="gzip")  # packed twice
    assert code(f"{server.url}/a", server.reach) == "feed_too_big"
    server.paths["/a"] = says(b"x" * 300_000)
    assert code(f"{server.url}/a", server.reach) == "feed_too_big"


def test_packed_answers_are_unpacked(server: Server) -> None:
    plain = "电焊工".encode() * 1000
    server.paths["/a"] = says(gzip.compress(plain), Content_Encoding="gzip")
    assert fetch(f"{server.url}/a", server.reach, QUICK).body == plain
    server.paths["/a"] = says(gzip.compress(plain), Content_Type="application/gzip")
    assert fetch(f"{server.url}/a", server.reach, QUICK).body == plain


def test_all_members_of_a_packed_answer_are_read(server: Server) -> None:
    first, second = "电焊工".encode() * 1000, b"x" * 500
    packed = gzip.compress(first) + gzip.compress(second)
    for body in (packed, packed + b"\0" * 300):  # filled up to a whole block
        server.paths["/a"] = says(body, Content_Encoding="gzip")
        assert fetch(f"{server.url}/a", server.reach, QUICK).body == first + second
        server.paths["/a"] = says(body, Content_Type="application/gzip")
        assert fetch(f"{server.url}/a", server.reach, QUICK).body == first + second
    server.paths["/a"] = says(packed[:-12], Content_Encoding="gzip")
    assert code(f"{server.url}/a", server.reach) == "feed_cut"
    server.paths["/a"] = says(packed + b"nonsense", Content_Encoding="gzip")
    assert code(f"{server.url}/a", server.reach) == "feed_cut"
    half = gzip.compress(b"\0" * (QUICK.plain_bytes // 2 + 1))
    server.paths["/a"] = says(half * 2, Content_Encoding="gzip")
    assert code(f"{server.url}/a", server.reach) == "feed_too_big"


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert code(f"{url}/a", Reach(frozenset({url}))) == "feed_unreachable"

    def lost(_host: str, _port: int) -> list[str]:
        raise socket.gaierror

    assert code("https://gone.example.org/", Reach(frozenset({"https://gone.example.org:443"})), find=lost) == "feed_unreachable"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1",  # noqa: S104  refused here
        "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "not an address",
        "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::a00:1", "fec0::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_addresses_that_are() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1::1")
    assert is_public("::ffff:93.184.216.34")


def test_origins_are_written_in_one_way() -> None:
    assert origin("HTTPS://Jobs.Example.CN/a?b") == "https://jobs.example.cn:443"
    assert origin("http://招聘.example.cn:8080").startswith("http://xn--")
    with pytest.raises(Invalid):
        origin("https://example.cn:99999/")


def test_refusals_that_may_pass_are_told_from_those_that_will_not(server: Server) -> None:
    server.paths["/a"] = says(b"", 500)
    with pytest.raises(Unavailable):
        fetch(f"{server.url}/a", server.reach, QUICK)
    assert fetching.Limits().tries == 3
