"""The stream's cookie: who may use it, what a browser is told about it, and how it ends."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from lumen_notify.deliver.streams.cookie import MAX_COOKIES, CookieEndpoints, StreamCookies
from lumen_notify.http.responses import answer

APP = "https://app.example"
COOKIES = StreamCookies(origins=frozenset({APP}))
ENDPOINTS = CookieEndpoints(cookies=COOKIES)


def request(*headers: tuple[str, str], scheme: str = "http") -> Request:
    lines = [(name.encode(), text.encode()) for name, text in (("host", "notify.example"), *headers)]
    scope = {"type": "http", "method": "GET", "scheme": scheme, "path": "/", "query_string": b""}
    return Request({**scope, "server": ("notify.example", 80), "headers": lines})


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("lumen_stream=a.b-c_d", ["a.b-c_d"]),
        ("x=1; lumen_stream=new; lumen_stream=old;y=2", ["new", "old"]),
        ("xlumen_stream=a; lumen_streamx=b; LUMEN_STREAM=c", []),
        ("lumen_stream", [""]),
        ("", []),
        ("; ".join(f"lumen_stream={number}" for number in range(99)), list(map(str, range(MAX_COOKIES)))),
    ],
)
def test_all_cookies_of_that_name_are_read_in_their_order(line: str, values: list[str]) -> None:
    assert COOKIES.values(request(("cookie", line))) == values


@pytest.mark.parametrize(
    ("origin", "is_trusted"),
    [
        (None, True),
        ("http://notify.example", True),
        (APP, True),
        ("http://app.example", False),
        ("https://elsewhere.example", False),
        ("https://notify.example.elsewhere.example", False),
        ("null", False),
    ],
)
def test_a_page_of_a_foreign_origin_cannot_use_its_visitors_cookie(
    origin: str | None, is_trusted: bool
) -> None:
    headers = [("cookie", "lumen_stream=a")] + ([] if origin is None else [("origin", origin)])
    assert COOKIES.values(request(*headers)) == (["a"] if is_trusted else [])


@pytest.mark.parametrize(
    ("scheme", "origin", "attributes"),
    [
        ("http", None, ["HttpOnly", "SameSite=Strict"]),
        ("http", APP, ["HttpOnly", "SameSite=Strict"]),
        ("https", None, ["HttpOnly", "SameSite=Strict", "Secure"]),
        ("https", "https://elsewhere.example", ["HttpOnly", "SameSite=Strict", "Secure"]),
        ("https", APP, ["HttpOnly", "SameSite=None", "Secure", "Partitioned"]),
    ],
)
async def test_only_pages_of_named_origins_get_a_cookie_for_other_sites(
    scheme: str, origin: str | None, attributes: list[str]
) -> None:
    asked = request(*([] if origin is None else [("origin", origin)]), scheme=scheme)
    response = answer({})
    COOKIES.set(response, asked, "a.b")
    value, *given = response.headers["set-cookie"].split("; ")
    assert value == "lumen_stream=a.b"
    assert given == attributes, "no Path: only the browser knows the prefix that a proxy strips"
    for ended in (await ENDPOINTS.end(asked), await ENDPOINTS.end_renewed(asked)):
        assert ended.headers["set-cookie"].split("; ") == ["lumen_stream=", "Max-Age=0", *attributes]


async def test_ending_the_cookie_goes_on_to_the_folder_of_renewals() -> None:
    asked = request(("cookie", "lumen_stream=a"))
    first, second = await ENDPOINTS.end(asked), await ENDPOINTS.end_renewed(request())
    assert (first.status_code, first.headers["location"]) == (307, "stream/renew")
    assert "location" not in second.headers
    assert [(one.status_code, bytes(one.body)) for one in (first, second)] == [(307, b""), (204, b"")]
