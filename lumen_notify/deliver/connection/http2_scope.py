"""HTTP/2 scope: the head of a request, as an ASGI application sees that of HTTP/1.1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from starlette.types import Scope

from lumen_notify.deliver.connection import request_head
from lumen_notify.deliver.connection.http_refusal import bad_request

_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
"""A token (RFC 9110, sections 5.6.2 and 9.1)."""

_TARGET = re.compile(rb"[!-~]*\Z")
"""What the parser of HTTP/1.1 lets through, too."""


def scope(
    received: Iterable[tuple[bytes, bytes]], *, transport: Any, root_path: str, state: dict[str, Any]
) -> Scope:
    """Return the ASGI scope. received: pseudo headers and headers, checked by h2. Raises HttpRefusal."""
    pseudo: dict[bytes, bytes] = {}
    headers: list[tuple[bytes, bytes]] = []
    cookies: list[bytes] = []
    for name, value in received:
        if name[:1] == b":":
            pseudo[name] = value
        elif name == b"cookie":
            cookies.append(value)
        elif name != b"host" or b":authority" not in pseudo:
            headers.append((name, value))
    if cookies:
        headers.append((b"cookie", b"; ".join(cookies)))  # RFC 9113, section 8.2.3
    if b":authority" in pseudo:
        headers.insert(0, (b"host", pseudo[b":authority"]))
    request_head.check(request_head.HTTP_1_1, headers)
    if not _METHOD.match(pseudo[b":method"]):
        raise bad_request("The method must be a token.")
    target, _ = request_head.origin_form(pseudo[b":method"], pseudo.get(b":path", b""))
    if not _TARGET.match(target):
        raise bad_request("The request target must be printable ASCII, without spaces.")
    raw_path, _, query = target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "2",
        "server": transport.get_extra_info("sockname")[:2],
        "client": transport.get_extra_info("peername")[:2],
        "scheme": "https",
        "method": pseudo[b":method"].decode("ascii"),
        "root_path": root_path,
        "path": root_path + unquote(raw_path.decode("ascii")),
        "raw_path": root_path.encode("ascii") + raw_path,
        "query_string": query,
        "headers": headers,
        "state": state.copy(),
        "extensions": {},
    }
