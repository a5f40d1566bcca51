"""Secret file: the generated secret of a server that has no key, so that a first start needs no set-up.

Promise: the first process creates the file, all others read the same secret, and none reads a partial one.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import MIN_SECRET_BYTES, Secret, Settings, variable
from lumen_notify.settings.database_url import sqlite_path


def secret_path(settings: Settings) -> Path:
    """Return the path of the secret file: beside the SQLite database, or in the current directory."""
    if settings.database_url.startswith("sqlite:///"):
        return Path(sqlite_path(settings.database_url) + ".secret")
    return Path("lumen-notify.secret")


def load_secret(path: Path) -> Secret | None:
    """Return the secret in the file; None if the file does not exist.

    Raises Misconfigured if the file cannot be read, or if its secret is too short.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        return None


def load_or_create_secret(path: Path) -> Secret:
    """Return the secret in the file. If the file does not exist, create it with a random secret, mode 0600.

    Raises Misconfigured if the file cannot be created or read, or if its secret is too short.
    """
    if (secret := load_secret(path)) is not None:
        return secret
    try:
        _create(path)
    except FileExistsError:
        pass  # another process created it first; read its secret
    except OSError as error:
        raise _misconfigured(path, f"cannot be created: {error.strerror}") from None
    return _read(path)


def _create(path: Path) -> None:
    # Write a temporary file (O_EXCL, 0600), then hard-link it to the final name. Unlike a rename, a link
    # never replaces an existing file; unlike O_EXCL on the final name, it never exposes an empty file.
    handle, name = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(path).hardlink_to(name)
    finally:
        Path(name).unlink()


def _read(path: Path) -> Secret:
    try:
        text = path.read_text("utf-8").strip()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise _misconfigured(path, f"cannot be read: {type(error).__name__}") from None
    if len(text.encode()) < MIN_SECRET_BYTES:
        problem = f"contains fewer than {MIN_SECRET_BYTES} bytes; delete it to generate a new secret"
        raise _misconfigured(path, problem)
    return Secret(text)


def _misconfigured(path: Path, problem: str) -> Misconfigured:
    return Misconfigured([(variable("jwt_secret"), f"is not set, and the secret file {path} {problem}")])
