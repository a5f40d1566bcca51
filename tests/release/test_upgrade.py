"""Upgrade: a database of the wheel of 0.1.0, built from its commit, and its instance beside a new one.

Skipped without the commit: in an sdist, and in a clone without its history.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

import stream_schema
from clients import NOTIFICATIONS, SECRET, EventStream, token
from conftest import StartServer
from servers import ServerFailed

from .builds import ROOT, Installed, build

COMMIT = "361bee2b1b7147a3a933c1c6326a5e654879d851"
"""What was released as 0.1.0 at first: its tables have version 8."""

pytestmark = [pytest.mark.slow, pytest.mark.server]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of 0.1.0; return the folder in which it is unpacked."""
    archive = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip("there is no history with the commit of 0.1.0")
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder / "source", filter="data")
    (wheel,) = build(folder / "source", "wheel").glob("lumen_notify-0.1.0-*.whl")
    shutil.unpack_archive(wheel, folder / "package", "zip")
    return folder / "package"


@pytest.fixture
def older(package: Path, unmigrated_url: str, tmp_path: Path) -> Iterator[Installed]:
    """Run 0.1.0 on a new database."""
    folder = tmp_path / "older"
    folder.mkdir()
    with ExitStack() as running:
        server = Installed(
            folder,
            *(sys.executable, "-m", "lumen_notify", "serve"),
            PYTHONPATH=str(package),
            LUMEN_DATABASE_URL=unmigrated_url,
            LUMEN_JWT_SECRET=SECRET,
            LUMEN_RATE_LIMITS="off",
        )
        running.callback(server.kill)
        yield server.start()


def request(server: Any, method: str, path: str, user: str = "app", **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token(user, 'notify:publish')}"}
    return httpx.request(
        method, f"{server.url}{path}", headers=headers, trust_env=False, timeout=60, **options
    )


def publish(server: Any, content: str, **to: Any) -> None:
    body = {"to": to, "category": "like", "content": content}
    answer = request(server, "POST", NOTIFICATIONS, json=body)
    assert answer.status_code == 201, answer.text


def contents(server: Any, user: str) -> list[str]:
    items = request(server, "GET", NOTIFICATIONS, user).json()["items"]
    return [one["content"] for one in items]


def unread(server: Any, user: str) -> Any:
    return request(server, "GET", f"{NOTIFICATIONS}/counts", user).json()["unread"]


def test_database_of_the_wheel_of_0_1_0_is_migrated(
    older: Installed, unmigrated_url: str, start_server: StartServer
) -> None:
    publish(older, "to two", users=["ann", "bob"])
    publish(older, "to all", all=True)
    room = {"id": "tea", "kind": "private", "members": ["bob"]}
    assert request(older, "POST", "/api/v1/rooms", "ann", json=room).status_code == 201
    sent = request(older, "POST", "/api/v1/rooms/tea/messages", "ann", json={"content": "hi"})
    assert sent.status_code == 201
    (newest, *_) = request(older, "GET", NOTIFICATIONS, "ann").json()["items"]
    read = request(older, "POST", f"{NOTIFICATIONS}/read", "ann", json={"ids": [newest["id"]]})
    assert read.status_code == 200
    before = {user: (contents(older, user), unread(older, user)) for user in ("ann", "bob")}
    assert older.stop() == 0

    newer = start_server(database_url=unmigrated_url, LUMEN_JWT_SECRET=SECRET)
    assert {user: (contents(newer, user), unread(newer, user)) for user in before} == before
    publish(newer, "afterwards", users=["ann", "bob"])
    assert unread(newer, "ann")["categories"] == {"like": 2}
    assert contents(newer, "bob")[0] == "afterwards"


@pytest.mark.postgresql
@pytest.mark.parametrize("unmigrated_url", ["postgresql"], indirect=True)
async def test_instance_of_0_1_0_writes_beside_a_new_one_after_the_migration(
    older: Installed, unmigrated_url: str, start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_schema, "check", lambda _: None)  # the older frames are described elsewhere
    publish(older, "before", user="ann")
    stream = await EventStream.open(older.url, token("ann"))
    newer = start_server(database_url=unmigrated_url, LUMEN_JWT_SECRET=SECRET)

    publish(older, "one", user="ann")
    publish(older, "two", users=["ann", "bob"])
    publish(older, "three", all=True)
    publish(newer, "four", user="ann")
    publish(newer, "five", users=["ann", "bob"])
    publish(newer, "six", all=True)
    both = [(contents(server, "ann"), unread(server, "ann")) for server in (older, newer)]
    assert both[0] == both[1]
    assert both[0][0] == ["six", "five", "four", "three", "two", "one", "before"]
    assert both[0][1]["categories"] == {"like": 7}

    # The older one does not know events of lists: a stream there has them once it has connected again.
    await stream.wait_for(lambda: shown(stream)[-1:] == ["six"], what="the last")
    assert shown(stream) == ["one", "two", "three", "four", "six"]
    assert "Skipped an event of kind notification" in older.log()
    await stream.close()
    again = await EventStream.open(older.url, token("ann"))
    assert (await again.wait_for_event("ready")).data["unread_count"] == 7
    await again.close()

    read = request(older, "POST", f"{NOTIFICATIONS}/read", "ann", json={"all": True})
    assert read.json()["changed"] == 7
    assert unread(newer, "ann")["categories"] == {}
    assert older.stop() == 0
    with pytest.raises(ServerFailed, match="Install the newer lumen-notify"):
        older.start()


def shown(stream: EventStream) -> list[str]:
    return [frame.data["data"]["content"] for frame in stream.frames if frame.event == "message"]
