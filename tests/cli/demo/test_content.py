"""Content: made once, with users who can log in, whatever was there before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from conftest import NewDatabase
from lumen_notify import Lumen
from lumen_notify.api.web import DemoUser
from lumen_notify.cli.demo.content import create_demo
from lumen_notify.commit.database import Database
from lumen_notify.settings import Secret, Settings

pytestmark = pytest.mark.slow


def settings(url: str, secret: str = "a secret of at least thirty-two bytes") -> Settings:  # noqa: S107
    return Settings(database_url=url, jwt_secret=Secret(secret), accounts="on")


@asynccontextmanager
async def served(url: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with Lumen(url) as lumen:
        transport = httpx.ASGITransport(lumen.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1/") as client:
            yield client


async def seen(client: httpx.AsyncClient, user: DemoUser) -> dict[str, Any]:
    """Log in, and return what the user finds."""
    credentials = {"username": user.username, "password": user.password}
    session = await client.post("auth/login", json=credentials)
    assert session.status_code == 200, session.text
    client.headers["Authorization"] = f"Bearer {session.json()['access_token']}"
    paths = ("auth/me", "notifications", "rooms", "rooms/tea/messages")
    return {path: (await client.get(path)).json() for path in paths}


async def all_seen(one: Settings, users: Sequence[DemoUser]) -> list[dict[str, Any]]:
    async with served(one) as client:
        return [await seen(client, user) for user in users]


async def test_users_find_a_room_a_conversation_and_notifications(new_database: NewDatabase) -> None:
    one = settings(new_database())
    users = await create_demo(one)
    assert [(user.username, user.name) for user in users] == [("alice", "Alice"), ("bob", "Bob")]
    alice, bob = await all_seen(one, users)
    assert alice["auth/me"]["user_id"] == "alice"
    for found in (alice, bob):
        (room,) = found["rooms"]["items"]
        assert (room["id"], room["title"], room["kind"]) == ("tea", "Tea", "public")
        assert len(found["rooms/tea/messages"]["items"]) >= 4
        assert len(found["notifications"]["items"]) >= 2
        times = [item["created_at"] for item in found["notifications"]["items"]]
        assert times == sorted(times, reverse=True)
        assert room["created_at"] <= times[-1] < times[0]
    assert alice["rooms"]["items"][0]["unread"] == 0
    assert bob["rooms"]["items"][0]["unread"] == 1


async def test_bob_has_a_phone_and_nothing_of_the_story_is_pushed(new_database: NewDatabase) -> None:
    one = settings(new_database()).with_(push_providers=("log",))
    users = await create_demo(one)
    async with served(one) as client:
        await seen(client, users[1])
        (phone,) = (await client.get("devices")).json()["items"]
        assert (phone["provider"], phone["kind"], phone["name"]) == ("log", "mobile", "Demo phone")
        assert phone["last_used_at"] is None
    database = Database(one.database_url)
    await database.open()
    async with database.transaction() as transaction:
        assert await transaction.run_sql("SELECT count(*) FROM lumen_push") == [(0,)]
    await database.close()


async def test_second_start_makes_nothing_again(new_database: NewDatabase) -> None:
    one = settings(new_database())
    users = await create_demo(one)
    before = await all_seen(one, users)
    async with served(one) as client:
        await seen(client, users[0])
        assert (await client.delete("rooms/tea")).status_code == 204
        await client.post("notifications/delete", json={"all": True})
    assert await create_demo(one) == users
    async with served(one) as client:
        answers = await seen(client, users[0])
    assert answers["rooms"]["items"] == answers["notifications"]["items"] == []
    assert before[0]["notifications"]["items"] != []


async def test_another_secret_gives_other_passwords(sqlite_url: str) -> None:
    before = await create_demo(settings(sqlite_url))
    another = settings(sqlite_url, "another secret of thirty-two bytes")
    after = await create_demo(another)
    assert {user.password for user in before}.isdisjoint(user.password for user in after)
    assert len(await all_seen(another, after)) == 2


async def test_accounts_of_others_are_left_alone(sqlite_url: str) -> None:
    one = settings(sqlite_url)
    mine = {"username": "alice", "password": "a password of my own"}
    async with served(one) as client:
        assert (await client.post("auth/register", json=mine)).status_code == 201
    assert await create_demo(one) == []
    async with served(one) as client:
        assert (await client.post("auth/login", json=mine)).status_code == 200


async def test_room_of_others_is_left_alone(sqlite_url: str) -> None:
    one = settings(sqlite_url)
    async with Lumen(one) as lumen:
        headers = {"Authorization": f"Bearer {lumen.token('carol')}"}
        transport = httpx.ASGITransport(lumen.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1/") as client:
            room = {"id": "tea", "kind": "private"}
            assert (await client.post("rooms", json=room, headers=headers)).status_code == 201
    users = await create_demo(one)
    async with served(one) as client:
        found = await seen(client, users[0])
    assert found["rooms"]["items"] == []
    assert len(found["notifications"]["items"]) >= 2
