"""Startup errors: what a process says that cannot start on its database: one sentence, and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lumen_notify.commit.database import postgresql_errors, sqlite_errors
from lumen_notify.errors import DatabaseUnavailable, DatabaseUnusable, LumenError
from lumen_notify.settings.database_url import parse_postgresql, sqlite_path


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Explain the errors of the block, in which a process starts on the database with this URL.

    Raises DatabaseUnusable, DatabaseUnavailable. What is a defect stays as it is.
    """
    try:
        yield
    except DatabaseUnusable:
        raise
    except Exception as error:
        cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else error
        if (explanation := _explain(cause, url)) is None:
            raise
        raise explanation from None


def require_file(url: str) -> None:
    """Check that a file can be the database, if the URL names one. Raises DatabaseUnusable."""
    if url.startswith("sqlite:"):
        sqlite_errors.require_file(sqlite_path(url))


def _explain(error: BaseException | None, url: str) -> LumenError | None:
    if url.startswith("sqlite:"):
        return sqlite_errors.explain(error, sqlite_path(url))
    return postgresql_errors.explain(error, parse_postgresql(url))
