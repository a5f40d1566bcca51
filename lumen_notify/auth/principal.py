"""Principal: the caller, a user and their scopes."""

from __future__ import annotations

from lumen_notify.errors import Forbidden
from lumen_notify.model import value

PUBLISH = "notify:publish"
"""The scope that allows publishing to other users."""

ADMIN = "notify:admin"
"""The scope that allows administering the whole instance."""


@value
class Principal:
    """One user, as their token describes them.

    display_name, avatar: None if the token has none. expires_at: milliseconds since 1970, leeway included.
    From then on the token, and every ticket or cookie derived from it, is refused. issued_at: the same of the
    token's `iat`; 0 if it has none. session: the log-in here that the token is of
    (`RefreshToken.family`); None if it is of none.
    """

    user_id: str
    display_name: str | None = None
    avatar: str | None = None
    scopes: frozenset[str] = frozenset()
    expires_at: int
    issued_at: int = 0
    session: str | None = None

    def require(self, scope: str) -> None:
        """Raise Forbidden, naming the scope, unless the token has it."""
        if scope not in self.scopes:
            raise Forbidden(f"This needs a token with the scope {scope}.")
