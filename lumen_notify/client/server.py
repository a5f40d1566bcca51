"""Server: the address of a lumen-notify server, and the token of the caller."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import httpx

from lumen_notify.errors import Invalid

BASE_PATH = "/api/v1"
CONNECT_SECONDS = 10.0

Token = str | Callable[[], str]


class Server:
    """A server as one caller sees it.

    url: of the server, or of the path where an application mounts it. token: the caller's token, or a
    function that returns one, which is called for each request. Raises Invalid if the URL is not one.
    """

    def __init__(self, url: str, token: Token) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise Invalid(f"{url} is not a URL: {error}.") from None
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise Invalid(f"{url} is not an http:// or https:// URL.")
        self.url = url.rstrip("/")
        # A proxy that the environment names cannot reach the loopback of this machine.
        self.uses_proxies = not is_loopback(parsed.host)
        self.can_renew = callable(token)
        self._token = token

    def url_of(self, path: str) -> str:
        """Return the URL of a path below `/api/v1`."""
        return f"{self.url}{BASE_PATH}{path}"

    def authorization(self) -> dict[str, str]:
        """Return the header with the token. Raises Invalid if no header can carry it."""
        token = self._token() if callable(self._token) else self._token
        if not (token.isascii() and token.isprintable()):
            raise Invalid("The token has characters that no token has.")
        return {"authorization": f"Bearer {token}"}


def is_loopback(host: str) -> bool:
    """Return whether a host is the loopback of this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def timeout(read_seconds: float) -> httpx.Timeout:
    """Return the timeouts of a request whose response may be silent for `read_seconds`."""
    return httpx.Timeout(read_seconds, connect=CONNECT_SECONDS)
