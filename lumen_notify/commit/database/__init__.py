"""The only door to `databases`: named queries, one writer and a few readers, SQLite or PostgreSQL."""

from lumen_notify.commit.database.connection import Rows
from lumen_notify.commit.database.database import Database, SqlTransaction

__all__ = ["Database", "Rows", "SqlTransaction"]
