"""Notifier: what an application tells a conversation without HTTP is what HTTP would tell."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from clients import SECRET, EventStream, serve, token
from lumen_notify import Lumen, Settings
from lumen_notify.errors import Forbidden, Invalid, NotFound
from lumen_notify.settings import Secret

ROOMS = "/api/v1/rooms"


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"a": value}
    return value


class Talk:
    """A Lumen with alice and bob in the room `tea`, and a stream of each."""

    def __init__(self, notify: Lumen, http: httpx.AsyncClient, streams: dict[str, EventStream]) -> None:
        self.notify = notify
        self.http = http
        self.streams = streams

    async def get(self, user: str, path: str) -> Any:
        answer = await self.http.get(path, headers={"Authorization": f"Bearer {token(user)}"})
        assert answer.is_success, answer.text
        return answer.json()

    async def history(self) -> list[Any]:
        items: list[Any] = (await self.get("alice", f"{ROOMS}/tea/messages"))["items"]
        return items

    async def register(self, user: str, *, kind: str) -> None:
        """Register a device of a user, at a browser's push service that the test never reaches."""
        point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        keys = {"p256dh": point, "auth": "BTBZMqHH6r4Tts7J_aSIgg"}
        subscription = {"endpoint": f"https://push.example/{user}", "keys": keys}
        answer = await self.http.post(
            "/api/v1/devices",
            headers={"Authorization": f"Bearer {token(user)}"},
            json={"provider": "webpush", "kind": kind, "subscription": subscription},
        )
        assert answer.is_success, answer.text

    async def pushes(self, columns: str) -> list[tuple[Any, ...]]:
        """Return some columns of what is to be pushed."""
        services = self.notify._services
        assert services is not None
        async with services.database.transaction() as transaction:
            rows = await transaction.run_sql(f"SELECT {columns} FROM lumen_push ORDER BY id")  # noqa: S608
        return list(map(tuple, rows))

    def events(self, user: str) -> list[tuple[str, Any]]:
        """Return what a user's stream has shown since `ready`."""
        return [(frame.event, frame.data) for frame in self.streams[user].frames if frame.event][1:]


@pytest.fixture
async def talk(database_url: str) -> AsyncIterator[Talk]:
    settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET))
    async with (
        Lumen(settings) as notify,
        serve(notify.app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
        AsyncExitStack() as closing,
    ):
        headers = {"Authorization": f"Bearer {token('alice')}"}
        await http.post(ROOMS, headers=headers, json={"id": "tea", "members": ["bob"]})
        streams = {}
        for user in ("alice", "bob"):
            streams[user] = await EventStream.open(url, token(user))
            closing.push_async_callback(streams[user].close)
            await streams[user].wait_for_event("ready")
        yield Talk(notify, http, streams)


async def test_a_message_reaches_everybody_also_the_senders_own_streams(talk: Talk) -> None:
    sent = await talk.notify.broadcast_message("tea", content="hi", sender_id="alice", client_id="c")
    again = await talk.notify.broadcast_message("tea", content="hi", sender_id="alice", client_id="c")

    assert (again.id, again.is_repeat) == (sent.id, True)
    (shown,) = await talk.history()
    for user, unread in (("alice", 0), ("bob", 1)):
        frame = await talk.streams[user].wait_for_event("message")
        assert frame.data["data"] == shown
        assert frame.data["room"] == {"id": "tea", "unread": unread}


async def test_who_is_excluded_does_not_get_it_and_has_read_it(talk: Talk) -> None:
    cursor = talk.streams["bob"].frames[-1].id
    await talk.notify.broadcast_message("tea", content="one", sender_id="alice")
    await talk.notify.broadcast_message("tea", content="two", sender_id="alice", exclude_user_id="bob")
    await talk.notify.broadcast_message("tea", content="three", sender_id="alice", exclude_user_id="nobody")
    again = await EventStream.open(str(talk.http.base_url), token("bob"), cursor=cursor)

    for stream in (talk.streams["bob"], again):
        await stream.wait_for_event("message", 2)
        shown = [frame.data for frame in stream.frames if frame.event == "message"]
        assert [one["data"]["content"] for one in shown] == ["one", "three"]
        assert shown[-1]["room"] == {"id": "tea", "unread": 1}
    await again.close()
    await talk.streams["alice"].wait_for_event("message", 3)
    counts = await talk.get("bob", "/api/v1/notifications/counts")
    assert counts["unread"]["rooms"] == {"tea": 1}
    assert [one["content"] for one in await talk.history()] == ["one", "two", "three"]


async def test_without_a_sender_it_is_a_system_message(talk: Talk) -> None:
    await talk.notify.broadcast_message("tea", content="closed")
    await talk.notify.broadcast_message("tea", content="hi", sender={"id": "bob", "username": "Bob"})

    shown = [(one["kind"], one["sender"]["username"]) for one in await talk.history()]
    assert shown == [("system", "system"), ("text", "Bob")]


async def test_what_http_would_refuse_is_refused(talk: Talk) -> None:
    notify = talk.notify
    with pytest.raises(NotFound):
        await notify.broadcast_message("tea", content="hi", sender_id="eve")
    with pytest.raises(Invalid) as refused:
        await notify.broadcast_message("tea", content="", sender_id="alice")
    assert [fault.field for fault in refused.value.faults] == ["content"]
    with pytest.raises(NotFound):
        await notify.broadcast_typing_status("tea", "eve")
    with pytest.raises(NotFound):
        await notify.broadcast_read_status("tea", "bob", ["no such id"])
    with pytest.raises(NotFound):
        await notify.broadcast_read_status("tea", "bob", [])
    with pytest.raises(Invalid):
        await notify.send_direct_message("bob", "bob", "hi")
    await talk.http.put("/api/v1/blocks/bob", headers={"Authorization": f"Bearer {token('alice')}"})
    with pytest.raises(Forbidden):
        await notify.send_direct_message("bob", "alice", "hi")
    assert await talk.history() == []


@pytest.mark.parametrize("value", [float("nan"), 1j, {"half a pair": "\ud800"}, nested(251)])
async def test_data_that_json_cannot_hold_is_refused_and_nothing_is_sent(talk: Talk, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        await talk.notify.send_direct_message("alice", "bob", "hi", data={"a": value})
    assert [fault.field for fault in refused.value.faults] == ["data"]


async def test_data_as_deep_as_may_be_is_kept_and_shown(talk: Talk) -> None:
    data = nested(248)
    await talk.notify.broadcast_message("tea", content="deep", sender_id="alice", data=data)
    (message,) = await talk.history()
    assert message["data"] == data
    assert (await talk.streams["bob"].wait_for_event("message")).data["data"]["data"] == data


async def test_typing_is_told_to_the_others(talk: Talk) -> None:
    await talk.notify.broadcast_typing_status("tea", "alice")
    await talk.notify.broadcast_typing_status("tea", "alice", is_typing=False)

    for number, is_typing in ((1, True), (2, False)):
        frame = await talk.streams["bob"].wait_for_event("typing", number)
        user = {"id": "alice", "username": "alice", "avatar": None}
        assert frame.data == {"room_id": "tea", "user": user, "is_typing": is_typing}


async def test_reading_some_messages_reads_up_to_the_newest_of_them(talk: Talk) -> None:
    ids = [(await talk.notify.broadcast_message("tea", content=text, sender_id="alice")).id for text in "abc"]

    read = await talk.notify.broadcast_read_status("tea", "bob", [ids[1], ids[0], "of another room"])

    assert (read.last_read_seq, read.unread) == (2, 1)
    frame = await talk.streams["alice"].wait_for_event("read")
    assert frame.data["data"]["ids"] == ids[:2]
    assert frame.data["data"]["user_id"] == "bob"


async def test_a_system_notification_goes_to_everybody(talk: Talk) -> None:
    published = await talk.notify.broadcast_system_notification("Back at noon", title="Lunch")

    for user in ("alice", "bob"):
        frame = await talk.streams[user].wait_for_event("message")
        assert frame.data["type"] == "system"
        assert frame.data["data"]["id"] == published.id
        assert frame.data["data"]["title"] == "Lunch"


async def test_a_system_notification_to_a_room_goes_to_its_members(talk: Talk) -> None:
    published = await talk.notify.broadcast_system_notification("Tea is ready", room_id="tea")
    eve = {"Authorization": f"Bearer {token('eve')}"}

    for user in ("alice", "bob"):
        frame = await talk.streams[user].wait_for_event("message")
        assert (frame.data["type"], frame.data["data"]["id"]) == ("system", published.id)
        assert (await talk.get(user, "/api/v1/notifications"))["items"][0]["id"] == published.id
    assert (await talk.http.get("/api/v1/notifications", headers=eve)).json()["items"] == []


async def test_a_consultation_reply_is_a_message_with_a_title_that_is_pushed(talk: Talk) -> None:
    await talk.register("bob", kind="mobile")
    sent = await talk.notify.broadcast_consultation_reply(
        "tea", content="At noon", sender_id="alice", title="Your question", data={"n": 1}
    )
    frame = await talk.streams["bob"].wait_for_event("message")
    assert frame.data["data"]["id"] == sent.id
    (shown,) = await talk.history()
    assert (shown["title"], shown["content"], shown["data"]) == ("Your question", "At noon", {"n": 1})
    assert await talk.pushes("kind, room_id, first_seq, policy, device_kinds") == [
        ("messages", "tea", 1, "offline", None)
    ]
    with pytest.raises(NotFound):
        await talk.notify.broadcast_consultation_reply("tea", content="hi", sender_id="eve")


async def test_a_mobile_only_notification_is_pushed_and_nothing_else(talk: Talk) -> None:
    await talk.register("bob", kind="mobile")
    published = await talk.notify.send_mobile_only_notification(
        "tea", title="Tea is ready", content="In the kitchen", data={"n": 1}
    )
    assert published.recipients == 2
    ((policy, kinds, audience, body),) = await talk.pushes("policy, device_kinds, audience, body")
    assert (policy, kinds, audience) == ("only", '["mobile"]', "room:tea")
    shown = json.loads(body)
    assert (shown["title"], shown["content"], shown["data"]) == ("Tea is ready", "In the kitchen", {"n": 1})
    assert shown["category"] == "system"
    assert (await talk.get("bob", "/api/v1/notifications"))["items"] == []
    assert (await talk.get("bob", "/api/v1/notifications/counts"))["unread_count"] == 0
    await talk.notify.broadcast_typing_status("tea", "alice", is_typing=True)
    await talk.streams["bob"].wait_for_event("typing")
    assert [event for event, _ in talk.events("bob")] == ["typing"]
    with pytest.raises(NotFound):
        await talk.notify.send_mobile_only_notification("none", title="a", content="b")


async def test_a_direct_message_makes_the_room_of_the_two(talk: Talk) -> None:
    first = await talk.notify.send_direct_message("alice", "bob", "hi", client_id="c")
    second = await talk.notify.send_direct_message("bob", "alice", "hi", data={"n": 1})

    assert (second.room_id, second.seq) == (first.room_id, 2)
    await talk.streams["bob"].wait_for_event("message", 2)
    assert [event for event, _ in talk.events("bob")] == ["joined", "message", "message"]
