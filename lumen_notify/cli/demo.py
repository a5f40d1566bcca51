"""Demo: what `serve --demo` prints: lines to paste that show the whole story in a minute."""

from __future__ import annotations

from lumen_notify.auth import PUBLISH
from lumen_notify.cli.local import make_token, notifications_url
from lumen_notify.settings import Settings

READER = "alice"
PUBLISHER = "bob"
TTL_SECONDS = 24 * 3600


def story(settings: Settings, url: str) -> str:
    """Return the text. url: where the server is. Raises Misconfigured if no token can be made here."""
    token = make_token(settings, READER, ttl_seconds=TTL_SECONDS)
    publisher = make_token(settings, PUBLISHER, ttl_seconds=TTL_SECONDS, scopes=[PUBLISH])
    notifications = notifications_url(url, settings)
    return f"""
lumen-notify is up. Ctrl-C ends it.

The page, signed in as {READER}:
  {url}/#token={token}

A token of {READER}'s, good for 24 hours:
  {token}

Open the stream of {READER}, in another terminal:
  curl -N "{notifications}/stream?token={token}"

Publish to {READER} as {PUBLISHER}, in a third:
  curl -X POST {notifications} -H "Authorization: Bearer {publisher}" \
-d '{{"to": {{"user": "{READER}"}}, "category": "like", "content": "liked your photo"}}'

Mark all as read, and see the count fall on every open stream:
  curl -X POST {notifications}/read -H "Authorization: Bearer {token}" -d '{{"all": true}}'
"""
