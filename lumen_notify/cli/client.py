"""Client: how `send` and `tail` call a server, and what its refusals say."""

from __future__ import annotations

import ipaddress

import httpx

from lumen_notify.errors import LumenError

CONNECT_SECONDS = 10.0


class CallFailed(LumenError):
    """The server refused, or could not be reached. The text is what its answer says, never the token."""

    code = "call_failed"


def new_client(url: str, token: str, *, read_seconds: float) -> httpx.Client:
    """Make a client for one server. read_seconds: the longest silence. Raises CallFailed: no such URL."""
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL as error:
        raise CallFailed(f"{url} is no URL: {error}") from None
    return httpx.Client(
        headers={"Authorization": f"Bearer {token}"},
        timeout=httpx.Timeout(CONNECT_SECONDS, read=read_seconds),
        trust_env=not is_here(host),  # a proxy of the environment has no way to this machine's loopback
    )


def is_here(host: str) -> bool:
    """Say whether a host is this machine's loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refusal(response: httpx.Response) -> str:
    """Say in one line why a response is no success: its problem document (RFC 9457), else its status."""
    try:
        document = response.json()
        faults = [f"{one['field']} {one['message']}" for one in document.get("errors", ())]
        return f"{response.status_code} {document['code']}: " + ("; ".join(faults) or document["detail"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{response.status_code} {response.reason_phrase}"
