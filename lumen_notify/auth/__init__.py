"""Auth: who asks, shown by a token, a ticket or the stream's cookie.

    principal   who asks, and what he may do
    tokens      API tokens: verify them, mint them, find them in a header
    tickets     our own short-lived stand-ins for a token, for the stream's URL and cookie
    keys        what API tokens are verified with: a secret, a key file, a key server
    passwords   hashes and verifies passwords
    attempts    how often somebody may try to log in
    sessions    what a log-in is given: access tokens and refresh tokens
    demo        the secret of a first start without any key
    claims      what all of these have in common: a JWT read, checked and made a principal

This is the only door to PyJWT and argon2. Not here: where a request carries its credentials (`accept/`,
`deliver/`), and which status a refusal gets (`accept/problems`).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lumen_notify.auth.demo import demo_secret, secret_path
    from lumen_notify.auth.login_limiter import Attempts
    from lumen_notify.auth.passwords import Passwords
    from lumen_notify.auth.principal import ADMIN, PUBLISH, Principal
    from lumen_notify.auth.sessions import AccessTokens, RefreshToken
    from lumen_notify.auth.tickets import TICKET_SECONDS, Tickets
    from lumen_notify.auth.tokens import MAX_VERIFIED_TOKENS, Verifier, bearer, mint

__all__ = [
    "ADMIN",
    "MAX_VERIFIED_TOKENS",
    "PUBLISH",
    "TICKET_SECONDS",
    "AccessTokens",
    "Attempts",
    "Passwords",
    "Principal",
    "RefreshToken",
    "Tickets",
    "Verifier",
    "bearer",
    "demo_secret",
    "mint",
    "secret_path",
]

_HOMES = {
    "demo": ["demo_secret", "secret_path"],
    "login_limiter": ["Attempts"],
    "passwords": ["Passwords"],
    "principal": ["ADMIN", "PUBLISH", "Principal"],
    "sessions": ["AccessTokens", "RefreshToken"],
    "tickets": ["TICKET_SECONDS", "Tickets"],
    "tokens": ["MAX_VERIFIED_TOKENS", "Verifier", "bearer", "mint"],
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for (PEP 562): to mint a token takes neither argon2 nor its threads."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
