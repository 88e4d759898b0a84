"""How answers are written: order kept, Chinese as it is, nothing that is no JSON."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from uuid import UUID

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.json_answers import AnswersAsJson

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def provider() -> AnswersAsJson:
    return AnswersAsJson(flask.Flask("test"))


@given(value=_VALUES)
def test_the_standard_library_reads_the_same(provider: AnswersAsJson, value: object) -> None:
    assert json.loads(provider.dumps(value)) == value
    assert provider.loads(provider.dumps(value)) == value


def test_order_and_chinese_are_kept(provider: AnswersAsJson) -> None:
    assert provider.dumps({"z": "电焊工", "a": 1}) == '{"z":"电焊工","a":1}'


def test_what_flask_writes_is_written(provider: AnswersAsJson) -> None:
    said = {"day": date(2026, 1, 2), "sum": Decimal("1.50"), "id": UUID(int=7), 3: "drei"}
    assert json.loads(provider.dumps(said)) == {"day": "2026-01-02", "sum": "1.50", "id": str(UUID(int=7)), "3": "drei"}


def test_what_is_no_json_is_refused(provider: AnswersAsJson) -> None:
    with pytest.raises(TypeError):
        provider.dumps({"set": {1}})
    assert provider.dumps([float("nan")]) == "[null]"


def test_an_answer_has_one_line_and_its_kind(provider: AnswersAsJson) -> None:
    answer = provider.response({"items": []})
    assert (answer.data, answer.mimetype) == (b'{"items":[]}\n', "application/json")
