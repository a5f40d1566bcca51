"""What docs/production.md and deploy/ say works: roles and grants, the unit, backup and restore."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx
import pytest

from clients import NOTIFICATIONS, SECRET, token
from lumen_notify.auth import PUBLISH
from lumen_notify.settings import Settings
from servers import PostgreSQL, RunningServer

from .builds import ROOT, clean_environment

PAGE = (ROOT / "docs" / "production.md").read_text("utf-8")
UNIT = ROOT / "deploy" / "lumen-notify.service"


def block(mark: str) -> str:
    """Return the block of the page below a mark."""
    (content,) = re.findall(rf"<!-- {mark} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    return str(content)


def publish(server: RunningServer, content: str) -> None:
    response = httpx.post(
        f"{server.url}{NOTIFICATIONS}",
        headers={"Authorization": f"Bearer {token('publisher', PUBLISH)}"},
        json={"to": {"user": "alice"}, "category": "news", "content": content},
        timeout=60,
        trust_env=False,
    )
    assert response.status_code == 201, response.text


def contents(server: RunningServer) -> list[str]:
    headers = {"Authorization": f"Bearer {token('alice')}"}
    response = httpx.get(f"{server.url}{NOTIFICATIONS}", headers=headers, timeout=60, trust_env=False)
    return [item["content"] for item in response.json()["items"]]


@pytest.mark.parametrize(
    "subject",
    [
        "Install",
        "Keys",
        "PostgreSQL",
        "Workers",
        "TLS and HTTP/2",
        "What to hide",
        "Watch it",
        "Back up",
        "Upgrade",
    ],
)
def test_page_names_each_subject(subject: str) -> None:
    assert f"\n## {subject}\n" in PAGE


@pytest.mark.parametrize("name", ["LUMEN_PAGES", "LUMEN_METRICS", "LUMEN_HTTP2", "LUMEN_TLS_CERT_FILE"])
def test_page_names_settings_that_exist(name: str) -> None:
    assert name in PAGE
    assert name in {row[0] for row in Settings.table()}


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.postgresql
def test_server_works_with_the_role_and_the_grants_of_the_page(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    def url(role: str, database: str = "lumen") -> str:
        return f"postgresql://{role}@/{database}?host={postgresql.folder}"

    async def run(role: str, database: str, statements: str) -> None:
        connection = await asyncpg.connect(url(role, database), timeout=60)
        try:
            for statement in filter(None, map(str.strip, statements.split(";"))):
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run("postgres", "postgres", block("sql: superuser")))
    asyncio.run(run("lumen_owner", "lumen", block("sql: owner")))
    environ = clean_environment(LUMEN_DATABASE_URL=url("lumen_owner"), PYTHONPATH=str(ROOT))
    subprocess.run([sys.executable, "-m", "lumen_notify", "migrate"], env=environ, check=True, cwd=tmp_path)
    with RunningServer(tmp_path, database_url=url("lumen"), environ={"LUMEN_JWT_SECRET": SECRET}) as server:
        publish(server, "by a role without rights on tables")
        assert contents(server) == ["by a role without rights on tables"]
        assert server.stop() == 0
    for forbidden in ("DROP TABLE lumen_event", "CREATE TABLE other (id integer)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            asyncio.run(run("lumen", "lumen", forbidden))


@pytest.mark.slow
@pytest.mark.server
def test_sqlite_is_backed_up_while_it_is_written_and_restored(tmp_path: Path) -> None:
    def shell(script: str) -> None:
        script = script.replace("/opt/lumen-notify/bin/lumen-notify", f"{sys.executable} -m lumen_notify")
        subprocess.run(["sh", "-ec", script], cwd=tmp_path, check=True)

    with RunningServer(tmp_path, environ={"LUMEN_JWT_SECRET": SECRET}) as server:
        publish(server, "before")
        shell(block("run: back up"))
        publish(server, "after")
        server.kill()  # so that a `-wal` is left
    assert (tmp_path / "lumen-notify.db-wal").stat().st_size
    shell(block("run: restore"))
    with server:
        assert contents(server) == ["before"]
    with sqlite3.connect(tmp_path / "lumen-notify.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.server
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    if (systemd_analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd-analyze is not on PATH")
    text = UNIT.read_text("utf-8")
    assert "ExecStart=/opt/lumen-notify/bin/lumen-notify serve\n" in text
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/opt/lumen-notify/bin/lumen-notify", "/bin/true"))
    verified = subprocess.run(
        [systemd_analyze, "verify", unit], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert not [line for line in verified.stderr.splitlines() if UNIT.name in line], verified.stderr
