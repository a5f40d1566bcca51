"""Endpoint: the address of a Web Push subscription, which comes from a user.

An endpoint is an `https` URL of a public host, at port 443: no user name, no fragment, no white space. A
literal address that is private, loopback, link-local or otherwise not public is refused, whatever notation it
is in; so are `localhost` and the names below it (RFC 6761, section 6.3).

Not here: the addresses of a name, which whoever sends must check when it connects.
"""

from __future__ import annotations

import ipaddress
import re

from lumen_notify.model.public_address import is_public

MAX_ENDPOINT_CHARACTERS = 4096

_HOST = r"([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])"
_REST = r"[/?][!$-;=?-Z\[\]_a-z~]*"
ENDPOINT_PATTERN = rf"https?://{_HOST}(:[0-9]{{1,5}})?({_REST})?"
"""What the URL looks like. It means the same to Python and to JSON schema (ECMA-262)."""

_URL = re.compile(rf"(https?)://{_HOST}(?::([0-9]{{1,5}}))?({_REST})?\Z")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")

PORT = 443
"""Of all push services of browsers. Others would let users probe the ports of any host."""


def check_endpoint(url: str, *, allows_private: bool = False) -> None:
    """Check the endpoint of a subscription. Raises ValueError.

    allows_private: `http`, and any address and port, too.
    """
    found = _URL.match(url)
    if found is None or len(url) > MAX_ENDPOINT_CHARACTERS or int(found[4] or 1) not in range(1, 65536):
        raise ValueError("must be an https URL, without a user name and a fragment")
    if allows_private:
        return
    if found[1] != "https":
        raise ValueError("must be an https URL")
    if found[4] is not None and int(found[4]) != PORT:
        raise ValueError(f"must be at port {PORT}")
    if not _is_public_host(found[2].removesuffix(".").lower()):
        raise ValueError("must be at a public address")


def _is_public_host(host: str) -> bool:
    if host.startswith("["):
        try:
            return is_public(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            return False
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):  # an IPv4 address to the URL Standard, section 3.5, in any notation
        try:
            return is_public(ipaddress.IPv4Address(host))
        except ValueError:
            return False
    return len(host) <= 253 and labels[-1] != "localhost" and len(labels) > 1
