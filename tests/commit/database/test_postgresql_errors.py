"""PostgreSQL errors: each mistake is told by server, role and database, and the way out that it names works.

A real server with passwords and roles, with and without TLS; what cannot be had from one is made up.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

import servers
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.postgresql_errors import explain
from lumen_notify.commit.database.startup_errors import explained
from lumen_notify.commit.log import Log
from lumen_notify.errors import DatabaseUnavailable, DatabaseUnusable, LumenError
from lumen_notify.settings.database_url import parse_postgresql
from secured_postgresql import PASSWORD, SecuredPostgreSQL, tls_to
from servers import free_port, run_sql

pytestmark = [pytest.mark.postgresql, pytest.mark.server]

WRONG = "wrong-hunter3"


@pytest.fixture(scope="module")
def server() -> Iterator[SecuredPostgreSQL]:
    with servers.temporary(SecuredPostgreSQL()) as server:
        server.create_roles()
        yield server


@pytest.fixture
def name(server: SecuredPostgreSQL) -> str:
    return server.new_database()


@asynccontextmanager
async def started(url: str) -> AsyncIterator[Database]:
    """Start on a database as a server does."""
    database = Database(url)
    try:
        with explained(url):
            await database.open()
            await migrate(database)
            await Log(database, lambda: 1).open()
        yield database
    finally:
        await database.close()


async def problem_of(url: str, kind: type[LumenError] = DatabaseUnusable) -> str:
    """Start on a database that cannot be used; return what is said."""
    with pytest.raises(kind) as caught:
        async with started(url):
            pass
    assert not caught.value.__cause__
    text = caught.value.message
    assert "\n" not in text
    assert PASSWORD not in text
    assert WRONG not in text
    return text


async def value_of(url: str, sql: str) -> object:
    async with started(url) as database, database.transaction() as transaction:
        ((value,),) = await transaction.run_sql(sql)
        return value


async def test_wrong_and_missing_password(server: SecuredPostgreSQL, name: str) -> None:
    place = f"PostgreSQL at 127.0.0.1 port {server.port}"
    wrong = await problem_of(server.url_of(f"locked:{WRONG}", name))
    assert wrong == f'{place} refuses the password of the role "locked". Correct it in LUMEN_DATABASE_URL.'
    missing = await problem_of(server.url_of("locked", name))
    assert missing.startswith(f'{place} asks for the password of the role "locked". Add it to ')


async def test_role_that_is_not_let_in(server: SecuredPostgreSQL, name: str) -> None:
    text = await problem_of(server.url_of("stranger", name))
    assert f'port {server.port} does not let the role "stranger" in: no pg_hba.conf entry' in text


async def test_database_that_does_not_exist(server: SecuredPostgreSQL) -> None:
    text = await problem_of(server.url_of("app", "nowhere"))
    assert 'has no database "nowhere". Create it (createdb nowhere), or correct LUMEN_DATABASE_URL.' in text


async def test_role_without_the_right_to_create_tables_is_told_the_grant(
    server: SecuredPostgreSQL, name: str
) -> None:
    url = server.url_of("app", name)
    text = await problem_of(url)
    assert f'The role "app" may not create tables in the schema public of the database "{name}".' in text
    run_sql(server.url(name), text.partition("owner run: ")[2])
    async with started(url):
        pass


async def test_role_without_rights_to_the_tables_is_told_the_grant(
    server: SecuredPostgreSQL, name: str
) -> None:
    async with started(server.url(name)):
        pass
    url = server.url_of("reader", name)
    text = await problem_of(url)
    assert 'The role "reader" may not use the tables of lumen-notify' in text
    run_sql(server.url(name), text.partition("owner run: ")[2])
    async with started(url):  # though it may create nothing
        pass


async def test_table_migration_of_an_application_need_not_be_readable(
    server: SecuredPostgreSQL, name: str
) -> None:
    run_sql(server.url(name), "CREATE TABLE migration (version integer, name text)")
    run_sql(server.url(name), "GRANT CREATE ON SCHEMA public TO app")
    async with started(server.url_of("app", name)):
        pass


async def test_role_that_may_not_connect_is_told_the_grant(server: SecuredPostgreSQL, name: str) -> None:
    run_sql(server.url(), f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    text = await problem_of(server.url_of("app", name))
    assert f'The role "app" may not connect to the database "{name}".' in text
    run_sql(server.url(), text.partition("owner run: ")[2])
    assert "may not create tables" in await problem_of(server.url_of("app", name))


async def test_tls_that_the_url_switches_off(server: SecuredPostgreSQL, name: str) -> None:
    text = await problem_of(server.url_of("stranger", name, "sslmode=disable"))
    assert 'does not let the role "stranger" in without TLS (no pg_hba.conf entry' in text
    assert text.endswith("Replace sslmode=disable by sslmode=require in LUMEN_DATABASE_URL.")


async def test_tls_that_the_server_does_not_offer(server: SecuredPostgreSQL, name: str) -> None:
    text = await problem_of(server.url_of("app", name, "sslmode=require"))
    assert (
        f"PostgreSQL at 127.0.0.1 port {server.port} does not offer TLS, which sslmode=require asks" in text
    )


async def test_certificate_is_checked_as_the_url_says(
    server: SecuredPostgreSQL, name: str, tmp_path: Path
) -> None:
    run_sql(server.url(name), "GRANT CREATE ON SCHEMA public TO app")
    other = tmp_path / "other.pem"
    async with tls_to(server.port, tmp_path) as (port, certificate):
        url = f"postgresql://app@127.0.0.1:{port}/{name}?sslmode"
        missing = await problem_of(f"{url}=verify-full&sslrootcert={other}")
        assert missing == (
            f"The file {other}, the sslrootcert of LUMEN_DATABASE_URL, cannot be read:"
            " No such file or directory."
        )
        async with tls_to(server.port, other_folder(tmp_path)) as (_, untrusted):
            text = await problem_of(f"{url}=verify-full&sslrootcert={untrusted}")
        assert text.startswith(f"The certificate of PostgreSQL at 127.0.0.1 port {port} is not trusted (")
        assert "sslrootcert=FILE" in text
        other.write_text("no certificate")
        assert "LUMEN_DATABASE_URL" in await problem_of(f"{url}=verify-full&sslrootcert={other}")
        for right in (f"verify-full&sslrootcert={certificate}", "require"):
            assert await value_of(f"{url}={right}", "SELECT 1") == 1


def other_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    folder.mkdir()
    return folder


async def test_options_of_the_url_are_honoured(server: SecuredPostgreSQL, name: str) -> None:
    run_sql(server.url(name), "CREATE SCHEMA lumen AUTHORIZATION app")
    url = server.url_of(
        "app", name, "application_name=bells&options=-csearch_path%3Dlumen&connect_timeout=20"
    )
    assert await value_of(url, "SHOW application_name") == "bells"
    assert await value_of(url, "SELECT schemaname FROM pg_tables WHERE tablename = 'lumen_event'") == "lumen"
    assert run_sql(server.url(name), "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
    by_port = f"postgres://app@127.0.0.1/{name}?port={server.port}&options=-csearch_path%3Dlumen"
    assert await value_of(by_port, "SHOW search_path") == "lumen"


async def test_first_server_of_several_that_takes_writes_is_used(
    server: SecuredPostgreSQL, name: str
) -> None:
    run_sql(server.url(name), "GRANT CREATE ON SCHEMA public TO app")
    url = f"postgresql://app@127.0.0.1:{free_port()},127.0.0.1:{server.port}/{name}"
    assert await value_of(f"{url}?target_session_attrs=primary", "SELECT 1") == 1


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("options=-csearch_path%3Dnowhere", "No schema of the search path exists in the database"),
        ("options=-cdefault_transaction_read_only%3Don", "takes no writes (cannot execute"),
        ("options=-cnonsense%3D1", 'refuses the connection: unrecognized configuration parameter "nonsense"'),
    ],
)
async def test_option_that_does_not_fit_the_server(
    server: SecuredPostgreSQL, name: str, query: str, problem: str
) -> None:
    run_sql(server.url(name), "GRANT CREATE ON SCHEMA public TO app")
    assert problem in await problem_of(server.url_of("app", name, query))


async def test_table_of_ours_that_we_have_not_made(server: SecuredPostgreSQL, name: str) -> None:
    run_sql(server.url(name), "CREATE TABLE lumen_message (theirs text)")
    text = await problem_of(server.url(name))
    assert f'The database "{name}" has something with a name of ours that lumen-notify has not made' in text
    assert 'relation "lumen_message" already exists' in text


async def test_server_that_cannot_be_reached(tmp_path: Path) -> None:
    port = free_port()
    refused = await problem_of(f"postgresql://app@127.0.0.1:{port}/x", DatabaseUnavailable)
    assert refused == (
        f"PostgreSQL at 127.0.0.1 port {port} does not answer (connection refused). Start it, or correct"
        " LUMEN_DATABASE_URL."
    )
    unknown = await problem_of("postgresql://app@nowhere.invalid/x", DatabaseUnavailable)
    assert "The host of PostgreSQL at nowhere.invalid port 5432 is not known" in unknown
    missing = await problem_of(f"postgresql:///x?host={tmp_path}", DatabaseUnavailable)
    assert f"at the socket {tmp_path}/.s.PGSQL.5432 does not answer (no such file or directory)" in missing


async def test_server_that_does_not_answer_is_given_up_after_the_time_of_the_url() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://app@127.0.0.1:{silent.getsockname()[1]}/x?connect_timeout=1"
        assert "does not answer in time" in await problem_of(url, DatabaseUnavailable)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (
            asyncpg.DiskFullError("could not extend file"),
            "The disk of PostgreSQL at db port 5432 is full (could",
        ),
        (asyncpg.TooManyConnectionsError("too many clients"), "takes no connections now: too many clients."),
        (asyncpg.CannotConnectNowError("starting up"), "takes no connections now: starting up."),
        (asyncpg.ProtocolViolationError("unsupported startup parameter: options"), "unsupported startup"),
        (asyncpg.DuplicatePreparedStatementError("already exists"), "is a connection pooler in transaction"),
        (asyncpg.InvalidSQLStatementNameError("does not exist"), "is a connection pooler in transaction"),
    ],
)
def test_errors_that_no_server_here_has(error: Exception, problem: str) -> None:
    found = explain(error, parse_postgresql("postgresql://app@db/x"))
    assert found is not None
    assert problem in found.message


def test_defects_of_ours_are_not_explained() -> None:
    for error in (
        asyncpg.PostgresSyntaxError("syntax"),
        asyncpg.UndefinedTableError("no"),
        ValueError(),
        None,
    ):
        assert explain(error, parse_postgresql("postgresql://app@db/x")) is None


def test_names_of_a_url_without_a_role_read_well() -> None:
    found = explain(asyncpg.InvalidPasswordError(""), parse_postgresql("postgresql://a,b/x?password=p"))
    assert found is not None
    assert re.match(
        "PostgreSQL at a port 5432 or b port 5432 refuses the password of the role of", found.message
    )
