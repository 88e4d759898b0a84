"""What a first start says to whoever has no account yet."""

from __future__ import annotations

import dataclasses
import io

import flask
from rich.console import Console

from service import clock
from service.config import Settings
from service.welcome import FIRST_ACCOUNT, greet
from tests.service.conftest import make_people


def said(settings: Settings) -> str:
    out = io.StringIO()
    greet(dataclasses.replace(settings, demo=False), "http://127.0.0.1:8000", Console(file=out, soft_wrap=True))
    return out.getvalue()


def test_an_empty_system_says_how_to_open_the_first_account(app: flask.Flask, settings: Settings) -> None:
    assert FIRST_ACCOUNT in said(settings)
    with app.extensions["database"].write_session() as session:
        make_people(session, clock.now())
    assert FIRST_ACCOUNT not in said(settings)


def test_the_line_for_the_first_account_works_as_it_is(app: flask.Flask) -> None:
    words = FIRST_ACCOUNT.replace("登录名", "first-bureau").split()
    answer = app.test_cli_runner().invoke(args=words[1:])
    assert answer.exit_code == 0, answer.output
    assert "设置码" in answer.output
