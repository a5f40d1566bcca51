"""Browser headers: what a browser may do with each response.

| responses | headers |
|---|---|
| all | `EVERY`: the media type is as stated, and pages of other origins may not embed it |
| pages, and images with scripts | `PAGE`: as well nothing inline, nothing from elsewhere, in no frame |

Routes add them to each response (`http/route`), and the application to those that no route makes
(`api/routes`), so that no endpoint can forget them. What a response has already is left: the browser's
modules at `/client/` are for pages of any origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.types import Message, Send

Headers = Sequence[tuple[bytes, bytes]]

EVERY: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Requests with CORS are not concerned by the second: LUMEN_CORS_ORIGINS decides about them."""

_POLICY = (
    b"default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; "
    b"img-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types lumen-push"
)

_FEATURES = b"camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()"

PAGE: Headers = (
    *EVERY,
    (b"content-security-policy", _POLICY),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", _FEATURES),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),  # for browsers without `frame-ancestors`
)

_PAGES = ("text/html", "image/svg+xml")
"""The media types of what a browser shows as a document that may have scripts."""


def of(media_type: str) -> Headers:
    """Return the headers of responses with a media type, which may have parameters."""
    return PAGE if media_type.partition(";")[0].strip().lower() in _PAGES else EVERY


def missing(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return what a response with these headers lacks."""
    given = {name.lower(): text for name, text in headers}
    wanted = of(given.get(b"content-type", b"").decode("latin-1"))
    return [one for one in wanted if one[0] not in given]


def adding(send: Send) -> Send:
    """Return a `send` that adds to a response what it lacks."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            message = {**message, "headers": [*headers, *missing(headers)]}
        await send(message)

    return send_with_headers
