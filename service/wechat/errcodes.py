"""The one table of WeChat's error codes, and the one exception of every call to it.

A code that is not in the table is never guessed at: somebody has to look (``alert``).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, get_args

from service.errors import Refusal, Unavailable

Action = Literal["retry", "renew_token", "give_up", "alert"]
_ACTIONS = get_args(Action)
RETRY_AFTER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Errcode:
    """One row: what the code means, and what to do about it."""

    errcode: int
    action: Action
    meaning: str
    source: str


@cache
def table() -> Mapping[int, Errcode]:
    """Every known code. Raises ValueError for a row that cannot be used."""
    text = files("service.wechat").joinpath("data/errcodes.csv").read_text(encoding="utf-8")
    rows: dict[int, Errcode] = {}
    for row in csv.DictReader(text.splitlines()):
        code, action = int(row["errcode"]), row["action"]
        if action not in _ACTIONS or code in rows:
            raise ValueError(f"errcodes.csv: {code}")
        rows[code] = Errcode(code, action, row["meaning"], row["source"])  # type: ignore[arg-type]  # looked at above
    return MappingProxyType(rows)


def known(errcode: int) -> Errcode:
    """The row of a code; an unknown one asks for a person."""
    return table().get(errcode) or Errcode(errcode, "alert", "没有见过的错误码", "")


class WechatError(Exception):
    """A call that did not succeed. Holds no text of WeChat's: its messages quote openids and request ids.

    ``reason`` is a code of the table, ``other`` for an unknown code, or how the line failed: ``timeout cut http_5xx broken large
    unreachable resting``. ``uncertain``: the request may have been carried out all the same.
    """

    def __init__(self, api: str, reason: str, action: Action, *, errcode: int | None = None, uncertain: bool = False) -> None:
        super().__init__(f"{api}: {reason}")
        self.api = api
        self.reason = reason
        self.action = action
        self.errcode = errcode
        self.uncertain = uncertain

    @classmethod
    def of_code(cls, api: str, errcode: int) -> WechatError:
        """What WeChat answered."""
        row = known(errcode)
        return cls(api, str(errcode) if errcode in table() else "other", row.action, errcode=errcode)

    @classmethod
    def of_line(cls, api: str, reason: str, *, uncertain: bool) -> WechatError:
        """The line or the server failed; it may work again in a moment."""
        return cls(api, reason, "retry", uncertain=uncertain)

    def refusal(self) -> Refusal:
        """What a person is told when nothing better is known: it is not his fault."""
        return Unavailable(
            "wechat_unavailable", "微信那边暂时没有办成，请过一会儿再试。", headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
        )
