"""Sealed texts: they open where they were sealed and nowhere else, and a look-up finds them without opening."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import String, Text, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service import clock
from service.crypto import masking
from service.crypto.blind import INDEX_LENGTH, blind_index, candidates, index_key_of, normal_phone
from service.crypto.keyring import KeyringFile, new_key
from service.crypto.seal import FieldLocked, key_of, seal, unseal
from service.crypto.sealed import Sealed, SealedRow, sealed_columns

PHONE = "13800000001"


def test_the_form_of_a_sealed_text(own_keys: KeyringFile) -> None:
    sealed = seal(PHONE, "t:phone:1")
    key = own_keys.get().key("field")
    assert re.fullmatch(rf"v1\.{key.key_id}\.{own_keys.suite}\.[A-Za-z0-9+/]+=*", sealed)
    assert key_of(sealed) == key.key_id
    assert len(base64.b64decode(sealed.rpartition(".")[2])) == 12 + len(PHONE) + 16
    assert seal(PHONE, "t:phone:1") != sealed, "the same text twice looks different"
    assert unseal(sealed, "t:phone:1") == PHONE


@given(text=st.text(), place=st.text())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sealed_comes_out_again(own_keys: KeyringFile, text: str, place: str) -> None:
    assert unseal(seal(text, place), place) == text


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_is_noticed(own_keys: KeyringFile, data: st.DataObject) -> None:
    sealed = seal("演示 13800000001", "t:phone:1")
    head, _, coded = sealed.rpartition(".")
    content = bytearray(base64.b64decode(coded))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FieldLocked) as locked:
        unseal(f"{head}.{base64.b64encode(content).decode()}", "t:phone:1")
    assert locked.value.reason == "not_authentic"


@given(said=st.text())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_no_sealed_text_is_a_clear_fault(own_keys: KeyringFile, said: str) -> None:
    key_id = own_keys.get().active["field"]
    for text in (said, f"v1.{said}", f"v1.{key_id}.{said}", f"v1.{key_id}.{own_keys.suite}.{said}"):
        with pytest.raises(FieldLocked) as locked:
            unseal(text, "t:phone:1")
        assert locked.value.error == "field_locked"
        assert locked.value.__cause__ is None


def test_another_row_column_table_or_suite_does_not_open_it(own_keys: KeyringFile) -> None:
    sealed = seal(PHONE, "t:phone:1")
    for place in ("t:phone:2", "t:id_number:1", "u:phone:1", ""):
        with pytest.raises(FieldLocked, match="field_locked"):
            unseal(sealed, place)
    other = "gm" if own_keys.suite == "intl" else "intl"
    with pytest.raises(FieldLocked) as locked:
        unseal(sealed.replace(f".{own_keys.suite}.", f".{other}."), "t:phone:1")
    assert locked.value.reason == "not_authentic"


def test_other_keys_a_missing_key_and_a_missing_file_are_one_clear_fault(own_keys: KeyringFile) -> None:
    sealed = seal(PHONE, "t:phone:1")
    ring = own_keys.get()
    key = ring.key("field")
    # The same id with another secret: as if the file of another machine had been put there.
    false = new_key("field", own_keys.suite, clock.now())
    wrong = type(key)(key.key_id, "field", key.suite, key.made_at, false.secret)
    ring = own_keys.change({**ring.keys, key.key_id: wrong}, ring.active, expected=ring)
    with pytest.raises(FieldLocked) as locked:
        unseal(sealed, "t:phone:1")
    assert locked.value.reason == "not_authentic"
    ring = own_keys.change(
        {**{k: v for k, v in ring.keys.items() if k != key.key_id}, false.key_id: false}, {**ring.active, "field": false.key_id},
        expected=ring,
    )  # fmt: skip
    with pytest.raises(FieldLocked) as locked:
        unseal(sealed, "t:phone:1")
    assert (locked.value.reason, locked.value.status) == ("no_key", 503)
    assert PHONE not in f"{locked.value} {locked.value.details} {locked.value.errors}"
    index_key = ring.active["index"]
    with pytest.raises(FieldLocked):
        unseal(sealed.replace(key.key_id, index_key), "t:phone:1")
    own_keys.path.write_text("broken")
    with pytest.raises(FieldLocked) as locked:
        seal(PHONE, "t:phone:1")
    assert locked.value.reason == "no_key_file"


class OwnBase(DeclarativeBase):
    """Tables of this test only."""


class Person(SealedRow, OwnBase):
    """A made-up model with sealed texts, one of which replaces an open column."""

    __tablename__ = "made_up_person"

    person_id: Mapped[int] = mapped_column(primary_key=True)
    phone_sealed: Mapped[str | None] = mapped_column(Text)
    phone_index: Mapped[str | None] = mapped_column(String(INDEX_LENGTH))
    note_sealed: Mapped[str | None] = mapped_column(Text)
    note_open: Mapped[str] = mapped_column("note", String(32), default="")
    phone = Sealed("phone", index="phone")
    note = Sealed("note", legacy="note_open")


def test_a_sealed_attribute_reads_and_writes_like_any_other(own_keys: KeyringFile) -> None:
    person = Person(phone="+86 138-0000-0001", note="演示")
    assert person.row_key is not None
    assert len(person.row_key) == 32
    assert person.phone == "+86 138-0000-0001"
    assert person.phone_sealed is not None
    assert person.phone_sealed.startswith("v1.")
    assert person.phone_index == blind_index(PHONE, "phone")
    assert person.note == "演示"
    key = person.row_key
    person.phone = "13900000002"
    assert person.row_key == key
    for nothing in (None, ""):
        person.phone = "13900000002"
        person.phone = nothing
        assert [person.phone, person.phone_sealed, person.phone_index] == ["", None, None]
    assert Person().phone == ""


def test_a_sealed_text_of_another_row_does_not_open(own_keys: KeyringFile) -> None:
    one, two = Person(phone=PHONE, note="演示"), Person(phone="13900000002", note="演示")
    one.phone_sealed = two.phone_sealed
    with pytest.raises(FieldLocked):
        _ = one.phone
    two.phone_sealed = two.note_sealed
    with pytest.raises(FieldLocked):
        _ = two.phone


def test_an_open_text_left_by_an_older_version_counts_until_it_is_written_anew(own_keys: KeyringFile) -> None:
    person = Person(note_open="老内容")
    assert person.note == "老内容"
    person.note = "新内容"
    assert (person.note_open, person.note) == ("", "新内容")
    person.note_open = "老版本后来写的"
    assert person.note == "老版本后来写的"


def test_columns_for_rows_written_in_bulk(own_keys: KeyringFile) -> None:
    made = Person.phone.columns(Person, "k" * 32, PHONE)
    assert Person(row_key="k" * 32, **made).phone == PHONE
    assert Person.phone.columns(Person, "k" * 32, "") == {"phone_sealed": None, "phone_index": None}


def test_sealed_columns_are_found_and_whole() -> None:
    """Every Sealed has its columns, and every column with such a name is read through a Sealed."""
    described = {(one.model.__tablename__, one.field.column) for one in sealed_columns()}
    for one in sealed_columns():
        columns = inspect(one.model).columns
        assert {one.field.column, "row_key"} <= set(columns.keys()), one
        assert not one.field.index or one.field.index_column in columns, one
    named = {
        (mapper.class_.__tablename__, column)
        for model in {one.model for one in sealed_columns()}
        for mapper in [inspect(model)]
        for column in mapper.columns.keys()  # noqa: SIM118  a collection of SQLAlchemy's, not a dict
        if column.endswith("_sealed")
    }
    assert named == described


@pytest.mark.parametrize(
    "written", [PHONE, " 138 0000 0001", "+86 13800000001", "0086-138-0000-0001", "８６13800000001", "138.0000.0001"]
)
def test_spellings_of_one_phone_number_are_one(written: str) -> None:
    assert normal_phone(written) == PHONE


def test_the_index_finds_and_keeps_apart(own_keys: KeyringFile) -> None:
    index = blind_index("138 0000 0001", "phone")
    assert index == blind_index(PHONE, "phone")
    assert len(index) <= INDEX_LENGTH
    assert PHONE not in index
    assert blind_index(PHONE, "login_phone") != index
    assert blind_index("13800000002", "phone") != index
    assert blind_index("0797-8000001", "phone") == blind_index("07978000001", "phone")


def test_a_new_index_key_still_finds_what_the_old_one_wrote(own_keys: KeyringFile) -> None:
    before = blind_index(PHONE, "phone")
    ring = own_keys.get()
    key = new_key("index", own_keys.suite, clock.now())
    own_keys.change({**ring.keys, key.key_id: key}, {**ring.active, "index": key.key_id}, expected=ring)
    after = blind_index(PHONE, "phone")
    assert after != before
    assert index_key_of(after) == key.key_id
    assert candidates(PHONE, "phone") == [after, before]


def test_masks() -> None:
    assert masking.phone("+86 138 0000 0001") == "138****0001"
    assert masking.phone("0797-8000001") == "079****0001"
    assert masking.phone("8000001") == "****01"
    assert masking.phone("110") == "****"
    assert masking.id_number("999999196001011232") == "999***********1232"
    assert masking.id_number("999999600101123") == "999********1123"
    assert masking.id_number("99999919600101") == "*" * 8
    assert masking.name("演示联系人") == "演**"
    assert masking.account("oDemo0000001") == "oD****"
    assert masking.account("abc") == "****"
    assert [mask(" ") for mask in (masking.phone, masking.id_number, masking.name, masking.account)] == [""] * 4
