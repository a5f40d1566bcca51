"""Local: what a command knows because it runs where the server runs: settings, secret, address."""

from __future__ import annotations

import os
from collections.abc import Iterable

from lumen_notify.auth import demo_secret, mint, secret_path
from lumen_notify.errors import Misconfigured
from lumen_notify.model import BASE
from lumen_notify.settings import Secret, Settings, variable

TOKEN_VARIABLE = "LUMEN_TOKEN"  # noqa: S105 - the variable's name
"""A token for `send` and `tail`; theirs alone, so no setting."""

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, not bound
"""What to connect to where a server listens on all addresses."""


def read_settings(*, host: str | None = None, port: int | None = None) -> Settings:
    """Read the environment; what is given here goes before it. Raises Misconfigured."""
    environ = dict(os.environ)
    given = {"host": host, "port": None if port is None else str(port)}
    environ |= {variable(name): value for name, value in given.items() if value is not None}
    return Settings.from_env(environ)


def signing_secret(settings: Settings) -> Secret:
    """Return what the server here verifies tokens with, made now if nobody has made it yet.

    Raises Misconfigured if it has only a public key: then only its owner can sign.
    """
    if settings.jwt_secret is not None:
        return settings.jwt_secret
    for name in ("jwt_public_key_file", "jwt_jwks_url"):
        if getattr(settings, name) is not None:
            problem = "is set, so tokens come from whoever holds its private key; none can be made here"
            raise Misconfigured([(variable(name), problem)])
    return demo_secret(secret_path(settings))


def make_token(
    settings: Settings,
    user_id: str,
    *,
    ttl_seconds: float,
    scopes: Iterable[str] = (),
    username: str | None = None,
) -> str:
    """Make a token that the server with these settings takes. Raises Invalid, Misconfigured."""
    return mint(
        signing_secret(settings),
        user_id,
        ttl_seconds=ttl_seconds,
        scopes=scopes,
        username=username,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )


def server_url(host: str, port: int) -> str:
    """Return where a server that listens there is reached from this machine."""
    host = WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def notifications_url(base: str | None, settings: Settings) -> str:
    """Return the URL of the notifications. base: a server, or where one is mounted; None: the one here."""
    base = server_url(settings.host, settings.port) if base is None else base
    return f"{base.rstrip('/')}{BASE}/notifications"
