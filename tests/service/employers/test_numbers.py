"""Credit codes and identity numbers, held against python-stdnum."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from service.employers import credit_code, id_number
from tests.service.employers import made_up

TODAY = date(2026, 11, 27)
SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
numbers = st.integers(0, 99_999)


@pytest.mark.parametrize("code", ["91110000600037341L", "9144030071526726XG", "91330100799655058B", "914403001922038216"])
def test_codes_of_known_companies_are_right(code: str) -> None:
    assert credit_code.what_is_wrong(code) == ""
    assert uscc.is_valid(code)


@given(numbers)
def test_made_up_codes_agree_with_stdnum(number: int) -> None:
    code = made_up.credit_code(number)
    assert credit_code.what_is_wrong(code) == ""
    assert uscc.is_valid(code)


@given(numbers, st.integers(0, 17), st.sampled_from(SIGNS))
def test_every_single_wrong_character_is_found(number: int, place: int, sign: str) -> None:
    code = made_up.credit_code(number)
    wrong = code[:place] + sign + code[place + 1 :]
    assert (credit_code.what_is_wrong(wrong) == "") == (wrong == code)


@given(numbers, st.integers(0, 16))
def test_every_swap_of_neighbours_is_found(number: int, place: int) -> None:
    code = made_up.credit_code(number)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (credit_code.what_is_wrong(swapped) == "") == (swapped == code)


def test_the_digit_of_the_organisation_is_looked_at_by_itself() -> None:
    code = made_up.credit_code(7)
    for sign in "0123456789X":
        first = code[:16] + sign
        if sign != code[16]:
            assert credit_code.what_is_wrong(first + credit_code.check_digit(first)) != ""


@given(st.text(alphabet=SIGNS + "iosvz０１Ａ -", max_size=20))
def test_no_text_breaks_the_check(text: str) -> None:
    tidy = credit_code.tidy(text)
    if credit_code.what_is_wrong(tidy) == "":
        assert uscc.is_valid(tidy)


def test_as_people_type_it() -> None:
    code = made_up.credit_code(1)
    assert credit_code.tidy(f" {code[:6].lower()}-{code[6:]} ") == code
    assert credit_code.tidy("９１") == "91"
    assert "18 位" in credit_code.what_is_wrong("91")
    assert "“O”" in credit_code.what_is_wrong("O" + code[1:])


@given(st.integers(0, 999), st.dates(date(1930, 1, 1), date(2008, 1, 1)))
def test_identity_numbers_agree_with_stdnum(number: int, born: date) -> None:
    made = made_up.id_number(number, born.strftime("%Y%m%d"))
    assert id_number.what_is_wrong(made, TODAY) == ""
    assert ric.calc_check_digit(made) == made[17]
    assert id_number.birth_date(made) == born


@given(st.integers(0, 999), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_every_single_wrong_digit_of_an_identity_number_is_found(number: int, place: int, sign: str) -> None:
    made = made_up.id_number(number)
    wrong = made[:place] + sign + made[place + 1 :]
    assert (id_number.what_is_wrong(wrong, TODAY) == "") == (wrong == made)


def test_days_that_are_none_and_ages() -> None:
    for born in ("19800230", "20301301", "20990101", "18000101"):
        assert "出生日期" in id_number.what_is_wrong(made_up.id_number(1, born), TODAY)
    made = made_up.id_number(1, "20081128")
    assert id_number.age_on(made, TODAY) == 17
    assert id_number.age_on(made, date(2026, 11, 28)) == 18
    assert id_number.tidy(" ９99999198001010011x ") == "999999198001010011X"
