"""Schemathesis: requests made from the document, good and bad, are answered as the document says.

Its checks: no 500, no status, type, header or field that is not described, good data taken, bad data refused,
methods that there are not refused with those that there are, and nothing without credentials.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from pathlib import Path

import pytest

from clients import SECRET, serve, token
from conftest import StartServer
from lumen_notify import Lumen, Settings
from lumen_notify.auth import ADMIN, PUBLISH, PasswordHasher
from lumen_notify.settings import Secret

EXAMPLES = 15
"""Of each operation, beside all that each limit of each field suggests."""

WITHIN_SECONDS = 300
"""For a machine that is busy: it takes about thirty."""

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(WITHIN_SECONDS + 20)]


CONFIGURATION = f"""
hooks = "{Path(__file__).with_name("unsaid.py").as_posix()}"
max-stream-events = 1  # a stream has no end; `ready` or `reset` is its first

[[operations]]  # nobody guesses the ids of notifications, scheduled ones, messages, members and devices
include-operation-id = [
  "getNotification", "markNotification", "editNotification", "deleteNotification",
  "cancelScheduled", "cancelScheduledInRoom",
  "getMessage", "editMessage", "deleteMessage",
  "deleteRoom", "addMembers", "removeMember", "getBan", "banUser", "unbanUser", "getBlock", "unblockUser",
  "deleteDevice", "deleteDeviceByToken", "listDeliveries", "retryDeadLetter",
  "getDeletion", "adminEndStream", "adminGetRoom", "adminDeleteRoom", "adminListMembers", "adminSetMember",
  "adminRemoveMember", "adminListBans", "adminBanUser", "adminUnbanUser", "adminListMessages",
  "adminDeleteMessage",
]
warnings = false

[[operations]]  # nobody guesses a password or a refresh token either, and alice has no account
include-operation-id = [
  "logIn", "refreshSession", "changePassword",
  "findUser", "getAccount", "updateAccount",
]
warnings = false
"""


async def test_requests_made_from_the_document_are_answered_as_it_says(
    start_server: StartServer, tmp_path: Path
) -> None:
    # A list that is too long is told so, not that its body is.
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_MAX_BODY_BYTES="1000000")
    await assert_kept(server.url, tmp_path)
    assert not re.search(r" failed(\"|$)", server.log(), re.MULTILINE), "defects"


async def test_so_are_those_about_accounts(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # In this process, so that a hash need not take as long as it should.
    monkeypatch.setattr(
        "lumen_notify.services.PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_kib=8, lanes=1)
    )
    settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET), accounts="on", rate_limits="off")
    async with Lumen(settings) as lumen, serve(lumen.app) as url:
        await assert_kept(url, tmp_path, "--include-tag", "accounts")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def assert_kept(url: str, folder: Path, *arguments: str) -> None:
    """Run schemathesis in a folder. arguments: which operations; all if there are none."""
    (folder / "schemathesis.toml").write_text(CONFIGURATION, "utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LUMEN_")}
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json"),
        *("--header", f"Authorization: Bearer {token('alice', PUBLISH, ADMIN)}"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)),
        "--generation-deterministic",
        *("--request-timeout", "10", "--no-color"),
        *arguments,
        cwd=folder,
        env=environ | {"no_proxy": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    report = output.decode()
    assert process.returncode == 0, report
    assert "No issues found" in report
