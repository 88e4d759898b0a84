"""Field types and the two schema parents of every feature: what is unknown is refused, what goes out has one form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate
from webargs.fields import DelimitedList

from matching.rules import region
from service import clock

_CODE = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,2}")
_DIGITS = re.compile(r"-?[0-9]{1,16}")
PRINTABLE = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
"""For the document: no control characters but tab and line break."""
MAX_ID = 2**53 - 1
"""Ids are JSON numbers: beyond this a JavaScript client would round them."""


class In(Schema):
    """What a client sends. Unknown fields are refused: a misspelt filter that is silently ignored gives a wrong answer."""

    class Meta:
        unknown = RAISE


class Out(Schema):
    """What a client gets."""


class Part(fields.Nested):
    """Some columns of the same object, shown together under one name. ``when`` says for which objects it is shown at all."""

    def __init__(self, nested: type[Schema], *, when: Callable[[Any], bool] | None = None, **options: Any) -> None:
        super().__init__(nested, **options)
        self.when = when

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = None) -> Any:  # noqa: ARG002  marshmallow's signature
        """The object itself."""
        return obj if self.when is None or self.when(obj) else missing


class Text(fields.String):
    """A line or a text that every database can store: no control characters but the line break, no lone surrogates."""

    def __init__(self, *, longest: int, shortest: int = 0, pattern: str | None = None, **options: Any) -> None:
        validators: list[Any] = [validate.Length(min=shortest or None, max=longest)]
        metadata = options.pop("metadata", {})
        if pattern is not None:
            validators.append(validate.Regexp(pattern))
        else:
            metadata = {"pattern": PRINTABLE, **metadata}
        super().__init__(validate=validators, metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **options))
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
        text = "".join(
            c for c in text if unicodedata.category(c) not in {"Cf", "Co"}
        )  # unseen: they hide words, turn wages round
        if any(c != "\n" and unicodedata.category(c) in {"Cc", "Cs"} for c in text):
            raise ValidationError("文字里有看不见的控制字符，请删掉后再提交。")
        return text.strip()


class Division(Text):
    """A division of GB/T 2260: its code (6, 9 or 12 digits) or its name; loaded as 12 digits."""

    def __init__(self, **options: Any) -> None:
        described = {"description": "行政区划代码（6、9、12 位）或地名"} | options.pop("metadata", {})
        super().__init__(longest=64, shortest=1, metadata=described, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        said = super()._deserialize(value, attr, data, **options)
        if _CODE.fullmatch(said):
            given = region.current(said)
            if given.code is None:
                raise ValidationError("没有这个行政区划代码，请检查，或直接写地名。")
            return given.code
        found = region.find(said)
        if found.code is None:
            names = "、".join(region.get(code).full_name for code in found.ambiguous[:3])
            raise ValidationError(
                f"叫这个名字的地方不止一个，请写上省市：{names}。" if names else "没有找到这个地方，请写到县区。"
            )
        return found.code


class AsWritten(fields.List[Any]):
    """A list that a column holds just as it goes out: not looked at again for every card, and left out when it is empty."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:  # noqa: ARG002  marshmallow's signature
        return value or missing


class Few(fields.List[Any]):
    """A list of at most ``most``: refused by its length before one item of it is looked at, so that a body of 256 kB does not
    make 100,000 sentences."""

    def __init__(self, inner: Any, *, most: int, **options: Any) -> None:
        super().__init__(inner, validate=validate.Length(max=most), **options)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any | None]:
        if isinstance(value, list) and len(value) > self.most:
            raise ValidationError(f"最多 {self.most} 项。")
        return super()._deserialize(value, attr, data, **options)


class Commas(DelimitedList):
    """A list of a query string: with commas, or the same parameter again and again, or both. It is refused as a whole, under its
    own name, since nobody who types ``kind=a,b`` has heard of ``kind.1``."""

    is_multiple = True

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        try:
            return list(super()._deserialize(self.delimiter.join(value), attr, data, **options))  # type: ignore[no-untyped-call]  # webargs has none
        except ValidationError as refused:
            raise ValidationError(list(dict.fromkeys(_sentences(refused.messages)))) from None


def _sentences(messages: Any) -> list[str]:
    if isinstance(messages, dict):
        return [sentence for inner in messages.values() for sentence in _sentences(inner)]
    return [str(message) for message in messages]


def one_of(meanings: Mapping[str, str]) -> validate.OneOf:
    """One of the keys; who picks another reads what each means."""
    said = "、".join(f"{key}（{meaning}）" for key, meaning in meanings.items())
    return validate.OneOf(list(meanings), error=f"只能填这些之一：{said}。")


class Moment(fields.AwareDateTime):
    """A moment with its offset; shown at +08:00, to the second. A year outside 2000-2100 is a slip of the pen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **options: Any) -> str | None:  # noqa: ARG002  marshmallow's signature
        return None if value is None else clock.show(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        if not isinstance(value, str):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        moment: datetime = super()._deserialize(value, attr, data, **options)
        if not 2000 <= moment.year <= 2100:
            raise ValidationError("日期的年份不对，请检查。")
        return moment


class Money(fields.Float):
    """Yuan: whole where they are whole (6000, 22.5)."""

    def _serialize(self, value: float | None, attr: str | None, obj: Any, **options: Any) -> float | int | None:  # noqa: ARG002  marshmallow's signature
        if value is None:
            return None
        return int(value) if float(value).is_integer() else round(float(value), 2)


def integer(low: int, high: int, **options: Any) -> fields.Integer:
    """A whole number between two bounds, both included."""
    return Whole(validate=validate.Range(low, high), **options)


class Whole(fields.Integer):
    """A whole number: 5, 5.0 or its digits (a query string has nothing else); not 5.5, not ``true``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        fraction = isinstance(value, float) and not value.is_integer()
        if isinstance(value, bool) or fraction or (isinstance(value, str) and not _DIGITS.fullmatch(value)):
            raise self.make_error("invalid", input=value)
        number = super()._deserialize(value, attr, data, **options)
        if number is None:
            raise self.make_error("invalid", input=value)
        return number


class Flag(fields.Boolean):
    """``true`` or ``false`` (a query string has them as words), and none of the other ways in which people write yes and no."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool) and value not in ("true", "false"):
            raise self.make_error("invalid", input=value)
        return bool(super()._deserialize(value, attr, data, **options))


def latitude(**options: Any) -> fields.Float:
    """Degrees north, -90 to 90."""
    told = "纬度要在 -90 到 90 之间，经纬度可能填反了。"
    return fields.Float(validate=validate.Range(-90, 90, error=told), allow_nan=False, **options)


def longitude(**options: Any) -> fields.Float:
    """Degrees east, -180 to 180."""
    return fields.Float(validate=validate.Range(-180, 180), allow_nan=False, **options)
