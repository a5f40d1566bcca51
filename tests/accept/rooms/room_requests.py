"""Room requests: one request for each thing that a user may do about a room and its members."""

from __future__ import annotations

from typing import Any

ROUTES: dict[str, tuple[str, str, Any]] = {
    "see it": ("GET", "", None),
    "list members": ("GET", "/members", None),
    "list bans": ("GET", "/bans", None),
    "ask for a ban": ("GET", "/bans/banned", None),
    "rename": ("PATCH", "", {"title": "Other"}),
    "let in": ("PUT", "/members/new", None),
    "let many in": ("POST", "/members", {"members": ["new", "newer"]}),
    "make a moderator": ("PUT", "/members/other", {"role": "moderator"}),
    "mute": ("PUT", "/members/other", {"role": "muted"}),
    "put out": ("DELETE", "/members/other", None),
    "ban": ("PUT", "/bans/other", None),
    "unban": ("DELETE", "/bans/banned", None),
    "join": ("PUT", "/members/{me}", None),
    "leave": ("DELETE", "/members/{me}", None),
    "make themselves an owner": ("PUT", "/members/{me}", {"role": "owner"}),
    "ban the owner": ("PUT", "/bans/first", None),
    "end it": ("DELETE", "", None),
}
"""Method, path below the room's, and body. `{me}` is the caller."""
