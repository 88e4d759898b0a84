"""Refusals. Actions raise these; one handler in ``app.py`` turns them into the JSON that every client knows.

Each carries a stable machine code (English, snake case) and one plain Chinese sentence that says what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):  # noqa: N818  a refusal is an answer, not a fault of the program
    """A request that is answered with a reason. ``errors`` maps a field to the sentences about it."""

    status: ClassVar[int] = 400

    def __init__(
        self,
        error: str,
        message: str,
        *,
        errors: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        super().__init__(f"{error}: {message}")
        self.error = error
        self.message = message
        self.errors = errors or {}
        self.headers = headers or {}
        self.details = details or {}


class BadRequest(Refusal):
    """400: the request cannot be read."""

    status = 400


class Unauthorized(Refusal):
    """401: nobody is signed in, or the token is no longer good."""

    status = 401


class Forbidden(Refusal):
    """403: signed in, but not allowed to do this, or not with this object."""

    status = 403


class NotFound(Refusal):
    """404: there is no such thing, or none that may be shown."""

    status = 404


class Conflict(Refusal):
    """409: the thing is in a state in which this cannot be done."""

    status = 409


class Gone(Refusal):
    """410: it was there and will not be again; the sentence says where to begin anew."""

    status = 410


class PreconditionFailed(Refusal):
    """412: somebody else has changed it in the meantime."""

    status = 412


class TooLarge(Refusal):
    """413: more than we take in one request."""

    status = 413


class UnsupportedMedia(Refusal):
    """415: not a form that we read."""

    status = 415


class Invalid(Refusal):
    """422: the request was read and its content cannot be accepted."""

    status = 422


class PreconditionRequired(Refusal):
    """428: an edit must say which version it edits."""

    status = 428


class TooMany(Refusal):
    """429: too many requests; ``Retry-After`` says when to come back."""

    status = 429


class Unavailable(Refusal):
    """503: something that this answer needs is not there now."""

    status = 503
