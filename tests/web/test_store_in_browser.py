"""The stores in a real browser: after a random walk they equal a fresh fetch.

Other clients change the user's notifications and rooms, the page marks and sends by its stores, and its
stream stops and starts again. A store that misses something, or repeats it, differs.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page

from clients import SECRET, token
from conftest import StartServer
from lumen_notify.auth import PUBLISH

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STEPS = 90
STEPS_BETWEEN = 15
SEED = 1
WITHIN_SECONDS = 30

OPEN = """
async (token) => {
  const { LumenNotify } = await import("/client/lumen-notify.js");
  const { Conversation, Inbox, Rooms } = await import("/client/lumen-store.js");
  const client = new LumenNotify({ url: "/", getToken: () => token, share: false });
  const filters = [{}, { unread: true }, { category: "like" }, { archived: true }];
  const inboxes = filters.map((filter) => new Inbox(client, { ...filter, limit: 100 }));
  const rooms = new Rooms(client);
  const conversation = new Conversation(client, "tea", { limit: 30 });
  await client.start();
  await Promise.all([...inboxes, rooms, conversation].map((store) => store.load()));
  Object.assign(window, { client, filters, inboxes, rooms, conversation });
}
"""

DIFFERENCES = """
async () => {
  const item = ({ id, position, content, is_read, seen_at, read_at }) =>
    [id, position, content, is_read, seen_at === null, read_at === null];
  const room = ({ id, title, unread, role, members_count, last_seq, last_read_seq, last_message }) =>
    [id, title, unread, role, members_count, last_seq, last_read_seq, last_message?.id,
      last_message?.content];
  const message = ({ id, seq, content, sender, edited_at, deleted_at }) =>
    [id, seq, content, sender.id, edited_at !== undefined, deleted_at !== undefined];
  const compared = [];
  for (const [index, filter] of filters.entries()) {
    const fresh = (await client.list({ ...filter, limit: 100 })).items;
    // A list of unread ones keeps those that were read until the next load.
    const shown = inboxes[index].items.filter((one) => filter.unread !== true || !one.is_read);
    compared.push([`inbox ${JSON.stringify(filter)}`, shown.map(item), fresh.map(item)]);
  }
  const counts = await client.request("GET", "notifications/counts");
  compared.push(["count", client.unreadCount, counts.unread_count]);
  compared.push(["rooms", rooms.items.map(room), (await client.rooms({ limit: 100 })).items.map(room)]);
  const { messages } = conversation;
  const first = messages[0]?.seq ?? 1;
  const history = (await client.messages("tea", { after: first - 1, limit: 100 })).items;
  compared.push(["messages", messages.map(message), history.map(message)]);
  const { last_seq, last_message } = conversation.room; // of the messages
  const fetched = { ...(await client.room("tea")), last_seq, last_message };
  compared.push(["room", room(conversation.room), room(fetched)]);
  const members = (await client.members("tea")).items;
  compared.push(["members", conversation.members, members]);
  return compared.filter(([, one, other]) => JSON.stringify(one) !== JSON.stringify(other));
}
"""

Step = Callable[[], Awaitable[Any]]


class Walk:
    """One user with a page, a second user and an application, and the steps that they may take."""

    def __init__(self, page: Page, http: httpx.AsyncClient, choice: random.Random) -> None:
        self.page = page
        self.http = http
        self.choice = choice
        self.number = 0
        self.is_stopped = False

    @property
    def steps(self) -> list[Step]:
        content = [self.publish, self.publish, self.merge, self.say, self.say]
        return [
            *content,
            self.mark,
            self.mark_in_page,
            self.send,
            self.edit,
            self.read,
            self.change_room,
            self.stop,
        ]

    async def request(self, user: str, method: str, path: str, body: Any = None) -> Any:
        bearer = {"authorization": f"Bearer {token(user, PUBLISH)}"}
        answer = await self.http.request(method, f"/api/v1/{path}", json=body, headers=bearer)
        assert answer.status_code < 500, answer.text
        return answer.json() if answer.content else None

    def text(self) -> str:
        self.number += 1
        return f"text {self.number}"

    async def publish(self) -> None:
        category = self.choice.choice(["like", "comment"])
        await self._publish({"category": category, "content": self.text()})

    async def merge(self) -> None:
        await self._publish({"category": "like", "content": self.text(), "group_key": "photo"})

    async def _publish(self, fields: dict[str, Any]) -> None:
        await self.request("app", "POST", "notifications", {"to": {"user": "alice"}, **fields})

    async def selection(self) -> tuple[str, dict[str, Any]]:
        listed = await self.request("alice", "GET", "notifications?limit=100")
        ids = [item["id"] for item in listed["items"]]
        some = {"ids": self.choice.sample(ids, min(len(ids), 3))}
        actions = ["read", "unread", "seen", "archive", "unarchive", "delete"]
        action = self.choice.choice(actions)
        if action == "delete" or (self.choice.random() < 0.6 and ids):
            return action, some if ids else {"ids": ["01a20185-0647-7000-a5ee-000000000001"]}
        return action, self.choice.choice([{"category": "like"}, {"all": True}])

    async def mark(self) -> None:
        action, selection = await self.selection()
        await self.request("alice", "POST", f"notifications/{action}", selection)

    async def mark_in_page(self) -> None:
        await self.page.evaluate("(mark) => inboxes[0].mark(...mark)", list(await self.selection()))

    async def say(self) -> None:
        room = self.choice.choice(["tea", "tea", "cake"])
        mentions = self.choice.choice([[], ["alice"]])
        await self.request(
            "bob", "POST", f"rooms/{room}/messages", {"content": self.text(), "mentions": mentions}
        )

    async def send(self) -> None:
        await self.page.evaluate("(text) => conversation.send(text)", self.text())

    async def edit(self) -> None:
        messages = (await self.request("bob", "GET", "rooms/tea/messages?limit=20"))["items"]
        own = [one["id"] for one in messages if one["sender"]["id"] == "bob" and "deleted_at" not in one]
        if not own:
            return
        path = f"rooms/tea/messages/{self.choice.choice(own)}"
        if self.choice.random() < 0.7:
            await self.request("bob", "PATCH", path, {"content": self.text()})
        else:
            await self.request("bob", "DELETE", path)

    async def read(self) -> None:
        user = self.choice.choice(["alice", "bob"])
        if self.choice.random() < 0.3:
            await self.page.evaluate("conversation.markRead()")
        elif self.choice.random() < 0.3:
            await self.request(user, "POST", "rooms/read", {"all": True})
        else:
            await self.request(user, "POST", "rooms/tea/read", {"up_to": 1_000})

    async def change_room(self) -> None:
        change = self.choice.choice(["title", "join", "leave", "carol", "direct"])
        if change == "title":
            await self.request("bob", "PATCH", "rooms/tea", {"title": self.text()})
        elif change == "direct":
            await self.request("bob", "POST", "messages", {"to": "alice", "content": self.text()})
        elif change == "carol":
            method = self.choice.choice(["PUT", "DELETE"])
            await self.request("carol", method, "rooms/tea/members/carol")
        else:
            method = "PUT" if change == "join" else "DELETE"
            await self.request("alice", method, "rooms/cake/members/alice")

    async def stop(self) -> None:
        await self.page.evaluate("client.start()" if self.is_stopped else "client.stop()")
        self.is_stopped = not self.is_stopped

    async def agrees(self) -> None:
        """Wait until the stores equal a fresh fetch."""
        if self.is_stopped:
            await self.stop()
        deadline = time.monotonic() + WITHIN_SECONDS
        while differences := await self.page.evaluate(DIFFERENCES):
            assert time.monotonic() < deadline, differences
            await asyncio.sleep(0.1)


async def test_stores_equal_a_fresh_fetch_after_a_random_walk(
    browser: Browser, start_server: StartServer
) -> None:
    server = await asyncio.to_thread(start_server, LUMEN_JWT_SECRET=SECRET)
    page = await browser.new_page()
    empty = "<!doctype html><title>Stores</title><link rel=icon href=data:,>"
    await page.route("**/stores", lambda route: route.fulfill(body=empty, content_type="text/html"))
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    async with httpx.AsyncClient(base_url=server.url) as http:
        walk = Walk(page, http, random.Random(SEED))
        for room in ("tea", "cake"):
            body = {"id": room, "kind": "public", "title": room, "members": ["alice"]}
            await walk.request("bob", "POST", "rooms", body)
        await page.goto(f"{server.url}/stores")
        await page.evaluate(OPEN, token("alice"))
        for step in range(1, STEPS + 1):
            await walk.choice.choice(walk.steps)()
            if step % STEPS_BETWEEN == 0:
                await walk.agrees()
    assert complaints == []
    await page.close()
