"""Demo text: what `serve` prints on a terminal, and with --demo: a link, a token and commands to paste."""

from __future__ import annotations

from pathlib import Path

from lumen_notify.api.web.page_config import token_command
from lumen_notify.auth import PUBLISH
from lumen_notify.cli.config import make_token
from lumen_notify.model import BASE
from lumen_notify.settings import Settings

RECIPIENT = "alice"
PUBLISHER = "bob"
TTL_SECONDS = 24 * 3600


def start_text(settings: Settings, url: str) -> str:
    """Return where the page is, and how to sign in to it."""
    if settings.jwt_public_key_file is not None or settings.jwt_jwks_url is not None:
        return f"The page is at {url}/. Sign in with a token of your issuer."
    return (
        f"The page is at {url}/. To sign in, get a token in another terminal:\n  {token_command(Path.cwd())}"
    )


def demo_text(settings: Settings, url: str) -> str:
    """Return the text. url: of the server. Raises Misconfigured if no token can be made here."""
    token = make_token(settings, RECIPIENT, ttl_seconds=TTL_SECONDS)
    publisher = make_token(settings, PUBLISHER, ttl_seconds=TTL_SECONDS, scopes=[PUBLISH])
    notifications = f"{url}{BASE}/notifications"
    return f"""
lumen-notify is running. Press Ctrl-C to stop it.

Open the page, signed in as {RECIPIENT}:
  {url}/#token={token}

A token for {RECIPIENT}, valid for 24 hours:
  {token}

More tokens, for any user:
  {token_command(Path.cwd())}

In another terminal, open the stream of {RECIPIENT}:
  curl -N "{notifications}/stream?token={token}"

In a third terminal, publish to {RECIPIENT} as {PUBLISHER}:
  curl -X POST {notifications} -H "Authorization: Bearer {publisher}" \
-d '{{"to": {{"user": "{RECIPIENT}"}}, "category": "like", "content": "liked your photo"}}'

Mark all as read; every open stream gets the new count:
  curl -X POST {notifications}/read -H "Authorization: Bearer {token}" -d '{{"all": true}}'
"""
