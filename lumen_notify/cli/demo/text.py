"""Text: what `serve` prints on a terminal, and with --demo: the pages, and a command to paste."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lumen_notify.api.web import DemoUser
from lumen_notify.api.web.page_config import TOKEN_COMMAND, command_in
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.cli.config import make_token
from lumen_notify.cli.demo.story import NAMES
from lumen_notify.model import BASE
from lumen_notify.settings import Settings

RECIPIENT = "alice"
PUBLISHER = "bob"
ADMINISTRATOR = "admin"
TTL_SECONDS = 24 * 3600

_PUSH = """
What Bob does not see within ten seconds is pushed to a phone: the log shows it here.
"""


def start_text(settings: Settings, url: str) -> str:
    """Return where the page is, and how to sign in to it."""
    if settings.jwt_public_key_file is not None or settings.jwt_jwks_url is not None:
        return f"The page is at {url}/. Sign in with a token of your issuer."
    command = command_in(Path.cwd(), TOKEN_COMMAND)
    return f"The page is at {url}/. To sign in, get a token in another terminal:\n  {command}"


def demo_text(settings: Settings, url: str, users: Sequence[DemoUser]) -> str:
    """Return the text. url: of the server. users: whom the page offers to sign in as."""
    publisher = make_token(
        settings,
        PUBLISHER,
        ttl_seconds=TTL_SECONDS,
        scopes=[PUBLISH],
        display_name=NAMES[PUBLISHER],
    )
    administrator = make_token(settings, ADMINISTRATOR, ttl_seconds=TTL_SECONDS, scopes=[ADMIN, PUBLISH])
    names = " or ".join(user.name for user in users)
    return f"""
lumen-notify is running. Press Ctrl-C to stop it.

Open the page{f" and sign in as {names}" if users else ""}:
  {url}/

Watch the server as an administrator:
  {url}/admin#token={administrator}

In another terminal, send {NAMES[RECIPIENT]} a notification:
  curl {url}{BASE}/notifications -H "Authorization: Bearer {publisher}" \
-d '{{"to": {{"user": "{RECIPIENT}"}}, "category": "like", "content": "liked your photo"}}'
{_PUSH if "log" in settings.push_provider_names else ""}"""
