"""Origins: a browser's headers say whether a page of a foreign origin has sent a request."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from lumen_notify.http.origins import is_own_page

NAMED = frozenset({"https://app.example"})


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({}, True),
        ({"origin": "https://notify.example"}, True),
        ({"origin": "https://app.example"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "https://notify.example:8443"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://behind.example", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "http://notify.example", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "https://notify.example", "sec-fetch-site": "same-site"}, False),
        ({"origin": "https://app.example", "sec-fetch-site": "cross-site"}, True),
        ({"origin": "HTTPS://Notify.example"}, True),
        ({"origin": "file://notify.example"}, False),
        ({"origin": "https://["}, False),
        ({"origin": ""}, False),
        ({"origin": "", "host": ""}, False),
        ({"origin": "null", "host": ""}, False),
        ({"origin": "https://evil.example", "sec-fetch-site": "same-site"}, False),
        ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, False),
    ],
    ids=str,
)
def test_page_is_own_by_its_origin_or_by_what_the_browser_says(headers: dict[str, str], is_own: bool) -> None:
    given = [(name.encode(), text.encode()) for name, text in {"host": "notify.example", **headers}.items()]
    assert is_own_page(Request({"type": "http", "headers": given}), NAMED) is is_own


def test_every_origin_is_allowed_by_an_asterisk() -> None:
    headers = [(b"host", b"notify.example"), (b"origin", b"https://any.example")]
    assert is_own_page(Request({"type": "http", "headers": headers}), frozenset({"*"}))
