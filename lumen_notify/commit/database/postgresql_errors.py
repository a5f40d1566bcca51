"""PostgreSQL errors: what is wrong with a server or a database that no process can start on, and the way out.

Promise: one or two sentences that name the server, the role and the database, and never the password.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg

from lumen_notify.errors import DatabaseUnavailable, DatabaseUnusable, LumenError
from lumen_notify.settings.database_url import PostgresqlUrl

Texts = Mapping[type[BaseException], str]

_POOLED = (
    "{where} is a connection pooler in transaction mode, in which a session has no prepared statements of"
    " its own. Let the pooler use session mode, or name PostgreSQL itself in LUMEN_DATABASE_URL."
)
_REFUSES = "{where} refuses the connection: {words}. Correct LUMEN_DATABASE_URL."

UNAVAILABLE: Texts = {
    asyncpg.TooManyConnectionsError: "{where} takes no connections now: {words}.",
    asyncpg.CannotConnectNowError: "{where} takes no connections now: {words}.",
    asyncpg.TargetServerAttributeNotMatched: (
        "{where} is not what target_session_attrs asks for. Name the primary in LUMEN_DATABASE_URL."
    ),
    socket.gaierror: "The host of {where} is not known ({words}). Correct LUMEN_DATABASE_URL.",
    TimeoutError: "{where} does not answer in time. Start it, or correct LUMEN_DATABASE_URL.",
    OSError: "{where} does not answer ({words}). Start it, or correct LUMEN_DATABASE_URL.",
}
"""What may work later without anybody's doing."""

UNUSABLE: Texts = {
    asyncpg.InvalidPasswordError: "{where} refuses the password of {role}. Correct it in LUMEN_DATABASE_URL.",
    asyncpg.InvalidAuthorizationSpecificationError: (
        "{where} does not let {role} in: {words}. Correct LUMEN_DATABASE_URL, or create the role."
    ),
    asyncpg.InvalidCatalogNameError: (
        '{where} has no database "{database}". Create it (createdb {database}), or correct'
        " LUMEN_DATABASE_URL."
    ),
    asyncpg.InsufficientPrivilegeError: (
        '{Role} lacks a right in the database "{database}": {words}. Run lumen-notify migrate as the owner of'
        " the tables."
    ),
    asyncpg.InvalidSchemaNameError: (
        'No schema of the search path exists in the database "{database}". Create it, or correct the options'
        " of LUMEN_DATABASE_URL."
    ),
    asyncpg.ReadOnlySQLTransactionError: (
        "{where} takes no writes ({words}): it is a standby, or default_transaction_read_only is on. Name the"
        " primary in LUMEN_DATABASE_URL."
    ),
    asyncpg.DiskFullError: "The disk of {where} is full ({words}). Free some space.",
    asyncpg.DuplicateTableError: (
        'The database "{database}" has something with a name of ours that lumen-notify has not made: {words}.'
        " Rename it, or use another database or schema."
    ),
    asyncpg.DuplicatePreparedStatementError: _POOLED,
    asyncpg.InvalidSQLStatementNameError: _POOLED,
    # What a server or a pooler says to an option of the URL that it does not take.
    asyncpg.ProtocolViolationError: _REFUSES,
    asyncpg.UndefinedObjectError: _REFUSES,
    asyncpg.InvalidParameterValueError: _REFUSES,
    asyncpg.CantChangeRuntimeParamError: _REFUSES,
    asyncpg.ClientConfigurationError: "LUMEN_DATABASE_URL cannot be used: {words}.",
    ssl.SSLCertVerificationError: (
        "The certificate of {where} is not trusted ({words}). Name its authority with sslrootcert=FILE in"
        " LUMEN_DATABASE_URL."
    ),
    ssl.SSLError: "{where} and this process do not agree on TLS: {words}. Check LUMEN_DATABASE_URL.",
}
"""What somebody has to change."""

WITHOUT_LOGIN = (
    "{where} asks for the password of {role}. Add it to LUMEN_DATABASE_URL:"
    " postgresql://user:password@host/name."
)
NEEDS_TLS = (
    "{where} does not let {role} in without TLS ({words}). Replace sslmode={sslmode} by sslmode=require in"
    " LUMEN_DATABASE_URL."
)
NO_TLS = (
    "{where} does not offer TLS, which sslmode={sslmode} asks for. Turn it on there, or use sslmode=prefer in"
    " LUMEN_DATABASE_URL."
)
NO_SCHEMA_RIGHT = (
    '{Role} may not create tables in the schema {denied} of the database "{database}". Run lumen-notify'
    " migrate as a role that may, or let the schema's owner run: GRANT USAGE, CREATE ON SCHEMA {denied} TO"
    " {grantee}"
)
NO_DATABASE_RIGHT = (
    '{Role} may not connect to the database "{database}". Let its owner run:'
    " GRANT CONNECT ON DATABASE {denied} TO {grantee}"
)
NO_TABLE_RIGHT = (
    '{Role} may not use the tables of lumen-notify in the database "{database}". Let their owner run:'
    " GRANT SELECT, INSERT, UPDATE, DELETE ON {denied} TO {grantee}"
)

_DENIED = re.compile(r"permission denied for (schema|database) (\S+)")


def require_files(url: PostgresqlUrl) -> None:
    """Check that this process may read the files that the URL names. Raises DatabaseUnusable."""
    for name, path in url.files.items():
        try:
            Path(path).open("rb").close()
        except OSError as error:
            problem = f"The file {path}, the {name} of LUMEN_DATABASE_URL, cannot be read: {error.strerror}."
            raise DatabaseUnusable(problem) from None


def explain(error: BaseException | None, url: PostgresqlUrl) -> LumenError | None:
    """Return the error to show instead of one of the driver's; None if it is a defect of ours."""
    if error is None:
        return None
    if text := _special(error, url) or _text_in(UNUSABLE, error):
        return DatabaseUnusable(_fill(text, error, url))
    text = _text_in(UNAVAILABLE, error)
    return DatabaseUnavailable(_fill(text, error, url)) if text else None


def table_rights(tables: Sequence[str], url: PostgresqlUrl) -> DatabaseUnusable:
    """Return the error for a role that may not use some of our tables."""
    return DatabaseUnusable(NO_TABLE_RIGHT.format_map(_names(url) | {"denied": ", ".join(tables)}))


def _special(error: BaseException, url: PostgresqlUrl) -> str | None:
    """Return the text where the type of the error does not say enough."""
    words = str(error)
    match error:
        case asyncpg.InvalidPasswordError() if not url.has_password:
            return WITHOUT_LOGIN
        case asyncpg.InvalidAuthorizationSpecificationError() if "no encryption" in words and url.options.get(
            "sslmode"
        ) in ("disable", "allow"):
            return NEEDS_TLS
        case asyncpg.InsufficientPrivilegeError() if found := _DENIED.search(words):
            return NO_SCHEMA_RIGHT if found[1] == "schema" else NO_DATABASE_RIGHT
        case ConnectionError() if "SSL upgrade" in words:
            return NO_TLS
    return None


def _text_in(texts: Texts, error: BaseException) -> str | None:
    return next((texts[kind] for kind in type(error).__mro__ if kind in texts), None)


def _fill(text: str, error: BaseException, url: PostgresqlUrl) -> str:
    denied = _DENIED.search(str(error))
    return text.format_map(_names(url) | {"words": _words(error), "denied": denied[2] if denied else ""})


def _names(url: PostgresqlUrl) -> dict[str, str]:
    role = f'the role "{url.user}"' if url.user else "the role of this process"
    return {
        "where": f"PostgreSQL at {' or '.join(map(str, url.addresses)) or 'its default address'}",
        "role": role,
        "Role": role[0].upper() + role[1:],
        "grantee": f'"{url.user}"' if url.user else "it",
        "database": url.database,
        "sslmode": url.options.get("sslmode", "prefer"),
    }


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return " ".join(str(error).split()).rstrip(".")
