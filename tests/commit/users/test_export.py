"""Export: all that is stored of a user, without secrets, in a bounded amount of memory."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from lumen_notify.commit.users import export
from lumen_notify.commit.users.export import UserExport

from ..store import Store
from .footprint import DISPLAY_NAME, ROOM, SAID, TOLD, USERNAME, ZOE, leave_traces


async def exported(store: Store, user: str = ZOE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async for lines in UserExport(store.database).lines(user, now=store.now):
        assert len(lines) <= export.PAGE_ROWS
        found += map(json.loads, lines)
    return found


async def test_export_has_lines_of_each_type(store: Store) -> None:
    await leave_traces(store)
    lines = await exported(store)
    numbers = Counter(one["type"] for one in lines)
    assert set(numbers) == {
        *("profile", "account", "preferences", "room", "ban", "block", "session", "connection", "device"),
        *("waiting", "scheduled", "notification", "message", "end"),
    }
    assert lines[-1] == {"type": "end", "lines": len(lines) - 1}
    (account,) = [one for one in lines if one["type"] == "account"]
    assert (account["username"], account["display_name"]) == (USERNAME, DISPLAY_NAME)
    messages = [one for one in lines if one["type"] == "message"]
    assert {one["sender"]["id"] for one in messages} == {ZOE}
    assert sum(SAID in one["content"] for one in messages) == len(messages) == 4
    told = [one for one in lines if one["type"] == "notification" and one["content"] == TOLD]
    assert {one["audience"] for one in told} == {f"user:{ZOE}"}
    assert [one["read_at"] is not None for one in told] == [True, False]
    assert [one["role"] for one in lines if one["type"] == "room" and one["room_id"] == ROOM] == ["owner"]


async def test_export_has_no_secret(store: Store) -> None:
    await leave_traces(store)
    secrets = [
        cell
        for sql in (
            "SELECT password_hash FROM lumen_account",
            "SELECT digest FROM lumen_session UNION SELECT family FROM lumen_session",
            "SELECT token FROM lumen_device UNION SELECT token_hash FROM lumen_device",
        )
        for (cell,) in await store.rows(sql)
    ]
    text = json.dumps(await exported(store), ensure_ascii=False)
    assert len(secrets) == 7
    assert not [one for one in secrets if one in text and one != "h1"]
    assert '"h1"' not in text


async def test_export_of_a_user_without_anything_is_whole(store: Store) -> None:
    assert [one["type"] for one in await exported(store, "nobody")] == ["profile", "preferences", "end"]


async def test_pages_of_any_size_have_the_same_lines(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await leave_traces(store)
    await store.publish(ZOE, number=7)
    whole = await exported(store)
    monkeypatch.setattr(export, "PAGE_ROWS", 2)
    monkeypatch.setattr(export, "PAGE_MESSAGES", 2)
    assert await exported(store) == whole


async def test_next_page_is_read_when_the_one_before_was_taken(store: Store) -> None:
    await store.publish(ZOE, number=250)
    names: list[str] = []
    fetch = store.database.fetch

    def counting(name: str, /, **values: Any) -> Any:
        names.append(name)
        return fetch(name, **values)

    store.database.fetch = counting  # type: ignore[method-assign]
    lines = UserExport(store.database).lines(ZOE, now=store.now)
    while "export_notifications" not in names:
        await anext(lines)
    assert names.count("export_notifications") == 2  # to everyone there are none
    await lines.aclose()  # type: ignore[attr-defined]


async def test_exports_at_once_take_one_reader_for_the_messages_of_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await leave_traces(store)
    monkeypatch.setattr(export, "PAGE_MESSAGES", 1)
    under_way, most = 0, 0
    fetch = store.database.fetch

    async def counting(name: str, /, **values: Any) -> Any:
        nonlocal under_way, most
        if name != "export_messages":
            return await fetch(name, **values)
        under_way += 1
        most = max(most, under_way)
        try:
            return await fetch(name, **values)
        finally:
            under_way -= 1

    store.database.fetch = counting  # type: ignore[method-assign]
    exports = UserExport(store.database)

    async def take() -> int:
        return sum([len(lines) async for lines in exports.lines(ZOE, now=store.now)])

    taken = await asyncio.gather(*(take() for _ in range(5)))
    assert len(set(taken)) == 1
    assert most == 1
