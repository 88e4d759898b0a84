"""The words of a source's record as staff may read them to see what was the matter: without numbers and names of people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from service.crypto import masking
from service.log_masks import mask_text

LONGEST = 200
"""Characters of one field: enough to see what is wrong with it."""
_OF_A_PERSON = re.compile(r"(?i)contact|linkman|person|recruiter|联系|姓名|经办|负责人|法人|招聘者|老板")
"""Fields that hold a person's name, whatever else stands in them."""
_NAMED = re.compile(
    r"((?:联系人|负责人|经办人|招聘人)[:： ]{1,2})([\u4e00-\u9fff])[\u4e00-\u9fff]{1,2}"
    r"|((?:找|联系)[:： ]?)([\u4e00-\u9fff])[\u4e00-\u9fff]{0,2}(?=经理|先生|女士|师傅|大姐|姐|哥|老板|主任|主管)"
)
"""「联系人：张三」, 「找张经理」."""
_NO_NAME = re.compile(r"[\d*\s\-—+()（）]*")


def masked(raw: Mapping[str, Any]) -> dict[str, str]:
    """Every field that says something; telephone, identity and card numbers and tokens are taken out, names keep their first
    character."""
    return {str(field): _words(str(field), value) for field, value in raw.items() if value not in (None, "", [], {})}


def sentence(text: str) -> str:
    """A reason as it is shown: it may quote the record."""
    return _without_names(mask_text(text))


def _words(field: str, value: Any) -> str:
    text = mask_text(str(value))
    if _OF_A_PERSON.search(field):
        # Numbers are masked already; what else stands there is taken for a name.
        text = text if _NO_NAME.fullmatch(text) else masking.name(text)
    text = _without_names(text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _without_names(text: str) -> str:
    return _NAMED.sub(lambda found: f"{found[1] or found[3]}{found[2] or found[4]}**", text)
