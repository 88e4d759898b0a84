"""A source that breaks never empties the pool: what a file would do is weighed before anything is written."""

from __future__ import annotations

from typing import Literal

from service.feeds.source import Bounds

_ADVICE = "请核对来源给的数据；确实如此时，请平台运营先在该来源自己的设置（feeds/来源名.toml）的 [bounds] 里改范围，再导入。"


def objection(
    bounds: Bounds,
    *,
    read: int,
    publishable: int,
    shown: int,
    vanishing: int,
    extent: Literal["whole", "part"] = "whole",
) -> str:
    """Why a pull must stop, one Chinese sentence, or empty.

    ``read`` rows in the file, ``publishable`` of them fit to be shown, ``shown`` adverts of this source open before,
    ``vanishing`` of those the file no longer has. Only what changed, or a list with a gap, is a ``part``: it may be small.
    """
    low, high = bounds.rows
    low = low if extent == "whole" else 0
    if not low <= read <= high:
        return f"这次有 {read} 条，不在合理范围 {low}-{high} 之内。{_ADVICE}"
    low, high = bounds.publishable
    low = low if extent == "whole" else 0
    if not low <= publishable <= high:
        return f"能发布的有 {publishable} 条，不在合理范围 {low}-{high} 之内。{_ADVICE}"
    if shown and vanishing > bounds.vanish_share * shown:
        return f"现有 {shown} 条中有 {vanishing} 条在来源里不见了，超过允许的 {bounds.vanish_share:.0%}。{_ADVICE}"
    return ""
