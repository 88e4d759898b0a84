"""Which jobs a copy holds: of some kinds, a part of the trades, a division. The same words filter snapshot, stream and sheets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from matching.rules import region
from service.accounts.territory import DIGITS


@dataclass(frozen=True, slots=True)
class Selection:
    """``kinds`` and ``trades`` empty: all; ``trades`` are beginnings of codes of the classification (``6-25``); ``region`` a
    12-digit code, empty for the whole country."""

    kinds: frozenset[str] = frozenset()
    trades: tuple[str, ...] = ()
    region: str = ""

    @property
    def all(self) -> bool:
        """Whether it takes everything."""
        return not (self.kinds or self.trades or self.region)

    def takes(self, kind: str, trade_codes: Sequence[str], region_code: str) -> bool:
        """Whether a job with these is in it."""
        return self.takes_any([kind], [trade_codes], [region_code])

    def takes_any(self, kinds: Collection[str], trades: Collection[Sequence[str]], regions: Collection[str]) -> bool:
        """Whether a job that had these at one time or another can ever have been in it."""
        return (
            (not self.kinds or any(kind in self.kinds for kind in kinds))
            and (not self.trades or any(_within(code, self.trades) for codes in trades for code in codes))
            and (not self.region or any(code.startswith(self._beginning) for code in regions))
        )

    @property
    def _beginning(self) -> str:
        return self.region[: DIGITS.get(region.get(self.region).level, 12)]

    def told(self) -> dict[str, Any]:
        """As an answer says it back."""
        return {"kind": sorted(self.kinds), "trade": list(self.trades), "region": self.region or None}

    def query(self) -> dict[str, str]:
        """As parameters of a URL."""
        said = {"kind": ",".join(sorted(self.kinds)), "trade": ",".join(self.trades), "region": self.region}
        return {name: value for name, value in said.items() if value}


def _within(code: str, beginnings: tuple[str, ...]) -> bool:
    return any(code == one or code.startswith(f"{one}-") for one in beginnings)
