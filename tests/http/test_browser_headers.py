from __future__ import annotations

from starlette.types import Message

from lumen_notify.http import browser_headers
from lumen_notify.http.browser_headers import EVERY, PAGE


def test_headers_depend_on_the_media_type() -> None:
    for media_type in ("text/html", "text/HTML; charset=utf-8", "image/svg+xml"):
        assert browser_headers.of(media_type) == PAGE
    for media_type in ("application/json", "text/javascript; charset=utf-8", "text/event-stream", ""):
        assert browser_headers.of(media_type) == EVERY


def test_policy_of_pages_allows_nothing_inline_and_no_frame() -> None:
    policy = dict(PAGE)[b"content-security-policy"].decode()
    directives = dict(one.strip().split(" ", 1) for one in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    assert directives["base-uri"] == directives["form-action"] == "'none'"
    assert {directives[name] for name in directives if name.endswith("-src")} == {"'none'", "'self'"}
    assert "unsafe" not in policy


def test_what_a_response_has_already_is_left() -> None:
    own = (b"Cross-Origin-Resource-Policy", b"cross-origin")
    assert browser_headers.missing([own]) == [(b"x-content-type-options", b"nosniff")]
    assert browser_headers.missing([(b"Content-Type", b"text/html"), *PAGE]) == []
    assert browser_headers.missing([]) == list(EVERY)


async def test_a_response_that_is_sent_gets_what_it_lacks() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    adding = browser_headers.adding(send)
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
    body = {"type": "http.response.body", "body": b"hi"}
    for message in (start, body):
        await adding(message)
    assert sent == [{**start, "headers": [(b"content-type", b"text/html"), *PAGE]}, body]
    assert start["headers"] == [(b"content-type", b"text/html")]
