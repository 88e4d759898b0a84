"""``docs/roles.md``: the table of permissions as a page. Printed by ``make spec``; a test fails when it is out of date."""

from __future__ import annotations

from pathlib import Path

from service.accounts.permissions import ALL_ROLES, PERMISSIONS, PROXY, ROLE_TITLES, VISITOR, Scope

FILE = Path(__file__).resolve().parents[2] / "docs" / "roles.md"
_SCOPES = {
    Scope.ANY: "●",
    Scope.PUBLIC: "公开",
    Scope.OWN: "本人",
    Scope.EMPLOYER: "本单位",
    Scope.STATION: "本站",
    Scope.SOURCE: "本来源",
    Scope.TERRITORY: "辖区",
}
_ABOUT = """# Who may do what 角色与权限

Made from `service/accounts/permissions.py` by `make spec`; change it there. How it works: [ADR 0010](adr/0010-permissions.md).

Every route names one permission. A role that has none for it is refused (403); of an object that is not the caller's, what
everybody may know of is refused (403) and what is personal is not there (404). Whoever is not signed in has only what stands
under 访客, and everybody has that too. A worker's proxy (代办, header `X-Acting-For: <grant_id>`) has what the grant names, out
of the column 代办.

| sign | whose objects |
| --- | --- |
| ● | all |
| 公开 | what is shown to everybody |
| 本人 | the person's own; for a proxy: of the worker it acts for |
| 本单位 本站 本来源 | of the same employer, station, or source of a partner |
| 辖区 | in the account's division or below it (county, city, province); an operator without a division looks after all |

"""


def page() -> str:
    """The page as it should be."""
    columns = (VISITOR, *ALL_ROLES)
    titles = {VISITOR: "访客", PROXY: "代办", **ROLE_TITLES}
    lines = [
        f"| permission | 做什么 | {' | '.join(titles[role] for role in columns)} |",
        f"| --- | --- |{' --- |' * len(columns)}",
    ]
    for row in PERMISSIONS.values():
        cells = (_said(row.scopes.get(role, Scope(0))) for role in columns)
        lines.append(f"| `{row.name}` | {row.title} | {' | '.join(cells)} |")
    return _ABOUT + "\n".join(lines) + "\n"


def _said(scope: Scope) -> str:
    return " ".join(word for one, word in _SCOPES.items() if one in scope)
