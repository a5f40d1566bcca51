"""Backup: what `lumen-notify backup` does: copy a SQLite database while a server uses it.

Promises: the copy is the database at one moment, and passes SQLite's own check; a file that exists is never
written to; the file has its name only once it is whole and on the disk; nobody but its owner may read it.

For PostgreSQL it says how `pg_dump` does the same.
"""

from __future__ import annotations

import os
import shlex
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lumen_notify.errors import LumenError
from lumen_notify.model import value
from lumen_notify.settings import Settings
from lumen_notify.settings.database_url import PostgresqlUrl, parse_postgresql, sqlite_path

BUSY_SECONDS = 10.0
"""How long the copy waits for a lock of the database."""


class BackupFailed(LumenError):
    """There is no backup: the message says why."""

    code = "backup_failed"


@value
class Backup:
    """A backup that was made. version: of the database. seconds: how long it took."""

    path: Path
    size_bytes: int
    version: int
    seconds: float

    def summary(self) -> str:
        """Say it in a sentence."""
        return (
            f"{self.path} has the database with version {self.version}: {self.size_bytes / 2**20:.1f} MiB"
            f" in {self.seconds:.1f} s."
        )


def back_up(settings: Settings, path: Path) -> Backup:
    """Copy the SQLite database of the settings to a new file. Raises BackupFailed."""
    began_at = time.monotonic()
    source = Path(sqlite_path(settings.database_url)).absolute()
    path = path.absolute()
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        if path.exists():
            raise FileExistsError
        with _new_file(partial):
            version = _copy(source, partial)
            _sync(partial)
            path.hardlink_to(partial)  # unlike a rename, it never replaces a file
        _sync(path.parent)
    except FileExistsError:
        raise BackupFailed(f"{path} exists already. Name a file that does not.") from None
    except sqlite3.Error as error:
        raise BackupFailed(f"{source} cannot be copied: {error}.") from None
    except OSError as error:
        raise BackupFailed(f"{path} cannot be written: {error.strerror}.") from None
    return Backup(
        path=path, size_bytes=path.stat().st_size, version=version, seconds=time.monotonic() - began_at
    )


def pg_dump_command(settings: Settings, path: Path) -> str:
    """Return the commands that back up and restore a PostgreSQL database, without the password."""
    url = parse_postgresql(settings.database_url)
    target = shlex.quote(_without_password(url))
    file = shlex.quote(str(path))
    needs = (
        "\n# The password is that of LUMEN_DATABASE_URL, in PGPASSWORD or ~/.pgpass."
        if url.has_password
        else ""
    )
    return (
        f"# The server may go on. Restore by the second line, while it is stopped.{needs}\n"
        f"pg_dump --format=custom --no-owner --table='lumen_*' --file={file} --dbname={target}\n"
        f"# pg_restore --clean --if-exists --no-owner --single-transaction --dbname={target} {file}"
    )


def _without_password(url: PostgresqlUrl) -> str:
    """Return what libpq needs to connect, as keywords and values."""
    hosts = ",".join(one.host for one in url.addresses)
    ports = ",".join(str(one.port) for one in url.addresses)
    options = {
        name: text
        for name, text in url.options.items()
        if name not in ("host", "port", "user", "password", "sslpassword")
    }
    fields = {"host": hosts, "port": ports, "user": url.user or "", "dbname": url.database, **options}
    return " ".join(f"{name}={_quoted(text)}" for name, text in fields.items() if text)


def _quoted(text: str) -> str:
    if text and not any(one in text for one in " '\\"):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@contextmanager
def _new_file(path: Path) -> Iterator[None]:
    """Make a file that nobody else may read, and remove it at the end of the block."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy(source: Path, path: Path) -> int:
    """Copy a database, and check the copy; return its version. The copy is one snapshot: nobody waits for
    it."""
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as opened,
        closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as copy,
    ):
        opened.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a WAL beside it
        if (found := copy.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
            raise BackupFailed(f"{source} is damaged: {found}. Restore an older backup.")
        ((version,),) = copy.execute("SELECT coalesce(max(version), 0) FROM lumen_migration").fetchall()
    return int(version)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
