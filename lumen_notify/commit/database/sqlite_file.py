"""SQLite file: the file of a database, which must stay the one that was opened.

When somebody deletes or replaces the file, SQLite goes on with the one that it has open. Nobody else sees
that one, and it is gone at the end of the process, so nothing must be written to it.
"""

from __future__ import annotations

import os

from lumen_notify.errors import DatabaseUnavailable


class SqliteFile:
    """The file at a path. All connections of a process share one object."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._opened: tuple[int, int] | None = None

    def remember(self) -> None:
        """Remember which file is at the path, before the first connection is opened."""
        self._opened = self._identity()

    def require_same(self) -> None:
        """Raise DatabaseUnavailable if the file is no longer at its path. Takes some 2 us."""
        if self._opened is not None and self._identity() != self._opened:
            raise DatabaseUnavailable(
                "The database file was deleted or replaced while the server was running. Put it back, or"
                " restart the server."
            )

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self.path)  # noqa: PTH116 - at each statement, and a Path costs more than the call
        except OSError:
            return None
        return status.st_dev, status.st_ino
