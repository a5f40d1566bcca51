"""Demo: the secret of a server that was started without any key, so that the first minute needs no set-up.

Promise: whoever calls first makes the file, all others read the same secret, and nobody reads half of it.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import MIN_SECRET_BYTES, Secret, Settings, variable


def secret_path(settings: Settings) -> Path:
    """Return where the secret of a server without a key lies: beside the SQLite file, or here."""
    if settings.database_url.startswith("sqlite:///"):
        return Path(settings.database_url.removeprefix("sqlite:///").partition("?")[0] + ".secret")
    return Path("lumen-notify.secret")


def demo_secret(path: Path) -> Secret:
    """Return the secret in the file; where there is none, make one at random, with mode 0600.

    Raises Misconfigured: the file cannot be made or read, or holds too little.
    """
    with suppress(FileNotFoundError):
        return _read(path)
    try:
        _create(path)
    except FileExistsError:
        pass  # another process was quicker: its secret is the one
    except OSError as error:
        raise _unfit(path, f"cannot be made: {error.strerror}") from None
    return _read(path)


def _create(path: Path) -> None:
    # Written whole under another name (O_EXCL, 0600), then linked: unlike a rename, a link never replaces
    # what is already there, and unlike O_EXCL on the name itself, it shows nobody an empty file.
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
        raise _unfit(path, f"cannot be read: {type(error).__name__}") from None
    if len(text.encode()) < MIN_SECRET_BYTES:
        raise _unfit(path, f"holds fewer than {MIN_SECRET_BYTES} bytes; delete it to have a new one made")
    return Secret(text)


def _unfit(path: Path, problem: str) -> Misconfigured:
    name = variable("jwt_secret")
    return Misconfigured([(name, f"is not set, and the demo secret's file {path} {problem}")])
