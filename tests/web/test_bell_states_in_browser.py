"""What `<lumen-bell>` shows in each state, language and colour scheme; its toasts and other alerts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from conftest import StartServer
from servers import RunningServer
from web.axe import violations
from web.bell_pages import SECRET, TWO_LINES, Api, BellPages
from web.pictures import keep_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIST = re.compile(r"/api/v1/notifications(\?|$)")
REFUSED = r"Failed to load resource"

SHOWS_ALL = TWO_LINES.replace("<lumen-bell", "<lumen-bell sound system")

RECORD = """
Object.defineProperty(document, 'hidden', {get: () => window.isAway === true});
window.shown = []; window.tones = 0;
window.Notification = class { constructor(title, options) { shown.push([title, options.body]); }
  static permission = 'default'; static async requestPermission() { return this.permission = 'granted'; } };
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { tones += 1; return start.apply(this, when); };
"""


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    return start_server(LUMEN_JWT_SECRET=SECRET)


@pytest.fixture
async def pages(browser: Browser, server: RunningServer) -> AsyncIterator[BellPages]:
    opened = BellPages(browser, server.url)
    yield opened
    await opened.close()


@pytest.fixture
def api(pages: BellPages) -> Iterator[Api]:
    with Api(pages.url) as api:
        yield api


def publish_examples(api: Api) -> None:
    """Publish notifications of all kinds to Alice."""
    api.publish(
        "alice", "The server restarts on Sunday at 02:00. Save your work before.", title="Planned maintenance"
    )
    api.publish("alice", "在「产品设计」中提到了你。下周的评审改到周三", sender="李雷", category="mention")
    api.publish("alice", "شكرا على المساعدة! متى الموعد القادم؟", sender="منى")
    links = [{"label": "Reply", "url": "/reply"}]
    api.publish(
        "alice", "I think the axis is wrong.", title="New comment on “Figures”", url="/7", actions=links
    )
    for sender in ("dave", "bob", "carol"):
        api.publish("alice", "liked your photo", sender=sender, category="like", group_key="photo-7")
    api(
        "alice",
        "POST",
        "notifications/read",
        {"ids": [api("alice", "GET", "notifications")["items"][-1]["id"]]},
    )


LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 720}, "is_mobile": True, "has_touch": True},
    "forced-colors": {"forced_colors": "active"},
    "zh-Hans": {"lang": "zh-CN"},
    "zh-Hant": {"lang": "zh-TW"},
    "right-to-left": {"lang": "ar", "direction": "rtl"},
}


async def test_bell_is_legible_in_each_look(pages: BellPages, api: Api) -> None:
    publish_examples(api)
    for name, look in LOOKS.items():
        shop = await pages.open("alice", reduced_motion="reduce", **look)
        await expect(shop.badge).to_have_text("4")
        await shop.open_panel()
        await keep_picture(shop.page, f"bell-{name}")
        if name != "forced-colors":  # axe-core reads the colours of the style sheets
            assert await violations(shop.page) == [], name
        box = await shop.panel.bounding_box()
        assert box is not None
        width = shop.page.viewport_size["width"] if shop.page.viewport_size else 0
        assert 0 <= box["x"] <= width - box["width"], name
        if name == "phone":
            assert (box["width"], box["height"]) == (360, 720)
        if name == "right-to-left":
            assert box["x"] < width / 2
        motion = "(element) => getComputedStyle(element).animationName"
        assert await shop.panel.evaluate(motion) == "none"
        await shop.panel.locator("[part=settings-button]").click()
        await expect(shop.panel.locator(".choice").nth(2)).to_be_visible()
        await keep_picture(shop.page, f"bell-settings-{name}")
        if name != "forced-colors":
            assert await violations(shop.page) == [], name
        await shop.page.context.close()


async def test_bell_can_be_themed_by_properties_and_parts(pages: BellPages, api: Api) -> None:
    api.publish("alice", "Nice!")
    shop = await pages.open("alice", bell=TWO_LINES.replace("<lumen-bell", '<lumen-bell theme="dark"'))
    await shop.open_panel()
    surface = "(element) => getComputedStyle(element).backgroundColor"
    assert await shop.panel.evaluate(surface) == "rgb(22, 24, 29)"
    await shop.page.evaluate("""() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`lumen-bell { --lumen-surface: rgb(1, 2, 3) }
        lumen-bell::part(badge) { background: rgb(4, 5, 6) }`);
      document.adoptedStyleSheets = [sheet];
    }""")
    assert await shop.panel.evaluate(surface) == "rgb(1, 2, 3)"
    assert await shop.badge.evaluate(surface) == "rgb(4, 5, 6)"


async def test_bell_speaks_the_language_of_the_page(pages: BellPages, api: Api) -> None:
    api.publish("alice", "Nice!")
    shop = await pages.open("alice", lang="zh-CN")
    await expect(shop.button).to_have_accessible_name("通知: 1 条未读")
    change = "(language) => { document.documentElement.lang = language; }"
    await shop.page.evaluate(change, "zh-Hant-HK")
    await expect(shop.button).to_have_accessible_name("通知: 1 則未讀")
    module = f"{pages.url}/client/lumen-theme.js"
    words = {"bell_title": "Avis", "bell_unread_one": "1 non lu", "bell_all": "Tous"}
    await shop.page.evaluate(
        "([module, words]) => import(module).then(({addWords}) => addWords('fr', words))", [module, words]
    )
    await shop.page.evaluate(change, "fr-CA")
    await expect(shop.button).to_have_accessible_name("Avis: 1 non lu")
    await shop.open_panel()
    await expect(shop.panel.locator(".filters")).to_have_text("TousUnread")


async def test_panel_shows_that_it_loads_is_empty_or_has_failed(pages: BellPages, api: Api) -> None:
    shop = await pages.open("alice", expected=REFUSED, reduced_motion="reduce")
    may_answer = asyncio.Event()

    async def answer_late(route: Route) -> None:
        await may_answer.wait()
        await route.fulfill(status=500, json={"detail": "no"})

    await shop.page.route(LIST, answer_late)
    await shop.button.click()
    await expect(shop.panel.locator(".bone").first).to_be_visible()
    await keep_picture(shop.page, "bell-loading")
    assert await violations(shop.page) == []
    may_answer.set()
    await expect(shop.panel.locator(".blank")).to_contain_text("Could not load notifications")
    await keep_picture(shop.page, "bell-failed")
    assert await violations(shop.page) == []
    await shop.page.unroute(LIST)
    await shop.press("Try again")
    await expect(shop.panel.locator(".blank")).to_contain_text("No notifications yet")
    await keep_picture(shop.page, "bell-empty")
    await shop.press("Unread")
    await expect(shop.panel.locator(".blank")).to_contain_text("You have read everything.")


async def test_panel_shows_that_the_server_is_away(pages: BellPages, api: Api, server: RunningServer) -> None:
    api.publish("alice", "Nice!")
    shop = await pages.open("alice", expected=REFUSED, reduced_motion="reduce")
    await shop.open_panel()
    requests: list[str] = []
    server.kill()
    await expect(shop.panel.locator("[part=connection]")).to_contain_text(
        re.compile(r"Reconnecting in \d+ s")
    )
    await keep_picture(shop.page, "bell-offline")
    assert await violations(shop.page) == []
    shop.page.on("request", lambda request: requests.append(request.url))
    await shop.row("Nice!").locator(".main").focus()
    await shop.page.keyboard.press("e")
    await expect(shop.panel.locator(".notice")).to_contain_text("Could not archive it.")
    await expect(shop.row("Nice!")).to_be_visible()
    assert len(requests) < 10, requests
    server.start()
    await shop.press("Reconnect now")
    await expect(shop.panel.locator("[part=connection]")).to_be_hidden()
    await shop.row("Nice!").locator(".main").focus()
    await shop.page.keyboard.press("e")
    await expect(shop.panel.locator(".blank")).to_be_visible()


async def test_one_tab_shows_at_most_three_toasts_and_none_for_what_was_missed(
    pages: BellPages, api: Api
) -> None:
    context = await pages.context(reduced_motion="reduce")
    behind = await pages.open("alice", context=context)
    shop = await pages.open("alice", context=context)
    await shop.page.bring_to_front()
    for number in range(5):
        api.publish("alice", f"number {number}", url="/shop.html?opened", priority="urgent")
    await expect(behind.badge).to_have_text("5")
    await expect(shop.toasts).to_have_text([re.compile(f"number {number}") for number in (2, 3, 4)])
    await expect(behind.toasts).to_have_count(0)
    await keep_picture(shop.page, "bell-toasts")
    assert await violations(shop.page) == []
    await shop.toasts.first.get_by_role("button", name="Dismiss").click()
    await expect(shop.toasts).to_have_count(2)
    await shop.toasts.last.locator(".main").click()
    await expect(shop.page).to_have_url(f"{pages.url}/shop.html?opened")
    await shop.is_live()
    await expect(shop.badge).to_have_text("4")
    api.publish("alice", "quiet", priority="low")
    await expect(shop.badge).to_have_text("5")
    await behind.page.close()
    await shop.page.goto("about:blank")
    api.publish("alice", "missed", priority="urgent")
    await shop.page.go_back()
    await expect(shop.badge).to_have_text("6")
    await shop.open_panel()
    await expect(shop.row("missed")).to_be_visible()
    await expect(shop.toasts).to_have_count(0)


async def test_toasts_sound_and_system_notifications_can_be_switched(pages: BellPages, api: Api) -> None:
    shop = await pages.open("alice", bell=SHOWS_ALL, script=RECORD)
    await shop.open_panel()
    await shop.press("Notification settings")
    await expect(shop.panel.get_by_label("Play a sound")).to_be_checked()
    system = shop.panel.get_by_label("Show system notifications")
    await expect(system).not_to_be_checked()
    await system.check()
    await shop.page.keyboard.press("Escape")
    api.publish("alice", "in front")
    await expect(shop.toasts).to_have_count(1)
    assert await shop.page.evaluate("[tones, shown]") == [2, []]
    await shop.page.evaluate("() => { isAway = true; }")
    api.publish("alice", "in the background")
    await shop.page.wait_for_function("() => shown.length === 1")
    assert await shop.page.evaluate("shown") == [["Bob", "in the background"]]
    await shop.page.evaluate("() => { isAway = false; }")
    await shop.button.click()
    await expect(shop.toasts).to_have_count(0)
    await shop.press("Notification settings")
    for label in ("Play a sound", "Show system notifications", "Show pop-ups on this page"):
        await shop.panel.get_by_label(label).uncheck()
    await shop.page.reload()
    await shop.is_live()
    api.publish("alice", "silent")
    await expect(shop.badge).to_have_text("3")
    await expect(shop.page.locator("lumen-bell .spoken")).to_have_text("3 unread")
    await expect(shop.toasts).to_have_count(0)
    assert await shop.page.evaluate("[tones, shown]") == [0, []]
