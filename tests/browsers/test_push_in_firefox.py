"""Push in Firefox, the true round trip: subscribed, published, encrypted, sent, received, shown, clicked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients import eventually_true
from conftest import StartServer
from lumen_notify.auth import PUBLISH, mint
from push.services.browser_socket import DELIVERED, BrowserSocket

from .firefox import Firefox, FirefoxWindow
from .person import SECRET
from .window import WITHIN_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BLANK = "/client/lumen-store.js"
"""A page of the origin without a client."""

SWITCH = ".check"
SWITCH_TEXT = "Push notifications on this device"

SHOWN = """
async () => {
  const registration = await navigator.serviceWorker.getRegistration("/client/");
  const shown = await registration.getNotifications();
  return shown.map(({ title, body, tag }) => [title, body, tag]).sort(); // in no order
}
"""


@pytest.fixture
async def socket(tmp_path: Path) -> AsyncIterator[BrowserSocket]:
    async with BrowserSocket(tmp_path) as socket:
        yield socket


@pytest.fixture
async def firefox(socket: BrowserSocket) -> AsyncIterator[Firefox]:
    firefox = await Firefox.start(socket.preferences())
    try:
        yield firefox
    finally:
        await firefox.close()


async def send(root: str, user: str, method: str, path: str, /, **body: Any) -> Any:
    token = mint(SECRET, user, ttl_seconds=600, scopes=[PUBLISH], display_name=user.title())
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        answer = await client.request(method, f"{root}/api/v1/{path}", headers=headers, json=body or None)
        return answer.raise_for_status().json()


async def shows(window: FirefoxWindow, *expected: list[str]) -> None:
    """Wait until the system shows these notifications: title, body and tag of each, sorted."""
    await window.until(
        f"async (expected) => JSON.stringify(await ({SHOWN})()) === JSON.stringify(expected)", expected
    )


async def test_a_push_makes_the_true_round_trip(
    start_server: StartServer, socket: BrowserSocket, firefox: Firefox
) -> None:
    server = start_server(
        LUMEN_JWT_SECRET=SECRET,
        LUMEN_PUSH_PRIVATE_ADDRESSES="on",
        LUMEN_PUSH_DELAY_SECONDS="0",
        SSL_CERT_FILE=str(socket.service.authority.cert),
    )
    url = server.url

    async def like(content: str, **fields: Any) -> str:
        body = {"to": {"user": "bob"}, "category": "like", "content": content, "priority": "urgent", **fields}
        id_: str = (await send(url, "alice", "POST", "notifications", **body))["id"]
        return id_

    async def unread_is(count: int) -> None:
        async def is_it() -> bool:
            return bool((await send(url, "bob", "GET", "notifications/counts"))["unread_count"] == count)

        await eventually_true(is_it, what=f"{count} unread", within_seconds=WITHIN_SECONDS)

    window = await firefox.open()
    await window.go(f"{url}/#token={mint(SECRET, 'bob', ttl_seconds=600)}")
    await window.see(".user-button")
    await window.call("() => { location.hash = '#/settings' }")
    await window.click(SWITCH, SWITCH_TEXT)
    await window.see(".setting", "This device")
    (device,) = (await send(url, "bob", "GET", "devices"))["items"]
    assert (device["provider"], device["name"]) == ("webpush", "Firefox, Linux")

    # Bob looks elsewhere. A click opens the page that the notification leads to.
    await window.go(url + BLANK)
    id_ = await like("liked your photo", url="/#/settings")
    await shows(window, ["Alice", "liked your photo", id_])
    assert socket.codes == [DELIVERED]
    await firefox.click_notification("liked your photo")
    await window.until(f"async () => (await ({SHOWN})()).length === 0")
    await firefox.sees_tab(f"{url}/#/settings")
    # The next page of his marks it as read.
    await unread_is(1)
    await window.go(f"{url}/")
    await window.see(".user-button")
    await unread_is(0)

    # His page is open: a click leads it there.
    await like("liked it again", url="/#/settings", push="always")
    await firefox.click_notification("liked it again")
    await window.until("() => location.hash === '#/settings'")
    await unread_is(0)

    # What he reads elsewhere is taken off.
    await window.go(url + BLANK)
    ids = [await like("one"), await like("two")]
    await shows(window, *(["Alice", content, id_] for content, id_ in zip(("one", "two"), ids, strict=True)))
    await send(url, "bob", "POST", "notifications/read", ids=[ids[0]])
    await shows(window, ["Alice", "two", ids[1]])

    # He switches it off, and the push service knows the subscription no more.
    await window.go(f"{url}/#/settings")
    await window.click(SWITCH, SWITCH_TEXT)
    await window.see_none(".setting", "This device")
    assert (await send(url, "bob", "GET", "devices"))["items"] == []
    assert [one.is_gone for one in socket.service.subscriptions.values()] == [True]
    assert set(socket.codes) == {DELIVERED}
    await window.check()
