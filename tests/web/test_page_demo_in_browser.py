"""The page of a demo server in a real browser: two users chat, write directly, and try the bell."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from conftest import StartServer
from servers import RunningServer
from web.page_tab import REFUSED, SECRET, OpenTab

pytestmark = pytest.mark.browser


@pytest.fixture
def demo(start_server: StartServer) -> RunningServer:
    return start_server("--demo", LUMEN_JWT_SECRET=SECRET)


async def test_two_users_chat_after_one_click_each(
    demo: RunningServer, browser: Browser, open_tab: OpenTab
) -> None:
    async with await browser.new_context() as context:
        alice = await open_tab(demo.url + "/", context=context)
        await alice.sign_in_as("Alice")
        async with (
            context.expect_page() as opening
        ):  # the second user is another click away, in the same browser
            await alice.page.get_by_role("link", name="Open a second tab as Bob").click()
        bob = await open_tab((await opening.value).url, context=context)
        await (await opening.value).close()
        await bob.is_open("Bob")
        await alice.page.reload()
        await alice.is_open("Alice")

        for tab in (alice, bob):
            await tab.room("Tea").click()
            await tab.is_at("#/rooms/tea")
        await alice.writes("Shall we meet at five?")
        await bob.reads("Shall we meet at five?")
        await bob.writes("Yes, with cake.")
        await alice.reads("Yes, with cake.")
        await expect(alice.room("Tea")).to_contain_text("Bob: Yes, with cake.")
        await expect(bob.room("Tea")).to_contain_text("You: Yes, with cake.")


async def test_direct_message_to_a_username(demo: RunningServer, open_tab: OpenTab) -> None:
    alice, bob = await open_tab(demo.url + "/", expected=REFUSED), await open_tab(demo.url + "/")
    await alice.sign_in_as("Alice")
    await bob.sign_in_as("Bob")
    await alice.page.get_by_role("navigation").get_by_role("button", name="New message").click()
    dialog = alice.page.get_by_role("dialog", name="New message")
    to = dialog.get_by_label("To (username)")
    await to.fill("nobody.there")
    await to.press("Enter")
    await expect(dialog.get_by_role("alert")).to_have_text("There is no user “nobody.there”.")
    await to.fill("Bob")
    await to.press("Enter")
    start = alice.page.get_by_role("button", name="Start the conversation")
    await expect(start.or_(alice.chat)).to_be_visible()
    if await start.is_visible():
        await start.click()
    await alice.writes("Only for you")
    await bob.room("Only for you").click()
    await bob.reads("Only for you")
    await expect(bob.rooms.and_(bob.page.locator("[aria-current]"))).to_contain_text("Alice")
    await expect(bob.page).to_have_title(re.compile("Alice$"))
    await expect(alice.rooms.and_(alice.page.locator("[aria-current]")).locator(".online")).to_be_visible()


async def test_demo_user_sends_themself_a_notification(demo: RunningServer, open_tab: OpenTab) -> None:
    alice = await open_tab(demo.url + "/", expected=REFUSED)
    await alice.sign_in_as("Alice")
    await alice.choose("Send a test notification")
    dialog = alice.page.get_by_role("dialog", name="Send a test notification")
    await dialog.get_by_label("Category").select_option("System")
    await dialog.get_by_label("Text").fill("x" * 8000)
    await alice.page.route(
        "**/notifications", lambda route: route.fulfill(status=422, json={"detail": "Too long."})
    )
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Too long.")
    await alice.page.unroute("**/notifications")
    await dialog.get_by_label("Text").fill("It works.")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_have_count(0)
    await expect(alice.page.get_by_text("It works.").first).to_be_visible()
