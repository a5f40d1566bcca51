"""The bell on the page in a real browser: hostile text stays text, and links lead where they may."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from servers import RunningServer
from web.page_tab import OpenTab, PageApi, token_for

pytestmark = pytest.mark.browser

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "&lt;b&gt;",
    "\u202eevil\u2066",
]


async def test_hostile_text_is_shown_as_text(
    server: RunningServer, open_tab: OpenTab, page_api: PageApi
) -> None:
    async def publish(category: str) -> None:
        for text in HOSTILE:
            sender = {"id": text, "username": text, "avatar": "https://pictures.example/x.png"}
            body = {
                "to": {"user": "bob"},
                "category": category,
                "content": text,
                "title": text,
                "sender": sender,
            }
            await page_api("alice", "POST", "notifications", **body)

    await publish("constructor")
    await page_api("alice", "POST", "rooms", id="tea", title=HOSTILE[0], members=["bob"])
    await page_api("alice", "POST", "rooms/tea/messages", content=HOSTILE[1])
    bob = await open_tab(server.url + "/", token=token_for("bob", name="<b>bob</b>"))
    await bob.title_counts(len(HOSTILE) + 1)
    await publish("proto")  # once from the list, once live
    await bob.title_counts(2 * len(HOSTILE) + 1)
    await bob.bell.get_by_role("button").first.click()
    for text in HOSTILE:
        await expect(bob.bell.locator(".text").get_by_text(text, exact=True)).to_have_count(2)
    await expect(bob.room(HOSTILE[0])).to_contain_text(f"Alice: {HOSTILE[1]}")
    strays = bob.page.locator("img, b, .app script, [onerror], [onload], a[href^=javascript]")
    await expect(strays).to_have_count(0)


async def test_click_on_a_row_opens_its_link(
    server: RunningServer, open_tab: OpenTab, page_api: PageApi
) -> None:
    body = {"to": {"user": "bob"}, "category": "like", "content": "liked your photo"}
    await page_api("alice", "POST", "notifications", **body, url="https://elsewhere.example/photo")
    bob = await open_tab(server.url + "/", token=token_for("bob"))
    await bob.page.context.route("https://elsewhere.example/**", lambda route: route.fulfill(body="a photo"))
    await bob.bell.get_by_role("button").first.click()
    link = bob.bell.get_by_role("link", name="liked your photo")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    marked = bob.page.expect_response("**/notifications/read")
    async with bob.page.context.expect_page() as opening, marked:
        await link.click()
    opened = await opening.value
    assert opened.url == "https://elsewhere.example/photo"
    assert await opened.evaluate("opener === null")
    await bob.title_counts(0)
    assert await page_api("bob", "GET", "notifications?unread=true") == {"items": [], "next_cursor": None}


async def test_bell_makes_no_link_of_an_address_that_is_not_one(
    server: RunningServer, open_tab: OpenTab
) -> None:
    tab = await open_tab(server.url + "/")
    made = await tab.page.evaluate(
        """async () => {
            const { safeUrl } = await import("./client/lumen-bell-item.js");
            const scripts = ["javascript:alert(1)", "java\\tscript:alert(1)", "data:text/html,x"];
            return [...scripts, "https://a:b@c.example", 7, "/fine"].map(safeUrl);
        }"""
    )
    assert made == [None] * 5 + [server.url + "/fine"]
