"""Auth: identify the caller by a token, a ticket or the stream's cookie.

    principal        the caller: a user and their scopes
    tokens           verify API tokens, mint them, read them from a header
    claims           decode and check a JWT's claims; convert them to a principal and back
    refusals         the errors for missing, invalid and expired credentials
    keys             the keys that verify API tokens: a secret or a public key file
    jwks             public keys fetched from the issuer's JWKS URL
    revocations      from when on the tokens of a user count
    tickets          short-lived replacements for a token, for the stream's URL and cookie
    session_tokens   the access token and refresh token that a log-in returns
    password_hasher  hash and verify passwords with argon2id
    secret_file      the generated secret of a server that has no key

Only this package imports PyJWT and argon2. Not here: where a request carries its credentials
(`http/requests`, `deliver/streams`) and which status an error gets (`http/problems`).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lumen_notify.auth.password_hasher import PasswordHasher
    from lumen_notify.auth.principal import ADMIN, PUBLISH, Principal
    from lumen_notify.auth.revocations import Revocations
    from lumen_notify.auth.secret_file import load_or_create_secret, load_secret, secret_path
    from lumen_notify.auth.session_tokens import AccessTokens, RefreshToken
    from lumen_notify.auth.tickets import TICKET_SECONDS, Tickets
    from lumen_notify.auth.tokens import Verifier, bearer, mint

__all__ = [
    "ADMIN",
    "PUBLISH",
    "TICKET_SECONDS",
    "AccessTokens",
    "PasswordHasher",
    "Principal",
    "RefreshToken",
    "Revocations",
    "Tickets",
    "Verifier",
    "bearer",
    "load_or_create_secret",
    "load_secret",
    "mint",
    "secret_path",
]

_HOMES = {
    "password_hasher": ["PasswordHasher"],
    "principal": ["ADMIN", "PUBLISH", "Principal"],
    "revocations": ["Revocations"],
    "secret_file": ["load_or_create_secret", "load_secret", "secret_path"],
    "session_tokens": ["AccessTokens", "RefreshToken"],
    "tickets": ["TICKET_SECONDS", "Tickets"],
    "tokens": ["Verifier", "bearer", "mint"],
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a name on first use (PEP 562): minting a token needs neither argon2 nor its threads."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
