"""Request head: the rules of RFC 9110 and RFC 9112 that the parser and uvicorn leave open.

The parser refuses what is ambiguous in its own syntax: two lengths, a length beside chunks, folded lines,
bare line feeds, spaces before a colon. Here is the rest: versions, targets, hosts, transfer codings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import httptools

from lumen_notify.deliver.connection.http_refusal import bad_request, not_implemented, version_not_supported

Headers = Sequence[tuple[bytes, bytes]]
"""Headers of a request, names in lower case."""

HTTP_1_0 = "1.0"
HTTP_1_1 = "1.1"

_HOST = re.compile(rb"[0-9A-Za-z._~!$&'()*+,;=%-]*(?::[0-9]{0,5})?\Z")
_ADDRESS = re.compile(rb"\[[0-9A-Za-z:.%~_-]+\](?::[0-9]{0,5})?\Z")
"""A name, or an address in brackets, and a port (RFC 3986, section 3.2). A name may be empty."""


def check(version: str, headers: Headers) -> None:
    """Check version and headers. Raises HttpRefusal."""
    if version not in (HTTP_1_1, HTTP_1_0):
        raise version_not_supported()
    host: bytes | None = None
    for name, value in headers:
        if name == b"host":
            if host is not None:
                raise bad_request("The request has more than one Host header.")  # RFC 9112, section 3.2
            host = value
        elif name == b"transfer-encoding":
            _check_coding(version, value)
    if host is None:
        if version == HTTP_1_1:
            raise bad_request("The request has no Host header.")
    elif not (_HOST.match(host) or _ADDRESS.match(host)):
        raise bad_request("The Host header is not a host with an optional port.")


def _check_coding(version: str, coding: bytes) -> None:
    if version == HTTP_1_0:
        raise bad_request("HTTP/1.0 has no Transfer-Encoding.")  # RFC 9112, section 6.1
    if coding.lower() != b"chunked":
        raise not_implemented("The only Transfer-Encoding that the server supports is `chunked`.")


def origin_form(method: bytes, target: bytes) -> tuple[bytes, bytes | None]:
    """Return a request target as path and query, and the host that it names; None for none.

    Raises HttpRefusal for anything but the forms of RFC 9112, section 3.2.
    """
    if method == b"CONNECT":
        # What follows belongs to a tunnel and must not be read as requests (RFC 9110, section 9.3.6).
        raise not_implemented("The server is no proxy: it does not support CONNECT.")
    if b"#" not in target:
        if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
            return target, None
        if target.lower().startswith((b"http://", b"https://")):
            return _from_absolute(target)
    raise bad_request("The request target must be a path, or an absolute URL without a fragment.")


def _from_absolute(target: bytes) -> tuple[bytes, bytes]:
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        raise bad_request("The request target is not a valid URL.") from None
    path = url.path or b"/"
    host = b"[%b]" % url.host if b":" in url.host else url.host
    if url.port:
        host += b":%d" % url.port
    return b"%b?%b" % (path, url.query) if url.query else path, host


def without_upgrade(headers: Headers) -> bytes:
    """Return a head with the same framing of the body, but without an offer to upgrade; b"" without a body.

    headers: those of a request that has passed `check` and the parser.
    """
    framing = [
        b"%b: %b" % (name, value)
        for name, value in headers
        if name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0"))
    ]
    if not framing:
        return b""
    closes = any(
        option.strip().lower() == b"close"
        for name, value in headers
        if name == b"connection"
        for option in value.split(b",")
    )
    return b"\r\n".join([b"POST / HTTP/1.1", *framing, *([b"connection: close"] if closes else ()), b"", b""])
