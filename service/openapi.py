"""Print what is made from the code: ``api_spec/openapi.json`` and ``docs/roles.md``. ``python -m service.openapi`` writes them,
``--check`` compares."""

from __future__ import annotations

import sys
from pathlib import Path

from service.accounts import roles_page
from service.app import create_app

FILE = Path(__file__).resolve().parent.parent / "api_spec" / "openapi.json"


def document() -> str:
    """The document of the application as it is now."""
    text: str = create_app().extensions["openapi"]
    return text


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` compare. Returns 0 when they are current."""
    wanted = {FILE: document(), roles_page.FILE: roles_page.page()}
    if arguments == ["--check"]:
        old = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
        for file in old:
            sys.stderr.write(f"{file.parent.name}/{file.name} 不是最新的，请执行 make spec 后提交。\n")
        return 1 if old else 0
    for file, text in wanted.items():
        file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
