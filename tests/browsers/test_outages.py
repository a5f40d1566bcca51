"""Outages: two users of the demo chat on, without loss or repeat, whatever ends under them."""

from __future__ import annotations

import pytest

from conftest import StartServer
from servers import free_port
from silent_relay import SilentRelay

from .chromium import ChromiumWindow
from .conftest import OpenChromium
from .person import ROW, SECRET, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NETWORK = r"net::ERR_|status of (502|503)"
"""What Chromium says by itself about a request that fails."""


def order_of(rows: list[str], texts: list[str]) -> list[str]:
    """Return those of the texts that the rows have, in their order, as often as they have them."""
    return [text for row in rows for text in texts if row.endswith(text)]


async def test_chat_goes_on_when_tabs_close_the_network_fails_and_the_server_is_killed(
    start_server: StartServer, open_chromium: OpenChromium
) -> None:
    server = start_server("--demo", LUMEN_JWT_SECRET=SECRET)
    alice = Person("Alice", await open_chromium())
    bob = Person("Bob", await open_chromium())
    for person in (alice, bob):
        await person.sign_in(server.url)
        await person.enter("Tea")
    tabs = [bob] + [await bob.open_tab(server.url) for _ in range(4)]
    for tab in tabs[1:]:
        await tab.enter("Tea")

    # Five tabs have one stream. Its tab is closed in the middle of a conversation.
    assert len((await bob.client("client.connections()"))["items"]) == 1
    said = [f"line {number}" for number in range(6)]
    for line in said[:3]:
        await alice.say(line)
    leading = [tab for tab in tabs if await tab.client("client.isLeader")]
    assert len(leading) == 1
    assert isinstance(leading[0].window, ChromiumWindow)
    await leading[0].window.page.close()
    for line in said[3:]:
        await alice.say(line)
    tabs = [tab for tab in tabs if tab not in leading]
    for tab in tabs:
        await tab.sees(said[-1])
        assert order_of(await tab.window.texts(ROW), said) == said
    assert len((await tabs[0].client("client.connections()"))["items"]) == 1

    # Bob is offline. He misses nothing, and what he says is sent when he asks for it.
    bob = tabs[0]
    assert isinstance(bob.window, ChromiumWindow)
    await bob.window.page.context.set_offline(True)
    await alice.say("while Bob is offline")
    await bob.say("from far away")
    await bob.window.see(ROW, "Not sent")
    await bob.window.page.context.set_offline(False)
    await bob.sees("while Bob is offline")
    await bob.window.click("lumen-chat >> .foot button", "Try again")
    await bob.window.see_none(ROW, "Not sent")
    await alice.sees("from far away")

    # The server dies, and comes back.
    server.kill()
    await alice.say("into the void")
    await alice.window.see(ROW, "Not sent")
    await bob.window.see(".strip")
    server.start()
    await alice.window.click("lumen-chat >> .foot button", "Try again")
    await alice.window.see_none(ROW, "Not sent")
    for person in (alice, *tabs):
        await person.sees("into the void")
        await person.window.see_none(".strip")
    await bob.say("welcome back")
    said += ["while Bob is offline", "from far away", "into the void", "welcome back"]
    for person in (alice, *tabs):
        await person.sees("welcome back")
        assert order_of(await person.window.texts(ROW), said) == said
        await person.window.check(NETWORK)


async def test_silent_connection_is_replaced(start_server: StartServer, open_chromium: OpenChromium) -> None:
    server = start_server("--demo", LUMEN_JWT_SECRET=SECRET, LUMEN_PING_SECONDS="1")
    port = free_port()
    async with SilentRelay(port, server.port) as relay:
        alice = Person("Alice", await open_chromium())
        bob = Person("Bob", await open_chromium())
        await alice.sign_in(server.url)
        await bob.sign_in(f"http://127.0.0.1:{port}")
        for person in (alice, bob):
            await person.enter("Tea")
        await alice.say("do you hear me?")
        await bob.sees("do you hear me?")
        assert relay.silence(b"GET /api/v1/notifications/stream") == 1
        await alice.say("and now?")
        await bob.sees("and now?")
        await bob.sees("do you hear me?")
        assert relay.silence(b"GET /api/v1/notifications/stream") == 1, "there is another connection"
        await bob.window.check(NETWORK)
