"""Push in a real browser: enabled on the page, received, decrypted, shown, clicked, and taken off again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from applications import Application
from clients import eventually_true
from conftest import StartServer
from pages import blocks, section
from push.services.push_service import PushService
from servers import RunningServer, free_port, temporary
from web.page_tab import REFUSED, SECRET, WITHIN_MS, OpenTab, PageApi, PageTab, token_for
from web.push_browser import PushBrowser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BLANK = "/client/lumen-store.js"
"""A page of the origin without a client."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[PushService]:
    with PushService(tmp_path) as service:
        yield service


@pytest.fixture
def server(start_server: StartServer, service: PushService) -> RunningServer:
    """Run a server that pushes to the test's service, without waiting for users to look."""
    return start_server(
        LUMEN_JWT_SECRET=SECRET,
        LUMEN_PUSH_PRIVATE_ADDRESSES="on",
        LUMEN_PUSH_DELAY_SECONDS="0",
        SSL_CERT_FILE=str(service.authority.cert),
    )


@pytest.fixture
async def bob(browser: Browser, service: PushService) -> AsyncIterator[PushBrowser]:
    """Give the browser of bob."""
    async with await browser.new_context() as context:
        yield await PushBrowser.prepare(context, service)


async def enable(open_tab: OpenTab, server: RunningServer, bob: PushBrowser) -> PageTab:
    """Open the settings as bob, and switch push on."""
    tab = await open_tab(f"{server.url}/#/settings", context=bob.context, expected=REFUSED)  # favicon.ico
    await tab.use_token(token_for("bob"))
    switch = tab.page.get_by_label("Push notifications on this device")
    await switch.click()
    await expect(tab.page.locator(".setting", has_text="This device")).to_be_visible()
    await expect(switch).to_be_checked()
    return tab


async def like(page_api: PageApi, content: str, **fields: object) -> str:
    body = {"to": {"user": "bob"}, "category": "like", "content": content, "priority": "urgent", **fields}
    id_: str = (await page_api("alice", "POST", "notifications", **body))["id"]
    return id_


async def unread_is(page_api: PageApi, count: int) -> None:
    """Wait until bob has as many unread notifications."""

    async def is_it() -> bool:
        return bool((await page_api("bob", "GET", "notifications/counts"))["unread_count"] == count)

    await eventually_true(is_it, what=f"{count} unread", within_seconds=WITHIN_MS / 1000)


async def test_a_push_is_received_decrypted_shown_clicked_and_taken_off(
    server: RunningServer, open_tab: OpenTab, page_api: PageApi, bob: PushBrowser
) -> None:
    tab = await enable(open_tab, server, bob)
    page = tab.page
    (device,) = (await page_api("bob", "GET", "devices"))["items"]
    assert (device["provider"], device["kind"], device["is_encrypted"]) == ("webpush", "desktop", True)

    # Bob leaves. What comes now is pushed.
    await page.goto(server.url + BLANK)
    id_ = await like(page_api, "liked your photo", url="/#/settings")
    await bob.receives(page, [id_])
    (payload,) = bob.payloads
    assert (payload["type"], payload["id"], payload["unread_count"]) == ("notification", id_, 1)
    assert await bob.shown() == [{"title": "Alice", "body": "liked your photo", "tag": id_, "stays": True}]
    assert await bob.badges() == [1]

    # A click opens the page that it leads to, which marks it as read.
    await bob.click(id_)
    assert await bob.opened() == f"{server.url}/#/settings"
    await page.goto(f"{server.url}/#/settings")
    await unread_is(page_api, 0)

    # A click while a page is open leads it there.
    await page.goto(f"{server.url}/")
    await tab.is_open()
    id_ = await like(page_api, "liked your photo", url="/#/settings", push="always")
    await bob.receives(page, [id_])
    await bob.click(id_)
    assert await bob.opened() == "the tab at /"
    await tab.is_at("#/settings")
    await unread_is(page_api, 0)

    # What bob reads on another device is taken off here.
    await page.goto(server.url + BLANK)
    ids = [await like(page_api, content) for content in ("one", "two")]
    await bob.receives(page, ids)
    await page_api("bob", "POST", "notifications/read", ids=[ids[0]])
    await bob.receives(page, [ids[1]])
    payload = bob.payloads[-1]
    assert (payload["type"], payload["unread_count"]) == ("read", 1)
    assert ids[0] in payload["tags"]
    assert (await bob.badges())[-1] == 1

    # Bob signs out: this browser gets nothing more.
    await page.goto(f"{server.url}/")
    await tab.is_open()
    await tab.choose("Sign out")
    await tab.is_signed_out()
    await bob.receives(page, [])

    async def is_removed() -> bool:
        return not (await page_api("bob", "GET", "devices"))["items"]

    await eventually_true(is_removed, what="no device", within_seconds=WITHIN_MS / 1000)
    assert await page.evaluate("PushManager.prototype.getSubscription()") is None
    await page.goto(f"{server.url}/#/settings")
    await tab.use_token(token_for("bob"))
    await expect(page.get_by_label("Push notifications on this device")).to_be_enabled()
    await expect(page.get_by_label("Push notifications on this device")).not_to_be_checked()


async def test_a_device_is_removed_in_the_settings_of_another(
    server: RunningServer, open_tab: OpenTab, page_api: PageApi, bob: PushBrowser
) -> None:
    tab = await enable(open_tab, server, bob)
    phone = await open_tab(f"{server.url}/#/settings")
    await phone.use_token(token_for("bob"))
    await phone.page.get_by_role("button", name="Remove Chrome, Linux").click()
    await expect(phone.page.get_by_text("Chrome, Linux")).to_have_count(0)
    assert (await page_api("bob", "GET", "devices"))["items"] == []
    # Another tab of bob's browser asks for its devices, and ends what is left.
    other = await open_tab(f"{server.url}/#/settings", context=bob.context)
    await other.use_token(token_for("bob"))
    switch = other.page.get_by_label("Push notifications on this device")
    await expect(switch).not_to_be_checked()

    async def has_ended() -> bool:
        return await other.page.evaluate("PushManager.prototype.getSubscription()") is None

    await eventually_true(has_ended, what="the end of the subscription", within_seconds=WITHIN_MS / 1000)
    assert tab.complaints == []


async def test_an_application_of_another_origin_has_the_worker_by_one_line(
    start_server: StartServer, bob: PushBrowser, tmp_path: Path
) -> None:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    server = start_server(
        LUMEN_JWT_SECRET=SECRET, LUMEN_PUSH_PRIVATE_ADDRESSES="on", LUMEN_CORS_ORIGINS=origin
    )
    line = blocks(section("The service worker"), "js")[0][1].replace("https://notify.example.com", server.url)
    folder = tmp_path / "application"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Application</title><link rel=icon href=data:,>")
    (folder / "push-worker.js").write_text(line)
    command = ["-m", "http.server", "--bind", "127.0.0.1", str(port)]
    with temporary(Application(folder, command, port=port)):
        page = await bob.context.new_page()
        await page.goto(origin)
        await page.evaluate(
            """async ([url, token]) => {
              const { LumenNotify } = await import(`${url}/client/lumen-notify.js`);
              window.client = new LumenNotify({ getToken: () => token });
              await client.start();
            }""",
            [server.url, token_for("bob")],
        )
        refused = "client.enablePush().catch(({ code, message }) => [code, message])"
        code, message = await page.evaluate(refused)
        assert (code, line.strip().rstrip(";") in message) == ("push_worker", True)
        device = await page.evaluate(
            "client.enablePush({ serviceWorker: '/push-worker.js', name: 'Laptop' })"
        )
        assert (device["name"], await page.evaluate("client.pushState()")) == ("Laptop", "on")
        await bob.push(page, '{"type": "notification", "tag": "n", "id": "n", "title": "Hello"}')
        await bob.receives(page, ["n"])
