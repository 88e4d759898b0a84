"""Who opens connections, and that nothing turns bytes into objects: two lists that a change has to enter on purpose."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONNECTING = {
    "httpx",
    "httpcore",
    "urllib.request",
    "http.client",
    "requests",
    "socket",
    "smtplib",
    "ftplib",
    "aiohttp",
    "websockets",
}
ALLOWED = {
    "service/bench.py": "asks the service that it started itself",
    "service/employers/scanner.py": "the virus scanner of the operator's setting",
    "service/feeds/fetch.py": "the origins that a source's configuration names",
    "service/feeds/lease.py": "its own host's name",
    "service/performance/counted.py": "its own host's name",
    "service/performance/tasks.py": "asks our own web whether it is there",
    "service/supervisor.py": "is the port free, does the web answer",
    "service/tasks/worker.py": "its own host's name",
    "service/wechat/line.py": "WeChat's address of the operator's setting",
    "service/signin/oidc.py": "the issuer of the operator's setting",
    "service/signin/sms_gateway.py": "the SMS gateway of the operator's setting",
}
"""None of them takes an address from a request: an operator's setting, or our own machine."""
UNSAFE = {"pickle", "marshal", "shelve", "yaml", "dill", "cloudpickle", "joblib", "xml.sax", "xml.dom.minidom"}
UNSAFE |= {f"xml.etree.ElementTree.{name}" for name in ("fromstring", "parse", "iterparse", "XML")}


def _sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "service").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        if "loopback" not in name:  # stand-ins of other servers, for tests and a machine without them
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_only_these_modules_open_connections() -> None:
    assert {name for name, tree in _sources() if _imports(tree) & CONNECTING} == set(ALLOWED)


def test_nothing_reads_objects_out_of_bytes() -> None:
    for name, tree in _sources():
        assert not _imports(tree) & UNSAFE, name
        calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        assert not calls & {"eval", "exec", "compile"}, name


def test_nothing_that_must_not_be_guessed_is_made_by_random() -> None:
    """Tokens, codes, keys and names of files come from ``secrets``; the two that import ``random`` spread retries with it."""
    predictable = {"random", "numpy.random", "uuid.uuid1"}
    assert {name for name, tree in _sources() if _imports(tree) & predictable} == {
        "service/tasks/queue.py",
        "service/wechat/client.py",
    }
