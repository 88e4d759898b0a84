"""Fixtures of the service's tests, here too."""

from tests.service.conftest import app, built_app, client, people, settings

__all__ = ["app", "built_app", "client", "people", "settings"]
