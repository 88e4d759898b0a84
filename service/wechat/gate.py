"""The check of texts at the door of a route: before its transaction, since WeChat may take seconds."""

from __future__ import annotations

from collections.abc import Mapping

from service import clock
from service.accounts.caller import Caller
from service.errors import Invalid, Unavailable
from service.sessions import read_session, settings
from service.wechat.client import Wechat
from service.wechat.current import wechat_of
from service.wechat.identities import recent_openid
from service.wechat.safety import Fitness, ask, by_words

UNFIT = "这里有不能公开显示的内容，请改过再提交。"


def wechat_fitness(caller: Caller, text: str, scene: int) -> Fitness:
    """What WeChat says of a text of the caller; ``pass`` where it cannot be asked, since he did not come by it in two hours."""
    wechat, openid = _who(caller)
    return ask(wechat, openid, text, scene) if wechat is not None and openid and text.strip() else "pass"


def require_fit(caller: Caller, texts: Mapping[str, object], scene: int) -> None:
    """Raises Invalid, with the field, for a text that no page may show. What is only doubtful passes: use it where a person looks
    at the text before others see it, or nobody else sees it without the writer's word."""
    said = {name: text for name, text in texts.items() if isinstance(text, str) and text}
    refused = [name for name, text in said.items() if by_words(text) == "risky"]
    if not refused and said and wechat_fitness(caller, "\n".join(said.values()), scene) == "risky":
        refused = list(said)
    if refused:
        raise Invalid("text_unfit", UNFIT, errors={name: [UNFIT] for name in refused})


def _who(caller: Caller) -> tuple[Wechat | None, str | None]:
    chosen = settings()
    # A proxy writes for somebody else: WeChat would hold the text against the wrong person.
    if not chosen.wechat.appid or caller.acting_for is not None:
        return None, None
    with read_session() as session:
        openid = recent_openid(session, caller.account_id, clock.now())
    try:
        return (wechat_of(chosen), openid) if openid else (None, None)
    except Unavailable:
        return None, None
