"""Config: settings, secret and address of the local server, for the commands that run beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from lumen_notify.auth import load_or_create_secret, mint, secret_path
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Secret, Settings, variable

TOKEN_VARIABLE = "LUMEN_TOKEN"  # noqa: S105 - the variable's name
"""A token for `send` and `tail`. Not a setting of the server."""

LOOPBACK_OF_WILDCARD = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
"""The address to connect to if a server listens on all addresses."""


def read_settings(**given: object) -> Settings:
    """Read the settings from the environment. given: settings that override it, if not None. Raises
    Misconfigured."""
    environ = dict(os.environ)
    environ |= {variable(name): str(value) for name, value in given.items() if value is not None}
    return Settings.from_env(environ)


def signing_secret(settings: Settings) -> Secret:
    """Return the secret of the local server; without a key, load or create the secret file.

    Raises Misconfigured if the server verifies tokens with a public key: then none can be made here.
    """
    if settings.jwt_secret is not None:
        return settings.jwt_secret
    for name in ("jwt_public_key_file", "jwt_jwks_url"):
        if getattr(settings, name) is not None:
            problem = "is set, so only the owner of its private key can make tokens"
            raise Misconfigured([(variable(name), problem)])
    return load_or_create_secret(secret_path(settings))


def make_token(
    settings: Settings,
    user_id: str,
    *,
    ttl_seconds: float,
    scopes: Iterable[str] = (),
    display_name: str | None = None,
) -> str:
    """Make a token that a server with these settings accepts. Raises Invalid, Misconfigured."""
    return mint(
        signing_secret(settings),
        user_id,
        ttl_seconds=ttl_seconds,
        scopes=scopes,
        display_name=display_name,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )


def server_url(host: str, port: int, *, is_tls: bool = False) -> str:
    """Return the URL at which this machine reaches a server that listens on `host` and `port`."""
    host = LOOPBACK_OF_WILDCARD.get(host, host)
    scheme = "https" if is_tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def base_url(given: str | None, settings: Settings) -> str:
    """Return the URL of a server that the command line names, or of the local server."""
    is_tls = settings.tls_cert_file is not None
    return server_url(settings.host, settings.port, is_tls=is_tls) if given is None else given
