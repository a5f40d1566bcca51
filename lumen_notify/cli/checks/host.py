"""Host: what `lumen-notify check` looks at besides the settings: disk, clock, and who may read the keys."""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from lumen_notify.auth import secret_path
from lumen_notify.commit.database import Database
from lumen_notify.errors import DatabaseUnusable
from lumen_notify.model import now_ms
from lumen_notify.settings import Settings, variable
from lumen_notify.settings.database_url import sqlite_path

MIN_FREE_BYTES = 256 * 2**20
"""What has to be free beside a SQLite database: its WAL, and the tables that an upgrade copies."""

MIN_POSTGRESQL = 140_000
"""As `server_version_num`: the oldest version that its makers still mend."""

MAX_SKEW_SECONDS = 5.0
"""How far this clock may be from the database's. Tokens and times of delivery are of this one, leases of
that."""

MAX_SECRET_DAYS = 365

_KEY_FILES = ("tls_key_file", "push_vapid_key_file", "push_fcm_credentials_file", "push_apns_key_file")
"""Settings that name a file with a private key."""


def free_space(settings: Settings) -> str:
    """Return how much is free beside a SQLite database. Raises DatabaseUnusable if it is too little."""
    if not settings.database_url.startswith("sqlite:"):
        return "The database is a server: its disk is not looked at."
    path = Path(sqlite_path(settings.database_url)).absolute()
    free = shutil.disk_usage(_existing(path.parent)).free
    size = path.stat().st_size if path.exists() else 0
    needed = max(MIN_FREE_BYTES, size)
    text = f"{_mib(free)} are free in {path.parent}"
    if free < needed:
        raise DatabaseUnusable(f"{text}, and an upgrade may need {_mib(needed)}. Free some space.")
    return f"{text}."


async def check_clock(settings: Settings) -> str:
    """Compare this clock with the database's. Raises DatabaseUnusable, DatabaseUnavailable."""
    if settings.database_url.startswith("sqlite:"):
        return "The database has the clock of this machine."
    database = Database(settings.database_url)
    try:
        await database.open()
        began_at = time.monotonic()
        ((theirs, version),) = await database.fetch("database_state")
        waited_ms = (time.monotonic() - began_at) * 1000
        ahead = (now_ms() - waited_ms / 2 - theirs) / 1000
    finally:
        await database.close()
    if version < MIN_POSTGRESQL:
        raise DatabaseUnusable(
            f"PostgreSQL has version {version // 10_000}, and lumen-notify is made for"
            f" {MIN_POSTGRESQL // 10_000} or newer. Upgrade it."
        )
    side = "ahead of" if ahead > 0 else "behind"
    text = f"This clock is {abs(ahead):.1f} s {side} that of PostgreSQL {version // 10_000}"
    if abs(ahead) > MAX_SKEW_SECONDS + waited_ms / 2000:
        raise DatabaseUnusable(f"{text}. Let both follow a time server (NTP).")
    return f"{text}."


def warnings_of_keys(settings: Settings) -> Iterator[str]:
    """Yield what somebody should change about the files of keys."""
    for name in _KEY_FILES:
        path = getattr(settings, name)
        if path is not None:
            yield from _readable_by_others(variable(name), path)
    path = secret_path(settings).absolute()
    if not settings.has_verification_key and path.exists():
        yield from _readable_by_others("The secret", path)
        days = (time.time() - path.stat().st_mtime) / 86_400
        if days > MAX_SECRET_DAYS:
            yield f"{path} is {days:.0f} days old: replace it, and all users log in again."


def _existing(folder: Path) -> Path:
    """Return the nearest folder above that exists."""
    return folder if folder.exists() else _existing(folder.parent)


def _readable_by_others(name: str, path: Path) -> Iterator[str]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return  # the check of what it is for says so
    if mode & 0o077:
        yield f"{name}: others may read {path} (mode {mode:o}). Run: chmod 600 {path}"


def _mib(number: int) -> str:
    return f"{number / 2**20:,.0f} MiB"
