"""SQLite errors: what is wrong with a file that no process can start on, and the way out.

SQLite says "unable to open database file" to most of it, so the file and its folder are looked at first.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from lumen_notify.errors import DatabaseUnavailable, DatabaseUnusable, LumenError

ELSEWHERE = "Name another file in LUMEN_DATABASE_URL."

UNUSABLE: Mapping[int, str] = {
    sqlite3.SQLITE_NOTADB: "{place} is not an SQLite database. " + ELSEWHERE,
    sqlite3.SQLITE_CORRUPT: "{place} is damaged ({words}). Restore a backup.",
    sqlite3.SQLITE_FULL: "The disk with {place} is full. Free some space.",
    sqlite3.SQLITE_READONLY: "{place} cannot be written ({words}). Check who owns its -wal and -shm files.",
    sqlite3.SQLITE_CANTOPEN: "{place} cannot be opened ({words}). Check who owns its -wal and -shm files.",
    sqlite3.SQLITE_PERM: "{place} cannot be opened ({words}). Check who owns its -wal and -shm files.",
    sqlite3.SQLITE_IOERR: "{place} cannot be used ({words}). Check its disk.",
}
"""By primary result code (sqlite.org/rescode.html)."""

LOCKED = "Another process has locked {place} for too long. Try again once it has ended."

IN_THE_WAY = (
    "{place} has something with a name of ours that lumen-notify has not made: {words}. Rename it, or name"
    " another file in LUMEN_DATABASE_URL."
)

_EFFECTIVE = os.access in os.supports_effective_ids


def require_file(path: str) -> None:
    """Check that this process may use a file, or create it. Creates nothing. Raises DatabaseUnusable."""
    place = Path(path).absolute()
    if (problem := _problem_of_folder(place) or _problem_of_file(place)) is not None:
        raise DatabaseUnusable(problem)


def explain(error: BaseException | None, path: str) -> LumenError | None:
    """Return the error to show instead of one of SQLite's; None if it is a defect of ours."""
    if not isinstance(error, sqlite3.DatabaseError):
        return None
    named = {"place": Path(path).absolute(), "words": str(error)}
    result = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    if result == sqlite3.SQLITE_BUSY:
        return DatabaseUnavailable(LOCKED.format_map(named), code="database_busy")
    if result == sqlite3.SQLITE_ERROR and "already" in str(error):
        return DatabaseUnusable(IN_THE_WAY.format_map(named))
    return DatabaseUnusable(UNUSABLE[result].format_map(named)) if result in UNUSABLE else None


def _problem_of_folder(place: Path) -> str | None:
    folder, uid = place.parent, os.geteuid()
    try:
        folder.stat()
    except FileNotFoundError:
        return f"The folder {folder} does not exist. Create it, or correct LUMEN_DATABASE_URL."
    except OSError as error:
        return f"Uid {uid} cannot use the folder {folder} ({error.strerror}). {ELSEWHERE}"
    if not folder.is_dir():
        return f"{folder} is not a folder. {ELSEWHERE}"
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"{folder} is on a read-only file system. {ELSEWHERE}"
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=_EFFECTIVE):
        return (
            f"Uid {uid} may not write to the folder {folder}, where SQLite keeps {place.name} and its -wal"
            f" file. Let it: chown {uid} {folder}"
        )
    return None


def _problem_of_file(place: Path) -> str | None:
    uid = os.geteuid()
    if place.is_dir():
        return f"{place} is a folder. Name a file in LUMEN_DATABASE_URL."
    if place.exists() and not os.access(place, os.R_OK | os.W_OK, effective_ids=_EFFECTIVE):
        return f"Uid {uid} may not write to {place}. Let it: chown {uid} {place}*"
    return None
