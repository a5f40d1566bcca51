"""States of `<lumen-chat>` in a real browser: nothing to show, no right to write, no connection; its keys."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from servers import RunningServer
from web.chat_tab import Api, ChatPages

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.asyncio(loop_scope="module")]


async def test_public_room_is_joined_and_left(pages: ChatPages, api: Api) -> None:
    api.make_room("public", "bob")
    api.send("bob", "public", "Welcome")
    tab = await pages.open("alice", "public")
    await tab.page.evaluate("addEventListener('room-left', ({ detail }) => { window.told = detail; });")
    await expect(tab.state).to_contain_text("Join Tea")
    await expect(tab.input).to_be_hidden()
    await tab.state.get_by_role("button", name="Join").click()
    await expect(tab.row("Welcome")).to_be_visible()
    await expect(tab.input).to_be_focused()
    await tab.writes("Thanks")
    await expect(tab.row("Thanks")).to_be_visible()

    await tab.chat.get_by_role("button", name="Members").click()
    await tab.chat.get_by_role("button", name="Leave room").click()
    await tab.chat.get_by_role("dialog").get_by_role("button", name="Leave room").click()
    await expect(tab.chat.locator(".notice")).to_contain_text("You have left this room.")
    assert await tab.page.evaluate("window.told") == {"room": "public", "reason": "left"}
    await tab.chat.locator(".notice").get_by_role("button", name="Join").click()
    await expect(tab.input).to_be_visible()


async def test_room_says_why_one_may_not_write(pages: ChatPages, api: Api) -> None:
    api.make_room("rules", "bob", "alice")
    api.send("bob", "rules", "Rules")
    tab = await pages.open("alice", "rules")
    await tab.is_open()
    async with tab.page.expect_response(re.compile("/typing$")):
        await tab.input.fill("I was about to")
    api.call("bob", "PUT", "rooms/rules/members/alice", {"role": "muted"})
    await expect(tab.chat.locator(".notice")).to_have_text(
        "You are muted in this room. You can read messages but not write."
    )
    await expect(tab.input).to_be_hidden()
    api.call("bob", "PUT", "rooms/rules/members/alice", {"role": "member"})
    await expect(tab.input).to_have_value("I was about to")
    api.call("bob", "PUT", "rooms/rules/bans/alice")
    await expect(tab.chat.locator(".notice")).to_have_text("You are banned from this room.")

    api.make_room("short-lived", "bob", "alice", kind="private")
    await tab.chat.evaluate("(chat) => { chat.room = 'short-lived'; }")
    await expect(tab.state).to_contain_text("No messages in Tea yet")
    await expect(tab.chat.locator(".about-room")).to_have_text("2 members · 1 online")
    api.call("bob", "DELETE", "rooms/short-lived")
    await expect(tab.state).to_contain_text("This room was deleted")
    await expect(tab.input).to_be_hidden()


async def test_unknown_room_and_failure_say_what_to_do(pages: ChatPages, api: Api) -> None:
    tab = await pages.open("alice", None)
    await expect(tab.state).to_contain_text("Choose a conversation")
    await tab.chat.evaluate("(chat) => { chat.room = 'nowhere'; }")
    await expect(tab.state).to_contain_text("This conversation is not available")

    api.make_room("flaky", "alice")
    api.send("alice", "flaky", "Here I am")
    await tab.page.route("**/rooms/flaky**", lambda route: route.fulfill(status=500, json={}))
    await tab.chat.evaluate("(chat) => { chat.room = 'flaky'; }")
    await expect(tab.state).to_contain_text("The messages could not be loaded")
    await tab.page.unroute("**/rooms/flaky**")
    await tab.state.get_by_role("button", name="Try again").click()
    await expect(tab.row("Here I am")).to_be_visible()
    tab.complaints[:] = [line for line in tab.complaints if "Failed to load resource" not in line]


async def test_message_that_is_sent_before_the_room_is_loaded_goes_once_it_is(
    pages: ChatPages, api: Api
) -> None:
    api.make_room("slow", "alice", "bob")
    tab = await pages.open("alice", None)
    loads = asyncio.Event()

    async def hold(route: Route) -> None:
        await loads.wait()
        await route.continue_()

    await tab.page.route("**/rooms/slow", hold)
    await tab.page.route("**/rooms/slow/members?*", hold)
    await tab.chat.evaluate("(chat) => { chat.room = 'slow'; }")
    await tab.writes("Good morning @bob")
    await expect(tab.input).to_have_value("Good morning @bob")
    loads.set()
    await expect(tab.row("Good morning @bob")).to_be_visible()
    await expect(tab.row("Good morning @bob").locator("[part~=mention]")).to_have_text("@bob")
    await expect(tab.input).to_have_value("")


async def test_direct_room_shows_the_other_user_and_what_they_have_seen(pages: ChatPages, api: Api) -> None:
    room = api.call("alice", "POST", "messages", {"to": "bob", "content": "Lunch?"})["room_id"]
    alice = await pages.open("alice", room)
    await alice.is_open()
    await expect(alice.chat.locator(".about-room")).to_have_text(re.compile("Offline|Last seen"))
    bob = await pages.open("bob", room)
    await expect(bob.chat.get_by_role("heading", name="Alice")).to_be_visible()
    await expect(alice.chat.locator(".about-room")).to_have_text("Online")
    await expect(alice.chat.locator(".readers")).to_have_text("Seen")
    await bob.writes("Yes!")
    await expect(alice.row("Yes!")).to_be_visible()
    await expect(alice.chat.get_by_role("heading", name="Bob")).to_be_visible()
    await expect(alice.chat.locator(".readers")).to_have_count(0)
    await bob.page.goto("about:blank")
    await expect(alice.chat.locator(".about-room")).to_have_text(re.compile("^Last seen (now|.* ago)$"))
    again = await pages.open("alice", room)
    await expect(again.chat.locator(".about-room")).to_have_text(re.compile("^Last seen (now|.* ago)$"))


async def test_lost_connection_is_shown_and_comes_back(pages: ChatPages, api: Api) -> None:
    api.make_room("lost", "alice", "bob")
    tab = await pages.open("alice", "lost")
    await tab.is_open()
    await tab.page.route("**/stream/tickets", lambda route: route.abort())
    await tab.page.context.set_offline(True)
    await tab.page.evaluate("document.querySelector('lumen-chat').client.reconnect()")
    await expect(tab.bar).to_contain_text("You are offline.")
    await tab.page.context.set_offline(False)
    api.send("bob", "lost", "Meanwhile")
    await tab.page.unroute("**/stream/tickets")
    await expect(tab.row("Meanwhile")).to_be_visible()
    await expect(tab.bar).to_be_hidden()
    tab.complaints[:] = [line for line in tab.complaints if "net::ERR_" not in line]


async def test_input_counts_near_the_limit_and_leaves_the_keys_of_input_methods(
    pages: ChatPages, api: Api
) -> None:
    api.make_room("limit", "alice")
    tab = await pages.open("alice", "limit")
    await tab.is_open()
    height = await tab.input.evaluate("(input) => input.offsetHeight")
    await tab.input.fill("x" * 7_990)
    await expect(tab.chat.locator(".limit")).to_have_text("10 characters left")
    assert await tab.input.evaluate("(input) => input.offsetHeight") > 2 * height
    await tab.input.fill("🍵" * 8_001)  # a character each, as the server counts
    await expect(tab.chat.locator(".limit")).to_have_text("1 character too long")
    await tab.input.press("Enter")
    await expect(tab.rows).to_have_count(0)
    await tab.input.fill("cha")
    await tab.input.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    await expect(tab.input).to_have_value("cha")
    await tab.input.press("Enter")
    await expect(tab.row("cha")).to_be_visible()


async def test_messages_are_reached_by_keyboard(pages: ChatPages, api: Api) -> None:
    api.make_room("keys", "alice", "bob")
    for text in ("One", "Two", "Three"):
        api.send("bob", "keys", text)
    tab = await pages.open("alice", "keys")
    await tab.is_open()
    await tab.chat.evaluate("(chat) => chat.focusInput()")
    await expect(tab.input).to_be_focused()
    press = tab.page.keyboard.press
    await press("ArrowUp")
    await expect(tab.row("Three")).to_be_focused()
    await press("ArrowUp")
    await press("ArrowUp")
    await expect(tab.row("One")).to_be_focused()
    await press("End")
    await press("Enter")
    await expect(tab.chat.get_by_role("button", name="Reply")).to_be_focused()
    await press("ArrowRight")
    await expect(tab.chat.get_by_role("button", name="Copy link")).to_be_focused()
    api.send("bob", "keys", "Four")
    await expect(tab.row("Four")).to_be_visible()
    await expect(tab.chat.get_by_role("button", name="Copy link")).to_be_focused()
    await press("Escape")
    await expect(tab.row("Three")).to_be_focused()
    await press("Escape")
    await expect(tab.input).to_be_focused()
    await expect(tab.chat.locator(".history [aria-live=polite]")).to_have_text("Bob: Four")


async def test_link_to_a_message_is_copied_and_opens_it(
    pages: ChatPages, api: Api, shared_server: RunningServer
) -> None:
    api.make_room("link", "alice")
    for number in range(150):
        api.send("alice", "link", f"Line {number}")
    tab = await pages.open("alice", "link", permissions=["clipboard-read", "clipboard-write"])
    await tab.is_open()
    await tab.page.bring_to_front()
    await tab.does("Copy link", "Line 149")
    await expect(tab.chat.get_by_text("Link copied.")).to_be_visible()
    link = await tab.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{shared_server.url}/shop#lumen-chat/link/150"
    await tab.page.evaluate("location.hash = '#lumen-chat/link/3'")
    await tab.page.reload()
    await expect(tab.row("Line 2")).to_be_in_viewport()

    await tab.page.evaluate(
        "addEventListener('message-link', (event) => { window.told = event.detail; event.preventDefault(); })"
    )
    await tab.does("Copy link", "Line 2")
    assert await tab.page.evaluate("window.told") == {"room": "link", "seq": 3}


@pytest.mark.parametrize("width", [360, 1_000])
@pytest.mark.parametrize(("lang", "direction"), [("en", "ltr"), ("zh-Hant", "rtl")])
async def test_chat_fits_the_screen(
    pages: ChatPages, api: Api, width: int, lang: str, direction: str
) -> None:
    room = f"fits-{width}-{lang.lower()}"
    api.make_room(room, "alice", "bob", title="W" * 100)
    api.call("bob", "POST", f"rooms/{room}/messages", {"content": "W" * 300}, name="W" * 100)
    api.send("bob", room, "x", reply_to=1)
    tab = await pages.open(
        "alice", room, lang=lang, direction=direction, viewport={"width": width, "height": 640}
    )
    await tab.is_open()
    await tab.row("x").click()
    for element in (tab.page.locator("html"), tab.chat.locator(".scroller"), tab.chat.locator(".header")):
        assert await element.evaluate("(element) => element.scrollWidth <= element.clientWidth")
    await expect(tab.chat.get_by_role("toolbar")).to_be_in_viewport(ratio=1)
    await tab.chat.locator("[aria-controls=people]").click()
    await expect(tab.chat.locator(".people")).to_be_in_viewport(ratio=1)
