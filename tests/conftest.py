"""Fixtures: a database of its own for each test, and the servers behind it.

- `database_url`: an empty database; the test runs once on SQLite and once on PostgreSQL.
- `new_database`: a function that makes another empty one at each call, of the same two kinds.
- `sqlite_url`, `postgresql_url`: an empty database of one kind.
- `postgresql`, `redis`: a server of the test's own, to `kill()` and `start()` again.
- `redis_url`: the shared Redis, empty.
- `start_server`: runs `lumen-notify serve`, as often as called; all are ended after the test.
- `browser`: the system's Chromium, by playwright's asynchronous interface.

The shared servers start once, with the first test that asks. LUMEN_TEST_POSTGRESQL_URL (a role that may
create databases) and LUMEN_TEST_REDIS_URL (its keys are left alone) put others in their place.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import hypothesis
import pytest
from playwright.async_api import Browser, async_playwright

import servers
from servers import PostgreSQL, Redis, RunningServer

# httpcore tries to import sniffio for each of its locks. An import that fails searches the whole path: a
# sixth of the time of a test that talks HTTP. With this it fails at once. May go once httpcore asks once.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

# A machine that is busy with other tests says nothing about an example being slow.
hypothesis.settings.register_profile("lumen", deadline=None, print_blob=True)
hypothesis.settings.load_profile("lumen")

NewDatabase = Callable[[], str]


class StartServer(Protocol):
    """Called with `database_url` and LUMEN_ variables, returns a server that answers."""

    def __call__(self, *arguments: str, database_url: str | None = None, **environ: str) -> RunningServer: ...


@pytest.fixture(scope="session")
def shared_postgresql_url() -> Iterator[str]:
    """Give the maintenance database of the PostgreSQL that all tests share."""
    if given := os.environ.get("LUMEN_TEST_POSTGRESQL_URL"):
        yield given
        return
    with servers.temporary(PostgreSQL()) as server:
        yield server.url()


@pytest.fixture(scope="session")
def shared_redis_url() -> Iterator[str]:
    if given := os.environ.get("LUMEN_TEST_REDIS_URL"):
        yield given
        return
    with servers.temporary(Redis()) as server:
        yield server.url


@pytest.fixture
def new_sqlite(tmp_path: Path) -> NewDatabase:
    numbers = itertools.count(1)
    return lambda: f"sqlite:///{tmp_path}/lumen-{next(numbers)}.db"


@pytest.fixture
def new_postgresql(shared_postgresql_url: str) -> Iterator[NewDatabase]:
    made: list[str] = []

    def make() -> str:
        made.append(servers.create_database(shared_postgresql_url))
        return made[-1]

    yield make
    for url in made:
        servers.drop_database(shared_postgresql_url, url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def new_database(request: pytest.FixtureRequest) -> NewDatabase:
    """Make another empty database at each call. The test runs once on SQLite and once on PostgreSQL."""
    make: NewDatabase = request.getfixturevalue(f"new_{request.param}")
    return make


@pytest.fixture
def database_url(new_database: NewDatabase) -> str:
    """Give an empty database. The test runs once on SQLite and once on PostgreSQL."""
    return new_database()


@pytest.fixture
def sqlite_url(new_sqlite: NewDatabase) -> str:
    return new_sqlite()


@pytest.fixture
def postgresql_url(new_postgresql: NewDatabase) -> str:
    return new_postgresql()


@pytest.fixture
def postgresql() -> Iterator[PostgreSQL]:
    """Give a PostgreSQL of the test's own, to kill and start again. Takes a second: mark the test slow."""
    with servers.temporary(PostgreSQL()) as server:
        yield server


@pytest.fixture
def redis() -> Iterator[Redis]:
    """Give a Redis of the test's own, to kill and start again."""
    with servers.temporary(Redis()) as server:
        yield server


@pytest.fixture
def redis_url(shared_redis_url: str) -> str:
    """Give a Redis, empty unless LUMEN_TEST_REDIS_URL names it."""
    return shared_redis_url


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Run `lumen-notify serve ARGUMENTS` with LUMEN_ variables; return it once it answers GET /healthz."""
    with ExitStack() as running:

        def start(*arguments: str, database_url: str | None = None, **environ: str) -> RunningServer:
            folder = tmp_path / "server"
            folder.mkdir(exist_ok=True)
            server = RunningServer(folder, database_url=database_url, environ=environ, arguments=arguments)
            running.callback(server.kill)
            return server.start()

        yield start


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give the system's Chromium, started anew. Skips without one: see `servers.chromium_path`."""
    path = servers.chromium_path()
    # Not playwright's synchronous interface: it leaves a loop running, in which no asynchronous test can run.
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=servers.chromium_arguments())
        yield chromium
        await chromium.close()
