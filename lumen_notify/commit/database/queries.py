"""Queries: the named SQL statements of `sql/queries/`, prepared for one dialect.

A file is a sequence of blocks. `-- name` opens a query, `-- name sqlite` (or `postgresql`) overrides it for
one dialect, `-- fragment name` opens a text that others include as `{name}`, `-- fragment name sqlite` one
for that dialect. Comment lines under the opening line say who needs the query and which index serves it.
Values are `:named` binds.

The SQL is written for PostgreSQL. Three things are translated, so that nearly every query is written once:

- binds: `:name` stays for SQLite and becomes `$1`, `$2`, ... for PostgreSQL;
- rows passed as one JSON parameter: `jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, n bigint)`
  becomes a select from `json_each(:rows)` for SQLite;
- `-- name rows` opens an INSERT that inserts such rows, of two columns or more, unchanged. For SQLite it
  becomes an INSERT with `VALUES (?, ?)`, run once for each row: SQLite has no round trips to save, and this
  takes a quarter of the time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from lumen_notify.model import value

Dialect = Literal["sqlite", "postgresql"]

_OPENING = re.compile(r"-- (?:(fragment) )?([a-z_]+)(?: (rows))?(?: (sqlite|postgresql))?\Z")
_INCLUDE = re.compile(r"\{([a-z_]+)\}")
_BIND = re.compile(r"(?<!:):([a-z_]+)\b")
_JSON_ROWS = re.compile(
    r"jsonb_to_recordset\(CAST\(:([a-z_]+) AS jsonb\)\)\s+AS\s+([a-z_]+)\(([a-z0-9_ ,\n]+)\)"
)
_INSERT_OF_ROWS = re.compile(
    r"(INSERT INTO \w+ \([a-z0-9_, \n]+\)\s+)SELECT\s+((?:r\.[a-z0-9_]+[, \n]+){2,})"
    rf"FROM {_JSON_ROWS.pattern}"
    r"(?:\s+WHERE true)?(?P<conflict>\s+ON CONFLICT[^:]+)?\Z"
)


@value
class Query:
    """One statement. binds: the parameter names, in the order of PostgreSQL's `$1`, `$2`, ...

    columns: those of a row, in the order of its `?`, if the statement is run once for each row of its only
    bind; else empty.
    """

    name: str
    sql: str
    binds: tuple[str, ...]
    columns: tuple[str, ...] = ()


def sql_folder() -> Path:
    """Return the folder of the SQL files: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "sql"
    return inside if inside.is_dir() else package.parent / "sql"


@functools.cache
def load(dialect: Dialect, folder: Path | None = None) -> Mapping[str, Query]:
    """Read all query files for one dialect.

    Raises ValueError for a block without SQL, a name that is defined twice, an unknown include, or a block of
    rows that does more than insert them.
    """
    folder = folder or sql_folder() / "queries"
    texts: dict[str, str] = {}
    own: set[str] = set()
    of_rows: set[str] = set()
    fragments: dict[str, str] = {}
    for path in sorted(folder.rglob("*.sql")):
        for kind, name, rows, only, text in _blocks(path):
            if rows is not None:
                of_rows.add(name)
            if kind == "fragment":
                if only in (None, dialect):
                    if name in fragments:
                        raise ValueError(f"{path.name}: fragment {name} is defined twice")
                    fragments[name] = text
            elif only is None:
                if name in texts and name not in own:
                    raise ValueError(f"{path.name}: {name} is defined twice")
                texts.setdefault(name, text)
            elif only == dialect:
                texts[name] = text
                own.add(name)
    whole = {name: _include(text, fragments) for name, text in texts.items()}
    return {
        name: _insert_of_rows(name, text, dialect) if name in of_rows else _prepare(name, text, dialect)
        for name, text in whole.items()
    }


def _blocks(path: Path) -> Iterable[tuple[str | None, str, str | None, str | None, str]]:
    kind = name = rows = only = None
    lines: list[str] = []
    for line in [*path.read_text("utf-8").splitlines(), "-- end"]:
        opening = _OPENING.match(line)
        if opening is None:
            if not line.startswith("--"):
                lines.append(line)
            continue
        if name is not None:
            text = "\n".join(lines).strip()
            if not text:
                raise ValueError(f"{path.name}: {name} has no SQL")
            yield kind, name, rows, only, text
        kind, name, rows, only = opening.groups()
        lines = []


def _include(text: str, fragments: Mapping[str, str]) -> str:
    while found := _INCLUDE.search(text):
        if found[1] not in fragments:
            raise ValueError(f"unknown fragment {found[1]}")
        text = text.replace(found[0], "\n" + fragments[found[1]] + "\n")
    return text


def _prepare(name: str, text: str, dialect: Dialect) -> Query:
    binds = tuple(dict.fromkeys(_BIND.findall(text)))
    if dialect == "sqlite":
        return Query(name=name, sql=_JSON_ROWS.sub(_json_each, text), binds=binds)
    numbered = {bind: f"${number}" for number, bind in enumerate(binds, start=1)}
    return Query(name=name, sql=_BIND.sub(lambda found: numbered[found[1]], text), binds=binds)


def _insert_of_rows(name: str, text: str, dialect: Dialect) -> Query:
    query = _prepare(name, text, dialect)
    insert = _INSERT_OF_ROWS.match(text)
    if insert is None or "RETURNING" in text:
        raise ValueError(f"{name} is marked as an insert of rows, and does more, or has one column")
    if dialect == "postgresql":
        return query
    columns = tuple(re.findall(r"r\.([a-z0-9_]+)", insert[2]))
    values = ", ".join("?" for _ in columns)
    sql = f"{insert[1]}VALUES ({values}){insert['conflict'] or ''}"
    return Query(name=name, sql=sql, binds=query.binds, columns=columns)


def _json_each(found: re.Match[str]) -> str:
    columns = [column.split()[0] for column in found[3].split(",")]
    picked = ", ".join(f"json_extract(value, '$.{column}') AS {column}" for column in columns)
    return f"(SELECT {picked} FROM json_each(:{found[1]})) AS {found[2]}"  # noqa: S608 - from our files
