"""Known users: whoever has an account, was online, is in a room, has a notification or a device."""

from __future__ import annotations

import pytest

from lumen_notify.commit.accounts import known_users as module
from lumen_notify.commit.accounts.known_users import KnownUsers

from ..push.outbox_rows import add_devices
from ..rooms.changes import make
from ..rooms.conversation import run_sql
from ..store import Store
from .log_ins import register


async def be_online(store: Store, *users: str) -> None:
    values = ", ".join(f"('{user}', 1)" for user in users)
    await run_sql(store.database, f"INSERT INTO lumen_presence (user_id, is_online) VALUES {values}")  # noqa: S608


async def ids(store: Store, prefix: str = "", *, limit: int = 2) -> list[str]:
    """Read all pages."""
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page, after = await KnownUsers(store.database).page(prefix=prefix, after=after, limit=limit)
        assert len(page) <= limit
        found += [user.id for user in page]
    return found


async def test_users_are_known_by_whatever_the_server_has_of_them(store: Store) -> None:
    await be_online(store, "u-online", "u-both")
    await store.publish("u-notified", "u-both")
    await store.publish()
    await make(store, "public", "u-member")
    await add_devices(store, "u-device")
    await register(store, "u-account")
    assert await ids(store) == [
        "ann",
        "u-account",
        "u-both",
        "u-device",
        "u-member",
        "u-notified",
        "u-online",
    ]
    assert await KnownUsers(store.database).count() == 4, "who is only in a room or has only a device is not"


async def test_prefix_is_of_the_id_as_it_is_written(store: Store) -> None:
    await be_online(store, "ann", "anna", "Ann", "an-n", "bob", "an", "ann/1", "annz")
    assert sorted(await ids(store, "ann")) == ["ann", "ann/1", "anna", "annz"]
    assert await ids(store, "Ann") == ["Ann"]
    assert await ids(store, "z") == []
    assert len(await ids(store)) == 8


async def test_accounts_are_found_by_their_username(store: Store) -> None:
    await register(store, "u1", "anna")
    await register(store, "u2", "anne")
    await register(store, "u3", "bob")
    users = KnownUsers(store.database)
    found = await users.with_username("ann", limit=10)
    assert [(user.id, user.username, user.display_name) for user in found] == [
        ("u1", "anna", "Anna"),
        ("u2", "anne", "Anne"),
    ]
    assert len(await users.with_username("ann", limit=1)) == 1
    ((one,), _) = await users.page(prefix="u3", after="", limit=1)
    assert (one.username, one.avatar) == ("bob", None)


async def test_count_ends_above_its_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_COUNTED", 2)
    await be_online(store, "a", "b", "c", "d")
    assert await KnownUsers(store.database).count() == 3
