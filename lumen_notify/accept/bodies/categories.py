"""Bodies about categories: what the application says of one, by HTTP or in a file."""

from __future__ import annotations

from lumen_notify.accept.bodies.fields import Body, Priority


class CategoryBody(Body):
    """A category, whole: what is left out is as it says here."""

    in_app: bool = True
    """In lists, counts and streams, unless a user wants it otherwise."""

    push: bool = True
    """Pushed to devices, unless a user wants it otherwise."""

    may_mute: bool = True
    """False: no user can silence it."""

    priority: Priority | None = None
    """Of notifications that name none; null for `normal`."""
