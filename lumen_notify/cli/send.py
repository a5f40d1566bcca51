"""Send: what `lumen-notify send` does: publish one notification to one user."""

from __future__ import annotations

from typing import Any

import httpx

from lumen_notify.cli.client import CallFailed, failure_text, new_client

RESPONSE_SECONDS = 30.0


def send(
    url: str,
    token: str,
    *,
    user: str,
    text: str,
    category: str,
    title: str | None = None,
    link: str | None = None,
) -> str:
    """Publish; return the line to print. url: of the `notifications` resource. link: where a click leads.

    Raises CallFailed.
    """
    body: dict[str, Any] = {"to": {"user": user}, "category": category, "content": text}
    optional = {"title": title, "url": link}
    body |= {name: value for name, value in optional.items() if value is not None}
    with new_client(url, token, read_seconds=RESPONSE_SECONDS) as client:
        try:
            response = client.post(url, json=body)
        except httpx.HTTPError as error:
            raise CallFailed(f"{url} does not answer: {str(error) or type(error).__name__}.") from None
    if response.status_code != httpx.codes.CREATED:
        raise CallFailed(f"Not sent: {failure_text(response)}")
    answer = response.json()
    return f"sent {answer['id']} to {user} at position {answer['position']}"
