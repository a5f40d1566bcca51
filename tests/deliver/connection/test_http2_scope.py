"""The head of a request of HTTP/2, as an application sees it."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.deliver.connection.http2_scope import scope
from lumen_notify.deliver.connection.http_refusal import HttpRefusal

PSEUDO = (
    (b":method", b"GET"),
    (b":scheme", b"https"),
    (b":authority", b"a.example"),
    (b":path", b"/x%20y?q=1"),
)


class Transport:
    def get_extra_info(self, name: str) -> tuple[Any, ...]:
        return {"sockname": ("::1", 443, 0, 0), "peername": ("::2", 5000, 0, 0)}[name]


def read(*received: tuple[bytes, bytes]) -> Any:
    return scope(received, transport=Transport(), root_path="/app", state={})


def test_it_is_that_of_any_request() -> None:
    made = read(*PSEUDO, (b"accept", b"*/*"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"host", b"other"))
    assert made["headers"] == [(b"host", b"a.example"), (b"accept", b"*/*"), (b"cookie", b"a=1; b=2")]
    assert made["path"] == "/app/x y"
    assert made["raw_path"] == b"/app/x%20y"
    assert made["query_string"] == b"q=1"
    assert (made["http_version"], made["scheme"], made["method"]) == ("2", "https", "GET")
    assert (made["server"], made["client"]) == (("::1", 443), ("::2", 5000))
    assert made["extensions"] == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {b":method": b"CONNECT"},
        {b":method": b""},
        {b":method": b"G T"},
        {b":method": b"\xff"},
        {b":path": b"relative"},
        {b":path": "/ü".encode()},
        {b":path": b"/a#b"},
        {b":path": b"/a b"},
        {b":path": b"/a\0?b"},
        {b":path": b"http://a.example/\xff"},
        {b":authority": b"a b"},
    ],
    ids=str,
)
def test_what_no_application_should_see_is_refused(wrong: dict[bytes, bytes]) -> None:
    with pytest.raises(HttpRefusal):
        read(*{**dict(PSEUDO), **wrong}.items())
