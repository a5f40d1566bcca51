"""Fixtures: a database of its own for each test, and the servers behind it. README.md has the whole list.

- `database_url`: a migrated database without rows; the test runs once on SQLite and once on PostgreSQL.
- `new_database`: a function that gives another such database at each call, of the same two kinds.
- `sqlite_url`, `postgresql_url`: a migrated database without rows, of one kind.
- `unmigrated_url`: a database without tables; the test runs once on SQLite and once on PostgreSQL.
- `postgresql`: a server of the test's own, to `kill()` and `start()` again.
- `start_server`: runs `lumen-notify serve`, as often as called; all are ended after the test.
- `browser`: the system's Chromium, by playwright's asynchronous interface.

The shared PostgreSQL starts once per worker, with the first test that asks. LUMEN_TEST_POSTGRESQL_URL (a role
that may create databases) puts another in its place.
"""

from __future__ import annotations

import functools
import itertools
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx
import hypothesis
import pytest
from playwright.async_api import Browser, async_playwright

import servers
from brokers import KINDS, Broker
from database_pool import PostgreSQLPool, SQLiteTemplate
from servers import PostgreSQL, RunningServer
from valkey import Valkey

# Tests speak plain HTTP, but httpx reads all certificates of the machine for each client: 40 ms. Only those
# who trust an authority of their own need that.
_machine = functools.cache(httpx._config.create_ssl_context)


def _context(*given: Any, **named: Any) -> ssl.SSLContext:
    has_own = "SSL_CERT_FILE" in os.environ
    return (httpx._config.create_ssl_context if has_own else _machine)(*given, **named)


httpx._transports.default.create_ssl_context = _context  # type: ignore[attr-defined]

# Whoever tells Python to keep no bytecode, as container images do, would wait for every server that a test
# starts to compile the package again: a second each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A shell that runs the tests in the background (`make test &`) has them ignore SIGINT, and so would every
# process that they start; but a caught signal is not inherited.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that is busy with other tests says nothing about an example being slow.
hypothesis.settings.register_profile("lumen", deadline=None, print_blob=True)
hypothesis.settings.load_profile("lumen")

STARTING = {
    "broker",
    "browser",
    "open_chromium",
    "open_window",
    "postgresql",
    "run_command",
    "start_command",
    "start_server",
    "valkey",
}
"""Fixtures that start servers, processes or browsers: what asks for one has the mark `server`."""

REASON_LINES = 30
"""Of a failure, printed at once."""

NewDatabase = Callable[[], str]


class StartServer(Protocol):
    """Called with `database_url` and LUMEN_ variables, returns a server that answers."""

    def __call__(self, *arguments: str, database_url: str | None = None, **environ: str) -> RunningServer: ...


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts servers, processes or browsers."""
    for item in items:
        if STARTING & set(getattr(item, "fixturenames", ())):
            item.add_marker("server")


class FailureReporter:
    """Prints why a test failed at once. The traceback comes at the end of the run."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    @pytest.hookimpl(trylast=True)  # after the F
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.failed:
            return
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = f"{crash.path}:{crash.lineno}: {crash.message}" if crash is not None else report.longreprtext
        self._terminal.write("\n")
        self._terminal.write_line(f"{report.nodeid} failed at its {report.when}:", red=True)
        for line in reason.splitlines()[:REASON_LINES]:
            self._terminal.write_line(f"    {line}")


@pytest.hookimpl(trylast=True)  # after the terminal's own
def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:  # not in a worker of pytest-xdist: the first process prints for all
        config.pluginmanager.register(FailureReporter(terminal))


class Starting:
    """Whether the running test may start processes: only with the mark, or the inner loop gets slow."""

    is_refused = False

    @classmethod
    def refuse(cls, event: str, arguments: tuple[object, ...]) -> None:
        if event == "subprocess.Popen" and cls.is_refused:
            raise RuntimeError(f"a test that starts a process has the mark `server`: {arguments[0]}")

    @classmethod
    @contextmanager
    def allowed(cls) -> Iterator[None]:
        """Allow it for what all tests share."""
        before, cls.is_refused = cls.is_refused, False
        try:
            yield
        finally:
            cls.is_refused = before


sys.addaudithook(Starting.refuse)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    Starting.is_refused = item.get_closest_marker("server") is None
    try:
        return (yield)
    finally:
        Starting.is_refused = False


@pytest.fixture(scope="session")
def shared_postgresql_url() -> Iterator[str]:
    """Give the maintenance database of the PostgreSQL that all tests share."""
    if given := os.environ.get("LUMEN_TEST_POSTGRESQL_URL"):
        yield given
        return
    with ExitStack() as stack:
        with Starting.allowed():
            server = stack.enter_context(servers.temporary(PostgreSQL()))
        yield server.url()


@pytest.fixture(scope="session")
def postgresql_pool(shared_postgresql_url: str) -> Iterator[PostgreSQLPool]:
    """Give the databases that the tests of this worker share, one after another."""
    pool = PostgreSQLPool(shared_postgresql_url)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SQLiteTemplate:
    return SQLiteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def new_sqlite(sqlite_template: SQLiteTemplate, tmp_path: Path) -> NewDatabase:
    numbers = itertools.count(1)
    return lambda: sqlite_template.copy(tmp_path / f"lumen-{next(numbers)}.db")


@pytest.fixture
def new_postgresql(postgresql_pool: PostgreSQLPool) -> Iterator[NewDatabase]:
    taken: list[str] = []

    def take() -> str:
        taken.append(postgresql_pool.take())
        return taken[-1]

    yield take
    for url in taken:
        postgresql_pool.give_back(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def new_database(request: pytest.FixtureRequest) -> NewDatabase:
    """Give another migrated database without rows at each call. The test runs on SQLite and on PostgreSQL."""
    make: NewDatabase = request.getfixturevalue(f"new_{request.param}")
    return make


@pytest.fixture
def database_url(new_database: NewDatabase) -> str:
    """Give a migrated database without rows. The test runs once on SQLite and once on PostgreSQL."""
    return new_database()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def unmigrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a database without tables: for SQLite no file yet. The test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/unmigrated.db"
        return
    server_url = request.getfixturevalue("shared_postgresql_url")
    url = servers.create_database(server_url)
    yield url
    servers.drop_database(server_url, url)


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
def valkey() -> Iterator[Valkey]:
    """Give a server that speaks Redis's protocol, to kill and start again. Takes a tenth of a second."""
    with servers.temporary(Valkey()) as server:
        yield server


@pytest.fixture(scope="session")
def shared_broker() -> Iterator[Callable[[str], Broker]]:
    """Give a function that returns the broker of a kind that the tests of this worker share."""
    with ExitStack() as stack:
        yield functools.cache(lambda kind: stack.enter_context(servers.temporary(KINDS[kind]())))


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, shared_broker: Callable[[str], Broker]) -> Broker:
    """Give a broker of each kind in turn. The test may kill it. It is shared: topics need unique names."""
    return shared_broker(request.param).start()


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
