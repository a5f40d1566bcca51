"""Send: what `lumen-notify send` does: publish one notification to one user."""

from __future__ import annotations

from typing import Any

from lumen_notify.cli.client import CallFailed, failure_text
from lumen_notify.client import Client
from lumen_notify.errors import LumenError


def send(
    client: Client, *, user: str, text: str, category: str, title: str | None = None, link: str | None = None
) -> str:
    """Publish; return the line to print. link: where a click leads. Raises CallFailed."""
    optional = {"title": title, "url": link}
    fields: dict[str, Any] = {name: value for name, value in optional.items() if value is not None}
    try:
        published = client.publish(user, category=category, content=text, **fields)
    except LumenError as error:
        raise CallFailed(f"Not sent: {failure_text(error)}") from None
    return f"sent {published.id} to {user} at position {published.position}"
