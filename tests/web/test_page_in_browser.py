"""The page at `/` in a real browser: rooms, addresses, the bell, a phone, a mount."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from conftest import StartServer
from servers import RunningServer
from web.page_tab import NETWORK, REFUSED, SECRET, OpenTab, PageApi, token_for

pytestmark = pytest.mark.browser


async def test_rooms_show_what_is_new_and_public_rooms_can_be_joined(
    server: RunningServer, open_tab: OpenTab, page_api: PageApi
) -> None:
    await page_api("alice", "POST", "rooms", id="tea", title="Tea", kind="public")
    await page_api("alice", "POST", "rooms", id="plan", title="<b>Plan</b>", members=["bob"])
    await page_api("alice", "POST", "rooms/plan/messages", content="<i>first</i>")
    bob = await open_tab(server.url + "/", token=token_for("bob"))
    plan = bob.room("<b>Plan</b>")
    await expect(plan).to_contain_text("Alice: <i>first</i>")
    await expect(plan).to_contain_text("1 unread message")
    await bob.title_counts(1)
    await page_api("alice", "POST", "rooms/plan/messages", content="second")
    await expect(plan).to_contain_text("2 unread messages")
    await bob.title_counts(2)

    joinable = bob.page.get_by_role("region", name="Rooms to join")
    await expect(joinable).to_contain_text("Tea")
    await joinable.get_by_role("button", name="Join Tea").click()
    await bob.is_at("#/rooms/tea")
    await expect(bob.room("Tea")).to_have_attribute("aria-current", "page")
    await expect(joinable).to_be_hidden()
    await page_api("alice", "POST", "rooms/plan/messages", content="third")
    await expect(bob.rooms.first).to_contain_text(
        "third"
    )  # the room with the newest message is the first one
    await plan.click()
    await expect(plan.locator(".count")).to_have_count(0)
    await bob.title_counts(0, "<b>Plan</b>")

    await bob.page.get_by_role("navigation").get_by_role("button", name="New room").click()
    dialog = bob.page.get_by_role("dialog", name="New room")
    await dialog.get_by_label("Title", exact=True).fill("Walks")
    await dialog.get_by_label("Private").check()
    await dialog.get_by_label("Add members (optional)").fill("carol, dave")
    await dialog.get_by_role("button", name="Create room").click()
    await expect(bob.room("Walks")).to_have_attribute("aria-current", "page")
    walks = await bob.page.evaluate("location.hash.split('/')[2]")
    members = await page_api("carol", "GET", f"rooms/{walks}/members")
    assert [member["user_id"] for member in members["items"]] == ["bob", "carol", "dave"]


async def test_each_place_has_an_address(server: RunningServer, open_tab: OpenTab, page_api: PageApi) -> None:
    await page_api("alice", "POST", "rooms", id="tea", title="Tea", kind="public")
    for number in range(1, 4):
        await page_api("alice", "POST", "rooms/tea/messages", content=f"number {number}")
    await page_api("alice", "POST", "rooms", id="plan", title="Plan", members=["bob"])

    bob = await open_tab(server.url + "/#/rooms/tea/2", expected=REFUSED)  # opened before signing in
    await bob.is_signed_out()
    await bob.use_token(token_for("bob"))
    await bob.page.get_by_role("main").get_by_role("button", name="Join").click()
    await bob.reads("number 2")
    await bob.is_at("#/rooms/tea/2")
    await bob.page.reload()
    await bob.reads("number 2")
    await expect(bob.page).to_have_title(re.compile("Tea$"))

    await bob.room("Plan").click()
    await expect(bob.page).to_have_title(re.compile("Plan$"))
    await bob.choose("Settings")
    await bob.is_at("#/settings")
    await expect(bob.page.get_by_role("heading", name="Settings")).to_be_visible()
    await bob.page.reload()
    await expect(bob.page.get_by_role("heading", name="Settings")).to_be_visible()
    await bob.page.go_back()
    await expect(bob.page).to_have_title(re.compile("Plan$"))
    await bob.page.go_back()
    await bob.is_at("#/rooms/tea/2")
    await bob.reads("number 2")

    await bob.page.goto(server.url + "/#/direct/alice")
    await expect(bob.page.get_by_text("You have no conversation with Alice yet.")).to_be_visible()
    kinds = {room["kind"] for room in (await page_api("alice", "GET", "rooms"))["items"]}
    assert "direct" not in kinds, "a link makes no room"
    await bob.page.get_by_role("button", name="Start the conversation").click()
    await expect(bob.chat).to_be_visible()
    direct = await bob.page.evaluate("location.hash")
    await bob.page.goto(server.url + "/#/direct/alice")
    await bob.is_at(direct)

    await bob.page.goto(server.url + "/#/rooms/no-such-room")
    await expect(bob.page.get_by_role("heading", name="This room is not available")).to_be_visible()
    await bob.page.get_by_role("link", name="Back to the rooms").last.click()
    await bob.is_at("#/")


async def test_count_of_the_bell_is_cleared_by_the_bell_and_a_mention_leads_to_its_message(
    server: RunningServer, open_tab: OpenTab, page_api: PageApi
) -> None:
    await page_api("alice", "POST", "rooms", id="tea", title="Tea", members=["bob"])
    await page_api("alice", "POST", "rooms/tea/messages", content="Hello @bob", mentions=["bob"])
    await page_api(
        "alice", "POST", "notifications", to={"user": "bob"}, category="like", content="liked your photo"
    )
    bob = await open_tab(server.url + "/", token=token_for("bob"))
    await bob.title_counts(3)
    await bob.bell.get_by_role("button").first.click()
    await bob.bell.get_by_text("Hello @bob").first.click()
    await bob.is_at("#/rooms/tea/1")
    await bob.reads("Hello @bob")
    await bob.title_counts(1, "Tea")
    await page_api("alice", "POST", "rooms", id="plan", title="Plan", members=["bob"])
    await page_api("alice", "POST", "rooms/plan/messages", content="unread")
    await bob.title_counts(2, "Tea")
    await bob.bell.get_by_role("button").first.click()
    await bob.bell.get_by_role("button", name=re.compile("all.*read", re.IGNORECASE)).click()
    await bob.title_counts(0, "Tea")
    assert (await page_api("bob", "GET", "notifications/counts"))["unread_count"] == 0


async def test_phone_shows_the_rooms_or_a_room(
    server: RunningServer, open_tab: OpenTab, page_api: PageApi
) -> None:
    await page_api("alice", "POST", "rooms", id="tea", title="Tea " + "W" * 80, members=["bob"])
    await page_api("alice", "POST", "rooms/tea/messages", content="w" * 500)
    phone: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
    bob = await open_tab(server.url + "/", token=token_for("bob", name="W" * 128), **phone)
    await expect(bob.page.get_by_role("navigation")).to_be_visible()
    await expect(bob.page.get_by_role("main")).to_be_hidden()
    await bob.room("Tea").tap()
    await bob.reads("w" * 500)
    await expect(bob.page.get_by_role("navigation")).to_be_hidden()
    await expect(bob.chat.get_by_role("textbox").last).to_be_in_viewport(ratio=1)
    for place in ("#/", "#/rooms/tea", "#/settings"):
        await bob.page.evaluate("(place) => { location.hash = place; }", place)
        await bob.is_at(place)
        assert await bob.page.evaluate("document.documentElement.scrollWidth") <= 360
        for button in (bob.bell, bob.page.locator(".user-button")):
            await expect(button).to_be_in_viewport(ratio=1)
    await bob.page.get_by_role("link", name="Back to the rooms").tap()
    await expect(bob.page.get_by_role("navigation")).to_be_visible()


@pytest.mark.slow
async def test_page_works_under_a_mount_and_after_a_restart(
    server: RunningServer, start_server: StartServer, open_tab: OpenTab
) -> None:
    server.kill()
    (server.folder / "shop.py").write_text(
        "from starlette.applications import Starlette\n"
        "from starlette.responses import PlainTextResponse\n"
        "from starlette.routing import Mount, Route\n"
        "from lumen_notify import Lumen\n"
        "notify = Lumen()\n"
        "healthz = Route('/healthz', lambda request: PlainTextResponse('ok'))\n"
        "app = Starlette(routes=[healthz, Mount('/notify', notify.app)], lifespan=notify.lifespan)\n"
    )
    server = start_server("--app", "shop:app", LUMEN_JWT_SECRET=SECRET)
    url = server.url + "/notify/"
    tab = await open_tab(url, token=token_for("bob"), expected=NETWORK)
    await tab.page.get_by_role("navigation").get_by_role("button", name="New room").first.click()
    await tab.page.get_by_label("Title", exact=True).fill("Tea")
    await tab.page.get_by_role("button", name="Create room").click()
    await tab.writes("before")
    await tab.reads("before")
    (cookie,) = await tab.page.context.cookies()
    assert cookie.get("path") == "/notify/api/v1/notifications"  # the browser's own choice
    assert cookie.get("httpOnly")
    assert cookie.get("sameSite") == "Strict"
    server.kill()
    server.start()
    await tab.is_open()
    await tab.writes("after")
    await expect(tab.room("Tea")).to_contain_text("You: after")
    assert tab.page.url.startswith(url + "#/rooms/")
