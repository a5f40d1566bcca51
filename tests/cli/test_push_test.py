"""Push test: each device of a user gets a push, and its line."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.cli import push_test
from lumen_notify.cli.config import NoDatabase
from lumen_notify.cli.push_test import NoDevice, push_to
from lumen_notify.commit.database import Database
from lumen_notify.errors import Misconfigured
from lumen_notify.push.providers.log import LogProvider
from lumen_notify.push.push import SENT, Push, Result, Target
from lumen_notify.settings import Secret, Settings

DEVICES = """
INSERT INTO lumen_device (id, user_id, provider, token, token_hash, kind, name, created_at, registered_at,
    dropped_at)
VALUES ('1', 'bob', 'log', 'one', '1', 'mobile', 'Phone', 0, 0, NULL),
    ('2', 'bob', 'log', 'two', '2', 'tablet', NULL, 0, 0, NULL),
    ('3', 'bob', 'fcm', 'three', '3', NULL, NULL, 0, 0, NULL),
    ('4', 'bob', 'log', 'four', '4', NULL, NULL, 0, 0, 5),
    ('5', 'eve', 'log', 'five', '5', NULL, NULL, 0, 0, NULL)
"""


class RecordingProvider(LogProvider):
    """Takes the pushes of all devices but one."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.is_closed = False

    async def send(self, push: Push, target: Target) -> Result:
        self.pushes.append(push)
        return Result(outcome="gone", reason="HTTP 410") if target.token == "two" else SENT

    async def close(self) -> None:
        self.is_closed = True


def settings_of(url: str, *names: str) -> Settings:
    return Settings(database_url=url, jwt_secret=Secret("s" * 32), push_providers=names)


async def register(url: str) -> None:
    database = Database(url)
    await database.open()
    async with database.transaction() as transaction:
        await transaction.run_sql(DEVICES)
    await database.close()


async def test_each_device_gets_a_push_and_has_its_line(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = RecordingProvider()

    async def opened(*_: Any) -> dict[str, RecordingProvider]:
        return {"log": provider}

    monkeypatch.setattr(push_test, "open_providers", opened)
    await register(database_url)
    tested = await push_to(settings_of(database_url, "log"), "bob")
    assert [one.line() for one in tested] == [
        "log        1  Phone: sent",
        "log        2  tablet: gone: HTTP 410",
        "fcm        3  -: refused: no provider fcm",
    ]
    assert [one.is_sent for one in tested] == [True, False, False]
    first, second = provider.pushes
    assert first.content == first.payload["content"] == "This is a test."
    assert first.badge == first.payload["unread_count"] == 0
    assert first.collapse_key == first.payload["tag"]
    assert second == first
    assert provider.is_closed


async def test_user_without_a_device_is_said(sqlite_url: str) -> None:
    with pytest.raises(NoDevice, match="nobody has no device that gets pushes"):
        await push_to(settings_of(sqlite_url, "log"), "nobody")


async def test_push_that_is_off_is_said(sqlite_url: str) -> None:
    with pytest.raises(Misconfigured):
        await push_to(settings_of(sqlite_url, "off"), "bob")


async def test_no_database_is_made(tmp_path: object) -> None:
    with pytest.raises(NoDatabase):
        await push_to(settings_of(f"sqlite:///{tmp_path}/none.db", "log"), "bob")
