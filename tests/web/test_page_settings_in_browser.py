"""The page's settings, its languages and its themes, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from servers import RunningServer
from web.page_tab import NETWORK, OpenTab, PageApi, token_for

pytestmark = pytest.mark.browser


async def test_settings_are_kept_and_follow_other_devices(
    server: RunningServer, open_tab: OpenTab, page_api: PageApi
) -> None:
    await page_api(
        "alice", "POST", "notifications", to={"user": "bob"}, category="like", content="liked your photo"
    )
    bob = await open_tab(server.url + "/#/settings")
    await bob.use_token(token_for("bob"))
    page = bob.page
    await page.get_by_label("Like", exact=True).select_option("List, do not count")
    await expect(page.get_by_text("Saved")).to_be_visible()
    await bob.title_counts(0, "Settings · lumen")
    await page.get_by_label("Like", exact=True).select_option("Notify, do not push")
    await bob.title_counts(1, "Settings · lumen")
    kept = (await page_api("bob", "GET", "preferences"))["categories"]["like"]
    assert (kept["in_app"], kept["muted"], kept["push"]) == (True, False, False)
    await page.get_by_label("Like", exact=True).select_option("List, do not count")
    await bob.title_counts(0, "Settings · lumen")
    await page.get_by_label("Collect low-priority notifications").select_option("For 30 minutes")
    await page.get_by_label("Quiet hours").check()
    await page.get_by_label("From").fill("23:15")
    await page.get_by_label("From").press("Tab")
    await page.get_by_label("Appear offline").check()
    await expect(page.get_by_text("Saved")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Appear offline")).to_be_checked()
    await expect(page.get_by_label("From")).to_have_value("23:15")
    kept = await page_api("bob", "GET", "preferences")
    assert kept["categories"]["like"]["muted"]
    assert kept["digest"] == {"minutes": 30}
    assert (kept["quiet_hours"]["from"], kept["presence"]) == ("23:15", "hidden")

    await page_api("bob", "PATCH", "preferences", presence="shown", quiet_hours=None)
    await expect(page.get_by_label("Appear offline")).not_to_be_checked()
    await expect(page.get_by_label("From")).to_have_count(0)
    await expect(page.get_by_role("main").get_by_text("Connected")).to_have_count(1)

    await page.route("**/preferences", lambda route: route.abort())
    await page.get_by_label("Appear offline").click()
    await expect(page.get_by_role("alert")).to_have_text("Not saved. The server does not answer. Try again.")
    await expect(page.get_by_label("Appear offline")).not_to_be_checked()
    bob.complaints[:] = [text for text in bob.complaints if not re.search(NETWORK, text)]


@pytest.mark.parametrize(
    ("locale", "sign_in", "rooms"),
    [("zh-TW", "登入", "聊天室"), ("zh-CN", "登录", "房间"), ("de", "Sign in", "Rooms")],
)
async def test_page_speaks_the_language_of_the_browser(
    server: RunningServer, open_tab: OpenTab, locale: str, sign_in: str, rooms: str
) -> None:
    tab = await open_tab(server.url + "/", locale=locale)
    await expect(tab.page.get_by_role("heading", name=sign_in, exact=True)).to_be_visible()
    await tab.page.locator("input[name=token]").fill(token_for("bob"))
    await tab.page.locator("input[name=token]").press("Enter")
    await expect(tab.page.get_by_role("heading", name=rooms, exact=True)).to_be_visible()
    await tab.page.evaluate("location.hash = '#/settings'")
    await expect(tab.page.locator(".settings-part h2")).to_have_count(5)
    texts = await tab.page.locator("body").inner_text()
    assert not re.search(r"\b(page|bell|chat)_\w+", texts), "each text has its words"
    assert (await tab.page.get_attribute("html", "lang")) == locale


async def test_theme_is_chosen_and_kept(server: RunningServer, open_tab: OpenTab) -> None:
    tab = await open_tab(server.url + "/", token=token_for("bob"), color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = await tab.page.evaluate(background)
    await tab.choose("Dark")
    assert await tab.page.evaluate(background) != light
    await expect(tab.bell).to_have_attribute("theme", "dark")
    await tab.page.reload()
    await tab.is_open()
    assert await tab.page.evaluate(background) != light
    await tab.choose("As the system")
    assert await tab.page.evaluate(background) == light
