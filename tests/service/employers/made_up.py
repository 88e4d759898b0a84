"""Codes and numbers of nobody: right check digits, in the division 999999, which does not exist."""

from __future__ import annotations

import base64

from service.employers.credit_code import check_digit, organisation_digit


def credit_code(number: int) -> str:
    """A made-up credit code."""
    organisation = f"DEM{number:05d}"
    first = f"91999999{organisation}{organisation_digit(organisation)}"
    return first + check_digit(first)


def id_number(number: int, born: str = "19800101") -> str:
    """A made-up identity number: its check digit is computed here anew, so that the program is not its own witness."""
    first = f"999999{born}{number:03d}"
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first))
    return first + "10X98765432"[total % 11]


EICAR = base64.b64decode("WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=")
"""The test file that every scanner knows (https://www.eicar.org); coded, so that no scanner takes this file away."""
