"""Config: settings, secret and address of the local server, for the commands that run beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from lumen_notify.auth import load_secret, mint, secret_path
from lumen_notify.errors import LumenError, Misconfigured
from lumen_notify.settings import Secret, Settings, variable
from lumen_notify.settings.backplane_url import MEMORY, NEEDS_ONE_PROCESS
from lumen_notify.settings.database_url import sqlite_path

TOKEN_VARIABLE = "LUMEN_TOKEN"  # noqa: S105 - the variable's name
"""A token for `send` and `tail`. Not a setting of the server."""

LOOPBACK_OF_WILDCARD = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
"""The address to connect to if a server listens on all addresses."""


class NoDatabase(LumenError):
    """No server has run in this folder."""

    code = "no_database"


class NoSecret(LumenError):
    """The server of this folder has no secret yet, or runs in another folder."""

    code = "no_secret"


def read_settings(**given: object) -> Settings:
    """Read the settings from the environment. given: settings that override it, if not None. Raises
    Misconfigured."""
    environ = dict(os.environ)
    environ |= {variable(name): str(value) for name, value in given.items() if value is not None}
    return Settings.from_env(environ)


def signing_secret(settings: Settings) -> Secret:
    """Return the secret of the local server: the setting, or that in the secret file. Never makes one.

    Raises NoSecret, and Misconfigured if the server verifies tokens with a public key: then none can be made
    here.
    """
    if settings.jwt_secret is not None:
        return settings.jwt_secret
    for name in ("jwt_public_key_file", "jwt_jwks_url"):
        if getattr(settings, name) is not None:
            problem = "is set, so only the owner of its private key can make tokens"
            raise Misconfigured([(variable(name), problem)])
    path = secret_path(settings).absolute()
    secret = load_secret(path)
    if secret is None:
        way_out = f"Run this where the server runs, or set {variable('jwt_secret')}."
        raise NoSecret(f"No {path.name} in {path.parent}. {way_out}")
    return secret


def missing_database_file(settings: Settings) -> Path | None:
    """Return the SQLite file if it does not exist."""
    if not settings.database_url.startswith("sqlite:"):
        return None
    path = Path(sqlite_path(settings.database_url)).absolute()
    return None if path.exists() else path


def require_database(settings: Settings) -> None:
    """Raise NoDatabase if the SQLite file does not exist: a command beside the server makes none."""
    if (path := missing_database_file(settings)) is not None:
        way_out = f"Run this where the server runs, or set {variable('database_url')}."
        raise NoDatabase(f"No {path.name} in {path.parent}. {way_out}")


def require_shared(settings: Settings, workers: int) -> None:
    """Raise Misconfigured if so many workers cannot share the database and the backplane.

    Processes that share a SQLite file lose nothing, but it has one writer at a time, and nothing wakes the
    others: each would see the events of the others up to a second late.
    """
    if workers > 1 and settings.database_url.startswith("sqlite:"):
        problem = (
            f"is {workers}, but SQLite serves one process: it has one writer, and nothing wakes the others."
            f" Set {variable('database_url')}=postgresql://user:password@host/name, or"
            f" {variable('workers')}=1"
        )
        raise Misconfigured([(variable("workers"), problem)])
    if workers > 1 and settings.backplane == MEMORY:
        raise Misconfigured([(variable("backplane_url"), NEEDS_ONE_PROCESS)])


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
