"""What the other tests rely on: that their servers are real, empty, and can be killed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.async_api import Browser

import servers
from conftest import NewDatabase
from lumen_notify.commit.database import Database
from servers import PostgreSQL, RunningServer, Server, ServerFailed, run_sql


async def test_an_unmigrated_url_names_an_empty_database_that_can_be_written(unmigrated_url: str) -> None:
    database = Database(unmigrated_url)
    await database.open()
    async with database.transaction() as transaction:
        await transaction.run_sql("CREATE TABLE thing (name text)")
        await transaction.run_sql("INSERT INTO thing (name) VALUES ('lumen')")
    async with database.transaction() as transaction:
        assert [tuple(row) for row in await transaction.run_sql("SELECT name FROM thing")] == [("lumen",)]
    await database.close()


def test_each_call_of_new_database_makes_another_one(new_database: NewDatabase) -> None:
    assert len({new_database() for _ in range(3)}) == 3


def test_sqlite_urls_name_files_in_the_tests_own_folder(sqlite_url: str, tmp_path: Path) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    assert path.is_relative_to(tmp_path)
    sqlite3.connect(path).close()


@pytest.mark.postgresql
def test_dropping_a_database_ends_its_sessions(shared_postgresql_url: str) -> None:
    url = servers.create_database(shared_postgresql_url)
    servers.drop_database(shared_postgresql_url, url)
    assert url.partition("?")[0].rpartition("/")[2] not in {
        row["datname"] for row in run_sql(shared_postgresql_url, "SELECT datname FROM pg_database")
    }


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@/postgres?host=/tmp/x", "postgresql://u@/new?host=/tmp/x"),
        ("postgresql:///postgres?host=/tmp/x", "postgresql:///new?host=/tmp/x"),
        ("postgresql://u:p@host:5433/postgres", "postgresql://u:p@host:5433/new"),
        ("postgresql+asyncpg://u@host?a=/b", "postgresql+asyncpg://u@host/new?a=/b"),
    ],
    ids=["socket", "no-authority", "tcp", "no-path"],
)
def test_a_databases_url_differs_from_its_servers_by_the_name_alone(url: str, expected: str) -> None:
    assert servers._with_database(url, "new") == expected


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_killed_postgresql_comes_back_with_what_was_committed(postgresql: PostgreSQL) -> None:
    url = postgresql.create_database()
    run_sql(url, "CREATE TABLE thing AS SELECT 'kept' AS name")
    for _ in range(3):
        postgresql.kill()
        assert not postgresql.is_running
        with pytest.raises((OSError, ConnectionError)):
            run_sql(url, "SELECT 1")
        postgresql.start()
        assert run_sql(url, "SELECT name FROM thing") == [{"name": "kept"}]


@pytest.mark.browser
async def test_the_browser_runs_the_pages_script(browser: Browser) -> None:
    page = await browser.new_page()
    await page.set_content("<p></p><script>document.querySelector('p').textContent = 6 * 7</script>")
    assert await page.text_content("p") == "42"


class Shell(Server):
    """A stand-in for a server: a line of Python."""

    name = "shell"

    def __init__(self, folder: Path, program: str) -> None:
        super().__init__(folder)
        self.program = program

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", self.program], stdout=log, stderr=log)

    def _answers(self) -> bool:
        return "ready" in self.log()


@pytest.mark.server
def test_a_server_that_ends_at_once_shows_its_log(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=r"(?s)ended with 3.*no such port"):
        Shell(tmp_path, "print('no such port'); raise SystemExit(3)").start()


@pytest.mark.server
def test_a_server_that_never_answers_is_killed_and_shows_its_log(tmp_path: Path) -> None:
    server = Shell(tmp_path, "import time; print('thinking', flush=True); time.sleep(60)")
    with pytest.raises(ServerFailed, match=r"(?s)waited 0.5 s for shell to answer.*thinking"):
        server.start(within_seconds=0.5)
    assert not server.is_running


@pytest.mark.server
def test_a_server_that_does_not_end_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    server = Shell(tmp_path, deaf).start()
    with pytest.raises(ServerFailed, match="had not ended"):
        server.stop(within_seconds=0.2)
    assert not server.is_running


@pytest.mark.server
def test_stop_returns_the_exit_status(tmp_path: Path) -> None:
    polite = (
        "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); "
        "print('ready', flush=True); signal.pause()"
    )
    assert Shell(tmp_path, polite).start().stop() == 7


def test_a_running_server_gets_no_setting_of_ours_that_was_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUMEN_CORS_ORIGINS", "https://example.com")
    server = RunningServer(tmp_path, environ={"LUMEN_PING_SECONDS": "1"})
    assert {name for name in server.environ if name.startswith("LUMEN_")} == {
        "LUMEN_HOST",
        "LUMEN_PORT",
        "LUMEN_PING_SECONDS",
        "LUMEN_RATE_LIMITS",
    }
