"""The pages of the API on a phone."""

from __future__ import annotations

import re

from flask.testing import FlaskClient


def test_what_is_said_for_narrow_screens_fits_the_package(client: FlaskClient) -> None:
    """Measured in a browser at 320 and 360 px (the page was 387 to 392 wide before); here: that the page has the rules, and that
    what they name is still called so by the package."""
    page = client.get("/docs").get_data(as_text=True)
    assert page.index("/docs/swagger-ui.css") < page.index('href="/docs/narrow.css"')
    rules = client.get("/docs/narrow.css")
    assert (rules.status_code, rules.mimetype) == (200, "text/css")
    named = set(re.findall(r"\.([a-z]+(?:-[a-z]+)*)(?=[ .,{])", rules.get_data(as_text=True)))
    assert {"opblock-tag", "try-out", "table-container"} <= named
    package = "".join(client.get(f"/docs/{name}").get_data(as_text=True) for name in ("swagger-ui.css", "swagger-ui-bundle.js"))
    assert {name for name in named if not re.search(rf"\b{name}\b", package)} == set()
    assert 'content="width=device-width, initial-scale=1"' in page
