"""`<lumen-bell>` in a browser, on an application's page with a strict policy, against a real server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, expect

from conftest import StartServer
from web.axe import violations
from web.bell_pages import SECRET, Api, BellPages

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = 20

PUT_ANOTHER = (
    "() => document.querySelector('header').append(document.querySelector('lumen-bell').cloneNode())"
)


@pytest.fixture
async def pages(browser: Browser, start_server: StartServer) -> AsyncIterator[BellPages]:
    opened = BellPages(browser, start_server(LUMEN_JWT_SECRET=SECRET).url)
    yield opened
    await opened.close()


@pytest.fixture
def api(pages: BellPages) -> Iterator[Api]:
    with Api(pages.url) as api:
        yield api


async def test_two_lines_of_html_put_the_bell_on_a_page(pages: BellPages, api: Api) -> None:
    shop = await pages.open("alice")
    await expect(shop.button).to_have_accessible_name("Notifications: No unread notifications")
    await expect(shop.badge).to_be_hidden()
    box = await shop.button.bounding_box()
    heading = await shop.page.locator("h1").bounding_box()
    api.publish("alice", "Nice!")
    await expect(shop.badge).to_have_text("1")
    await expect(shop.button).to_have_accessible_name("Notifications: 1 unread")
    await expect(shop.page.locator("lumen-bell .spoken").first).to_have_text("1 unread")
    api.publish_many("alice", 99)
    await expect(shop.badge).to_have_text("99+")
    assert (await shop.button.bounding_box(), await shop.page.locator("h1").bounding_box()) == (box, heading)


async def test_panel_lists_groups_filters_and_loads_more(pages: BellPages, api: Api) -> None:
    api.publish_many("alice", 70)
    api("alice", "POST", "notifications/read", {"all": True})
    for sender in ("dave", "bob", "carol"):
        api.publish("alice", "liked your photo", sender=sender, category="like", group_key="photo-7")
    api.publish(
        "alice", "The axis is wrong.", title="New comment", actions=[{"label": "Reply", "url": "/reply"}]
    )
    shop = await pages.open("alice")
    await shop.open_panel()
    await expect(shop.row("liked your photo").locator(".head")).to_have_text("Carol and 2 others")
    await expect(shop.row("liked your photo").locator(".meta")).to_have_text(
        re.compile("^now·Like$|ago·Like$")
    )
    await expect(shop.row("New comment").locator(".meta")).to_have_text(re.compile("^Bob·.*·Comment$"))
    await expect(shop.row("New comment").get_by_role("link", name="Reply")).to_have_attribute(
        "href", f"{pages.url}/reply"
    )
    await expect(shop.rows.locator(".dot")).to_have_count(2)
    await expect(shop.rows).to_have_count(PAGE)
    await shop.panel.locator(".scroll").evaluate("(element) => element.scrollTo(0, element.scrollHeight)")
    await expect(shop.rows).to_have_count(2 * PAGE)
    await shop.panel.get_by_role("button", name="Load more").focus()
    await shop.page.keyboard.press("Enter")
    await expect(shop.rows.nth(2 * PAGE)).to_be_attached()
    await shop.panel.locator(".scroll").evaluate("(element) => element.scrollTo(0, element.scrollHeight)")
    await expect(shop.rows).to_have_count(72)
    await shop.press("Unread")
    await expect(shop.rows).to_have_count(2)
    api.publish("alice", "arrives at the top")
    await expect(shop.rows.first).to_contain_text("arrives at the top")
    api.publish("alice", "liked your photo", sender="erin", category="like", group_key="photo-7")
    await expect(shop.rows.first.locator(".head")).to_have_text("Erin and 3 others")
    await expect(shop.rows).to_have_count(3)


async def test_notifications_are_seen_read_and_archived(pages: BellPages, api: Api) -> None:
    for text in ("first", "second", "third"):
        api.publish("alice", text)
    api("alice", "POST", "rooms", {"id": "tea", "title": "Tea", "kind": "public"})
    api("bob", "PUT", "rooms/tea/members/bob", {})
    api("bob", "POST", "rooms/tea/messages", {"content": "in a room"})
    shop = await pages.open("alice")
    await expect(shop.badge).to_have_text("4")
    async with shop.page.expect_response("**/notifications/seen"):
        await shop.open_panel()
    assert all(item["seen_at"] for item in api("alice", "GET", "notifications")["items"])
    async with shop.page.expect_response("**/notifications/read"):
        await shop.row("third").locator(".main").click()
    await expect(shop.row("third").locator(".dot")).to_have_count(0)
    await expect(shop.badge).to_have_text("3")
    await shop.row("third").hover()
    await shop.row("third").get_by_role("button", name="More actions").click()
    await shop.page.get_by_role("menuitem", name="Mark as unread").click()
    await expect(shop.badge).to_have_text("4")
    await shop.row("second").hover()
    await shop.row("second").get_by_role("button", name="More actions").click()
    await shop.page.get_by_role("menuitem", name="Archive").click()
    await expect(shop.row("second")).to_have_count(0)
    await shop.press("Undo")
    await expect(shop.row("second")).to_be_visible()
    await expect(shop.panel.locator(".rooms")).to_contain_text("1 unread message in your rooms")
    await shop.press("Mark all as read")
    await expect(shop.badge).to_be_hidden()
    await expect(shop.panel.locator(".rooms")).to_be_hidden()
    assert api("alice", "GET", "notifications/counts")["unread_count"] == 0


async def test_preferences_can_be_changed_in_the_panel(pages: BellPages, api: Api) -> None:
    api("root", "PUT", "categories/security", {"may_mute": False})
    api.publish("alice", "liked your photo", category="like")
    shop = await pages.open("alice")
    await shop.open_panel()
    await shop.press("Notification settings")
    await expect(shop.panel.get_by_label("Security")).to_be_disabled()
    await shop.panel.get_by_label("Like").select_option("List only")
    await expect(shop.badge).to_be_hidden()
    await shop.panel.get_by_label("Low-priority notifications").select_option("Every hour")
    await shop.press("Back")
    await shop.press("Notification settings")
    await expect(shop.panel.get_by_label("Low-priority notifications")).to_have_value("60")
    preferences = api("alice", "GET", "preferences")
    assert preferences["categories"]["like"]["muted"] is True
    await shop.page.route("**/preferences", lambda route: route.abort())
    await shop.panel.get_by_label("Like").select_option("Off")
    await expect(shop.panel.locator(".notice")).to_contain_text("Could not save the change.")
    await expect(shop.panel.get_by_label("Like")).to_have_value("list")
    shop.complaints.clear()


async def test_bell_works_by_keyboard_and_with_a_screen_reader(pages: BellPages, api: Api) -> None:
    for text in ("first", "second", "third"):
        api.publish("alice", text)
    shop = await pages.open("alice", reduced_motion="reduce")
    assert await violations(shop.page) == []
    keyboard = shop.page.keyboard
    await shop.button.focus()
    await keyboard.press("Enter")
    await expect(shop.panel).to_have_accessible_name("Notifications")
    await expect(shop.row("third").locator(".main")).to_be_focused()
    assert await violations(shop.page) == []
    await keyboard.press("ArrowDown")
    await expect(shop.row("second").locator(".main")).to_be_focused()
    await keyboard.press("u")
    await expect(shop.row("second").locator(".dot")).to_have_count(0)
    await keyboard.press("e")
    await expect(shop.row("first").locator(".main")).to_be_focused()
    await expect(shop.rows).to_have_count(2)
    await keyboard.press("Home")
    await expect(shop.row("third").locator(".main")).to_be_focused()
    await keyboard.press("Enter")
    await expect(shop.row("third").locator(".dot")).to_have_count(0)
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await expect(shop.page.get_by_role("menuitem", name="Mark as unread")).to_be_focused()
    await expect(shop.page.get_by_role("menuitem", name="Mark as unread")).to_have_attribute(
        "title", "Mark as unread (U)"
    )
    assert await violations(shop.page) == []
    await keyboard.press("Escape")
    await expect(shop.row("third").locator(".more")).to_be_focused()
    await shop.press("Notification settings")
    await expect(shop.panel.get_by_label("Comment")).to_be_visible()
    assert await violations(shop.page) == []
    await keyboard.press("Escape")
    await expect(shop.panel).to_be_hidden()
    await expect(shop.button).to_be_focused()
    await shop.button.click()
    await shop.page.locator("#elsewhere").click()
    await expect(shop.panel).to_be_hidden()
    await expect(shop.page.locator("#elsewhere")).to_be_focused()


async def test_markup_and_unsafe_links_stay_text(pages: BellPages, api: Api) -> None:
    markup = "<img src=x onerror=alert(1)><b>bold</b>"
    api.publish("alice", markup, title=markup, sender="mallory")
    api.publish("alice", "safe", url="/shop.html?opened", sender="bob")
    shop = await pages.open("alice")
    await shop.open_panel()
    await expect(shop.rows.nth(1).locator(".head")).to_have_text(markup)
    assert await shop.panel.locator("b, img").count() == 0
    unsafe = ["javascript:alert(1)", "data:text/html,x", "https://user:word@example.org/", "//"]
    module = f"{pages.url}/client/lumen-bell-item.js"
    checked = await shop.page.evaluate(
        "([module, urls]) => import(module).then(({safeUrl}) => urls.map(safeUrl))", [module, unsafe]
    )
    assert checked == [None] * len(unsafe)
    await shop.row("safe").locator(".main").click()
    await expect(shop.page).to_have_url(f"{pages.url}/shop.html?opened")


async def test_removed_bells_leak_nothing_and_two_bells_share_a_client(pages: BellPages, api: Api) -> None:
    shop = await pages.open("alice")
    await shop.page.evaluate(PUT_ANOTHER)
    await expect(shop.page.locator("lumen-bell")).to_have_count(2)
    assert await shop.page.evaluate(
        "() => new Set([...document.querySelectorAll('lumen-bell')].map((bell) => bell.client)).size === 1"
    )
    api.publish("alice", "for both")
    await expect(shop.badge.nth(0)).to_have_text("1")
    await expect(shop.badge.nth(1)).to_have_text("1")
    await expect(shop.toasts).to_have_count(1)
    state = await shop.page.evaluate("""async () => {
      const [one, other] = document.querySelectorAll('lumen-bell');
      const client = one.client;
      one.remove();
      document.body.append(other);
      await new Promise((resolve) => setTimeout(resolve));
      const moved = client.state;
      other.remove();
      await new Promise((resolve) => setTimeout(resolve));
      const removed = client.state;
      document.body.append(other);
      return [moved, removed, other.client !== client];
    }""")
    assert state == ["open", "closed", True]
    api.publish("alice", "after it came back")
    await expect(shop.badge).to_have_text("2")
    await shop.open_panel()
    await expect(shop.row("after it came back")).to_be_visible()
