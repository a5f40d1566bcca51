"""Principal: who asks, and what he may do."""

from __future__ import annotations

from lumen_notify.errors import Forbidden
from lumen_notify.model import value

PUBLISH = "notify:publish"
"""The scope that allows to publish to others."""

ADMIN = "notify:admin"
"""The scope that allows to look after the whole instance."""


@value
class Principal:
    """One user, as a token describes him.

    username, avatar: None where the token has none. expires_at: milliseconds; from then on the token, and
    whatever was made of it, is refused (the leeway is contained).
    """

    user_id: str
    username: str | None = None
    avatar: str | None = None
    scopes: frozenset[str] = frozenset()
    expires_at: int

    def require(self, scope: str) -> None:
        """Do nothing if the token carries the scope. Raises Forbidden, which names it."""
        if scope not in self.scopes:
            raise Forbidden(f"This needs a token with the scope {scope}.")
