"""The page's session in a real browser: signing in by a token or with an account, and how a session ends."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from conftest import StartServer
from lumen_notify.auth import mint
from servers import RunningServer
from web.page_tab import NETWORK, REFUSED, SECRET, OpenTab, token_for

pytestmark = pytest.mark.browser

ENDED_MS = 90_000
"""For a token that ends in 20 s and counts for 10 s more, as LUMEN_JWT_LEEWAY_SECONDS has it."""

ACCOUNTS = {"LUMEN_ACCOUNTS": "on", "LUMEN_JWT_SECRET": SECRET}


async def test_signed_out_page_is_clean_and_connects_to_nothing(
    server: RunningServer, open_tab: OpenTab
) -> None:
    asked: list[str] = []
    tab = await open_tab("about:blank")
    tab.page.on("request", lambda request: asked.append(request.url))
    failed: list[str] = []
    tab.page.on("response", lambda response: failed.append(response.url) if response.status >= 400 else None)
    response = await tab.page.goto(server.url + "/")
    await tab.is_signed_out()
    await expect(tab.page.get_by_label("Token")).to_be_focused()

    assert all(url.startswith(server.url + "/") for url in asked), "nothing comes from anywhere else"
    assert not any("/api/" in url for url in asked)
    assert failed == []
    painted = await tab.page.evaluate("performance.getEntriesByType('paint').map(({ name }) => name)")
    assert "first-contentful-paint" in painted
    assert response is not None
    policy = (await response.all_headers())["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", await response.text())


async def test_form_takes_a_token_and_says_how_to_get_one(server: RunningServer, open_tab: OpenTab) -> None:
    tab = await open_tab(server.url + "/", expected=REFUSED)
    await expect(tab.page.get_by_text("lumen-notify token alice")).to_be_visible()

    await tab.use_token("bob")
    await tab.is_signed_out("This is not a token. A token has three parts with dots between them.")
    await tab.use_token(mint("the secret of quite another server, by its length", "bob", ttl_seconds=60))
    await tab.is_signed_out("The server does not accept this token. Get a new one.")
    await tab.use_token(mint(SECRET, "bob", ttl_seconds=-60))
    await tab.is_signed_out("Your session has expired. Sign in again.")

    await tab.use_token(f"{server.url}/#token={token_for('bob')}")  # the whole address does as well
    await tab.is_open("bob")


async def test_token_is_gone_from_the_address_and_stays_in_the_tab(
    server: RunningServer, browser: Browser, open_tab: OpenTab
) -> None:
    token = token_for("bob")
    async with await browser.new_context() as context:
        tab = await open_tab(server.url + "/", token=token, context=context)
        assert "token" not in tab.page.url
        told = "[location, document.referrer, document.cookie, JSON.stringify(history.state)].join()"
        assert token not in await tab.page.evaluate(told)
        assert token not in await tab.page.content()
        await tab.page.reload()
        await tab.is_open("bob")

        other = await open_tab(server.url + "/", context=context)
        await other.is_signed_out()
        await other.use_token(token_for("carol"))  # two tabs of a browser are two users
        await other.is_open("carol")
        await tab.page.reload()
        await tab.is_open("bob")

        await other.choose("Sign out")
        await other.is_signed_out()
        await tab.choose("Sign out")
        await tab.is_signed_out()
        while await context.cookies():  # the page does not wait for the end of its cookie
            await tab.page.wait_for_timeout(20)
        await tab.page.reload()
        await tab.is_signed_out()


async def test_link_opened_in_the_same_tab_changes_the_user(server: RunningServer, open_tab: OpenTab) -> None:
    tab = await open_tab(server.url + "/", token=token_for("bob"))
    await tab.page.evaluate(
        "(token) => { location.hash = `token=${token}`; }", token_for("carol", name="<b>Carol</b>")
    )
    await tab.is_open("<b>Carol</b>")
    await expect(tab.page.locator("b")).to_have_count(0)
    assert "token" not in tab.page.url


@pytest.mark.slow
async def test_token_that_ends_is_announced_and_leads_to_the_form(
    server: RunningServer, open_tab: OpenTab
) -> None:
    tab = await open_tab(server.url + "/#/settings", expected=REFUSED)
    await tab.use_token(token_for("bob", ttl_seconds=20))
    await expect(tab.page.get_by_text("Your session expires in less than a minute.")).to_be_visible()
    heading = tab.page.get_by_role("heading", name="Sign in", exact=True)
    await expect(heading).to_be_visible(timeout=ENDED_MS)
    await tab.is_signed_out("Your session has expired. Sign in again.")
    await tab.use_token(token_for("bob"))
    await tab.is_open("bob")
    await tab.is_at("#/settings")


async def test_users_register_log_in_and_sign_out_everywhere(
    start_server: StartServer, browser: Browser, open_tab: OpenTab
) -> None:
    server = start_server(**ACCOUNTS)
    one = await open_tab(server.url + "/", expected=REFUSED)
    page = one.page
    await page.get_by_role("button", name="No account yet? Create one").click()
    await page.get_by_label("Username").fill("ann")
    await page.get_by_label("Password").fill("correct horse battery")
    await page.get_by_label("Name (optional)").fill("Ann B.")
    await page.get_by_role("button", name="Create account").click()
    await one.is_open("Ann B.")

    two = await open_tab(server.url + "/", expected=REFUSED)
    page = two.page
    await page.get_by_label("Username").fill("ann")
    await page.get_by_label("Password").fill("the wrong password")
    await page.get_by_label("Password").press("Enter")
    await two.is_signed_out("The username or the password is wrong.")
    await expect(page.get_by_label("Password")).to_be_focused()
    await page.get_by_label("Password").fill("correct horse battery")
    await page.get_by_label("Password").press("Enter")
    await two.is_open("Ann B.")

    three = await open_tab(server.url + "/", expected=REFUSED)
    await three.page.get_by_role("button", name="No account yet? Create one").click()
    await three.page.get_by_label("Username").fill("ann")
    await three.page.get_by_label("Password").fill("correct horse battery")
    await three.page.get_by_role("button", name="Create account").click()
    await three.is_signed_out("This username is taken. Choose another one.")

    await two.choose("Sign out everywhere")
    await two.is_signed_out("You are signed out on all devices. Sign in again to continue.")
    await one.is_signed_out("You are signed out on all devices. Sign in again to continue.")


@pytest.mark.slow
async def test_session_with_an_account_goes_on_and_the_copy_of_a_tab_keeps_it(
    start_server: StartServer, open_tab: OpenTab
) -> None:
    server = start_server(**ACCOUNTS, LUMEN_ACCESS_TOKEN_SECONDS="60")
    tab = await open_tab(server.url + "/")
    await tab.page.get_by_role("button", name="No account yet? Create one").click()
    await tab.page.get_by_label("Username").fill("ann")
    await tab.page.get_by_label("Password").fill("correct horse battery")
    await tab.page.get_by_role("button", name="Create account").click()
    await tab.is_open("ann")
    kept = "Object.values(sessionStorage).find((value) => value.includes('lnr_'))"
    before = await tab.page.evaluate(kept)

    async with (
        tab.page.expect_popup() as opening
    ):  # it takes the tab's storage along, as "Duplicate tab" does
        await tab.page.evaluate("void open(location.href)")
    copy = await opening.value
    await expect(copy.get_by_role("button", name="Menu of ann")).to_be_visible()
    await copy.wait_for_function(f"(before) => {kept} !== before", arg=before)
    now = await copy.evaluate(kept)
    await tab.page.wait_for_function(f"(now) => {kept} === now", arg=now)
    await tab.page.reload()  # refreshes once more: the copy must not have used up the token
    await tab.is_open("ann")
    await copy.reload()
    await expect(copy.get_by_role("button", name="Menu of ann")).to_be_visible()
    await expect(copy.locator(".rooms").first).to_have_attribute("aria-busy", "false")


async def test_tab_that_is_one_too_many_closes_the_oldest_which_waits_to_be_asked(
    start_server: StartServer, open_tab: OpenTab
) -> None:
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_MAX_STREAMS_PER_USER="1")
    one = await open_tab(server.url + "/", token=token_for("bob"))
    two = await open_tab(server.url + "/", token=token_for("bob"))  # in another browser
    strip = one.page.locator(".strip")
    await expect(strip.first).to_contain_text("Disconnected: this user has too many open tabs.")
    await two.is_open()
    await one.page.get_by_role("button", name="Connect now").click()
    await one.is_open()
    await expect(two.page.locator(".strip").first).to_contain_text("too many open tabs")


async def test_page_without_a_stream_says_so_and_fits_the_screen(
    server: RunningServer, open_tab: OpenTab
) -> None:
    tab = await open_tab(server.url + "/", expected=NETWORK)
    await tab.page.route("**/stream?*", lambda route: route.fulfill(status=503))
    await tab.use_token(token_for("bob", name="W" * 128))
    for width in (320, 390, 1280):
        await tab.page.set_viewport_size({"width": width, "height": 700})
        await expect(tab.page.get_by_role("button", name="Connect now")).to_be_in_viewport(ratio=1)
        await expect(tab.page.locator(".strip").first).to_contain_text("The connection is interrupted.")
        await expect(tab.page.locator(".countdown")).to_have_text(
            re.compile(r"Next attempt in \d+ seconds?\.")
        )
        await expect(tab.bell).to_be_in_viewport(ratio=1)
        await expect(tab.page.locator(".user-button")).to_be_in_viewport(ratio=1)
        assert await tab.page.evaluate("document.documentElement.scrollWidth") <= width
    await tab.page.unroute("**/stream?*")
    await tab.page.get_by_role("button", name="Connect now").click()
    await tab.is_open()
