"""Print the OpenAPI document to ``api_spec/openapi.json``: ``python -m service.openapi`` writes it, ``--check`` compares."""

from __future__ import annotations

import sys
from pathlib import Path

from service.app import create_app

FILE = Path(__file__).resolve().parent.parent / "api_spec" / "openapi.json"


def document() -> str:
    """The document of the application as it is now."""
    text: str = create_app().extensions["openapi"]
    return text


def main(arguments: list[str]) -> int:
    """Write the file, or with ``--check`` compare. Returns 0 when it is current."""
    if arguments == ["--check"]:
        if FILE.exists() and FILE.read_text(encoding="utf-8") == document():
            return 0
        sys.stderr.write("api_spec/openapi.json 不是最新的，请执行 make spec 后提交。\n")
        return 1
    FILE.write_text(document(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
