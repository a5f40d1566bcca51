"""Database access by named queries, on SQLite or PostgreSQL. The only package that imports `databases`."""

from lumen_notify.commit.database.connection import Rows
from lumen_notify.commit.database.database import Database, SqlTransaction

__all__ = ["Database", "Rows", "SqlTransaction"]
