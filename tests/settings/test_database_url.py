"""Database URL: what is taken, what its parts mean, and what is refused by name."""

from __future__ import annotations

import pytest

from lumen_notify import Settings
from lumen_notify.settings.database_url import Address, check_database_url, parse_postgresql, sqlite_path

from .environments import problems_of

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///relative.db", "relative.db"),
        ("sqlite:///folder/relative.db", "folder/relative.db"),
        ("sqlite:////absolute/file.db", "/absolute/file.db"),
        ("sqlite:///with%20space%3F.db", "with space?.db"),
    ],
)
def test_url_of_a_file_names_its_path(url: str, path: str) -> None:
    assert sqlite_path(url) == path
    assert Settings.from_env({"LUMEN_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    ("url", "addresses", "user", "database"),
    [
        ("postgresql://user:p%40ss@db.example:5433/name", [("db.example", 5433)], "user", "name"),
        ("postgres://user@db/name", [("db", 5432)], "user", "name"),
        ("postgresql://db/na%20me", [("db", 5432)], None, "na me"),
        ("postgresql://user@/name?host=/var/run/postgresql", [("/var/run/postgresql", 5432)], "user", "name"),
        ("postgresql:///name?host=/tmp/with space&port=6000", [("/tmp/with space", 6000)], None, "name"),
        ("postgresql://%2Fvar%2Frun/name", [("/var/run", 5432)], None, "name"),
        ("postgresql://[::1]:6000/name", [("::1", 6000)], None, "name"),
        ("postgresql://[::1]/name", [("::1", 5432)], None, "name"),
        ("postgresql://a:1,b:2/name", [("a", 1), ("b", 2)], None, "name"),
        ("postgresql://a,b/name?port=1,2", [("a", 1), ("b", 2)], None, "name"),
        ("postgresql:///name?user=ann&password=x", [], "ann", "name"),
        ("postgresql:///name", [], None, "name"),
    ],
)
def test_url_of_a_server_names_addresses_role_and_database(
    url: str, addresses: list[tuple[str, int]], user: str | None, database: str
) -> None:
    parsed = parse_postgresql(url)
    assert (list(parsed.addresses), parsed.user, parsed.database) == (addresses, user, database)
    assert Settings.from_env({"LUMEN_DATABASE_URL": url}).database_url == url


def test_options_that_the_driver_does_not_know_are_not_given_to_it() -> None:
    parsed = parse_postgresql(
        "postgres://u:p@db/name?sslmode=require&connect_timeout=3&channel_binding=prefer&gssencmode=disable"
        "&options=-csearch_path%3Da%20b"
    )
    assert parsed.dsn == "postgresql://u:p@db/name?sslmode=require&options=-csearch_path%3Da%20b"
    assert parsed.connect_seconds == 3
    assert parse_postgresql("postgresql:///name").dsn == "postgresql:///name"


def test_files_of_a_url_are_known_by_their_option() -> None:
    parsed = parse_postgresql("postgresql://db/name?sslmode=verify-full&sslrootcert=/etc/ca.pem&passfile=x")
    assert parsed.files == {"sslrootcert": "/etc/ca.pem", "passfile": "x"}
    assert parsed.has_password


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("search_path=x", "has the unknown option search_path. Known are application_name, channel_binding"),
        ("min_size=1", "has the unknown option min_size"),
        ("ssl=true", "has the unknown option ssl"),
        ("hostaddr=1.2.3.4", "has the unknown option hostaddr"),
        ("sslmode=on", "has an option sslmode that must be one of disable, allow, prefer, require"),
        ("sslmode=require&sslmode=require", "has the option sslmode twice"),
        ("target_session_attrs=read-only", "must be one of any, read-write, primary"),
        ("target_session_attrs=standby", "must be one of any, read-write, primary"),
        ("channel_binding=require", "has an option channel_binding that must be one of disable, prefer"),
        ("gssencmode=require", "has an option gssencmode that must be one of disable, prefer"),
        ("connect_timeout=0", "connect_timeout that must be from 1 to 3600 seconds"),
        ("connect_timeout=soon", "connect_timeout that must be from 1 to 3600 seconds"),
        ("sslrootcert=system", "sslrootcert that must name a file"),
        ("application_name=", "has an option application_name without a value"),
        ("sslmode", "options that are not name=value"),
        ("host=a", "has the option host, which it names before the ? already"),
        ("user=b", "has the option user, which it names before the ? already"),
        ("password=b", "has the option password, which it names before the ? already"),
        ("port=1,2", "one port, or one for each host"),
        ("port=x", "cannot be parsed"),
    ],
)
def test_option_that_would_be_ignored_is_refused_by_name(query: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"has|cannot") as refused:
        check_database_url(f"postgresql://user:{SECRET}@db/name?{query}")
    assert problem in str(refused.value)
    assert SECRET not in str(refused.value)
    assert problems_of({"LUMEN_DATABASE_URL": f"postgresql://user:{SECRET}@db/name?{query}"}) == {
        "LUMEN_DATABASE_URL": str(refused.value)
    }


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://db:1/name?port=2", "has the option port, which it names before the ? already"),
        ("postgresql:///name?port=2", "one port, or one for each host"),
        ("sqlite:///file.db?mode=ro", "has the option mode, but a SQLite URL takes none"),
    ],
)
def test_option_that_contradicts_the_rest_is_refused(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"has|cannot") as refused:
        check_database_url(url)
    assert problem in str(refused.value)


def test_address_is_written_as_in_a_sentence() -> None:
    assert str(Address("db.example", 5433)) == "db.example port 5433"
    assert str(Address("/run/pg", 5432)) == "the socket /run/pg/.s.PGSQL.5432"
