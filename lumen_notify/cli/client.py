"""Client: the HTTP client of `send` and `tail`, and the text of a failed response."""

from __future__ import annotations

import ipaddress

import httpx

from lumen_notify.errors import LumenError

CONNECT_SECONDS = 10.0


class CallFailed(LumenError):
    """The server refused the request or could not be reached. The message never contains the token."""

    code = "call_failed"


def new_client(url: str, token: str, *, read_seconds: float) -> httpx.Client:
    """Make a client for one server. read_seconds: the read timeout. Raises CallFailed if the URL is
    invalid."""
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL as error:
        raise CallFailed(f"{url} is not a URL: {error}.") from None
    return httpx.Client(
        headers={"Authorization": f"Bearer {token}"},
        timeout=httpx.Timeout(CONNECT_SECONDS, read=read_seconds),
        trust_env=not is_loopback(host),  # a proxy from the environment cannot reach this machine's loopback
    )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine's loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def failure_text(response: httpx.Response) -> str:
    """Describe a failed response in one line, from its problem document (RFC 9457) or else its status."""
    try:
        document = response.json()
        faults = [f"{one['field']} {one['message']}" for one in document.get("errors", ())]
        reason = "; ".join(faults) or document["detail"].removesuffix(".")
        return f"{response.status_code} {document['code']}: {reason}."
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{response.status_code} {response.reason_phrase}."
