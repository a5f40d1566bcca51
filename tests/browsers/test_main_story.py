"""The main story in each browser: two users of the demo chat, and counts follow on all of their devices."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest

from conftest import StartServer
from lumen_notify.auth import PUBLISH, mint

from .conftest import OpenWindow
from .person import ROW, SECRET, TEXT, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def publish(url: str, user: str, content: str) -> None:
    """Publish as an application would: one POST."""
    headers = {"authorization": f"Bearer {mint(SECRET, 'shop', ttl_seconds=600, scopes=[PUBLISH])}"}
    body = {"to": {"user": user}, "category": "comment", "content": content}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        answer = await client.post(f"{url}/api/v1/notifications", headers=headers, json=body)
        answer.raise_for_status()


async def test_two_users_chat_and_their_counts_follow_on_each_device(
    start_server: StartServer, open_window: OpenWindow
) -> None:
    server = start_server("--demo", LUMEN_JWT_SECRET=SECRET)
    alice = Person("Alice", await open_window())
    bob = Person("Bob", await open_window())
    phone = Person("Bob", await open_window())
    for person in (alice, bob, phone):
        await person.sign_in(server.url)
    user_id = await bob.client("client.user.id")

    # Bob clears what the demo brings, and his phone follows.
    await bob.opens_bell()
    await bob.window.click("lumen-bell >> button", "Mark all as read")
    for device in (bob, phone):
        await device.sees_count(0)
    await bob.window.press("Escape")

    # They chat in a room. Alice sees that Bob types, and what he has read.
    await alice.enter("Tea")
    await bob.enter("Tea")
    await alice.say("Is there any tea left?")
    await bob.sees("Is there any tea left?")
    await alice.window.see("lumen-chat >> .readers", "Bob")
    await bob.window.write(TEXT, "A pot of ")
    await alice.window.see("lumen-chat >> .typing", "Bob")
    await bob.window.type("Darjeeling")
    await bob.window.press("Enter")
    await alice.sees("A pot of Darjeeling")
    await bob.sees("A pot of Darjeeling")
    await alice.window.see_none("lumen-chat >> .typing", "Bob")

    # What he reads at one device is not new on the other.
    await phone.sees_count(0)
    assert await phone.window.texts("a.room .count") == []

    # A notification rings the bell of one user, on both of his devices; reading it on one clears the other.
    before = await alice.window.texts("lumen-bell >> .badge")
    await publish(server.url, user_id, "commented: the pot is empty")
    for device in (bob, phone):
        await device.sees_count(1)
    await bob.window.see("lumen-bell >> .toast", "the pot is empty", times=1)
    await phone.opens_bell()
    await phone.window.click("lumen-bell >> .row .main", "the pot is empty")
    for device in (bob, phone):
        await device.sees_count(0)
    assert await alice.window.texts("lumen-bell >> .badge") == before

    # The address of the room is enough to be there again.
    address = await bob.window.call("() => location.href")
    assert re.search(r"#/rooms/[^/]+$", address), urlsplit(address).fragment
    await bob.window.reload()
    await bob.sees("A pot of Darjeeling")
    assert len(await bob.window.texts(ROW, "Is there any tea left?")) == 1

    for person in (alice, bob, phone):
        await person.window.check()
