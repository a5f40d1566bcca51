"""The page at `/admin`: an administrator finds a user, sends to all, ends streams; by keyboard, on a phone,
in each look. One server and one browser for all cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from lumen_notify.auth import PUBLISH, mint
from servers import RunningServer, server_folder, temporary

from .admin_page import WITHIN_MS, AdminPage
from .chromium import Chromium, ChromiumWindow
from .person import SECRET, Person
from .test_states import LOOKS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]

HOSTILE = "<img src=x onerror=alert(1)> \u202egnirts"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """Give a server with the users of the demo."""
    environ = {"LUMEN_JWT_SECRET": SECRET}
    with temporary(RunningServer(server_folder("admin"), arguments=["--demo"], environ=environ)) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    """Give a browser for all cases."""
    browser = await Chromium.start()
    yield browser
    await browser.close()


@pytest.fixture(scope="module")
def hostile(server: RunningServer) -> None:
    """Make a room, a message, a category and scheduled notifications, with names that are markup."""
    token = mint(SECRET, HOSTILE, ttl_seconds=600, scopes=[PUBLISH, "notify:admin"])
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.url}/api/v1/", headers=headers, trust_env=False, timeout=60) as api:
        api.post("rooms", json={"id": "hostile", "title": HOSTILE, "members": ["bob"]}).raise_for_status()
        api.post("rooms/hostile/messages", json={"content": HOSTILE}).raise_for_status()
        api.put("categories/security", json={"may_mute": False, "priority": "high"}).raise_for_status()
        for title, content in ((HOSTILE, HOSTILE), (None, "word " * 300)):
            body = {"to": {"user": HOSTILE}, "category": "system", "content": content, "title": title}
            api.post("notifications", json=body).raise_for_status()
            api.post("notifications", json={**body, "deliver_at": in_days(30)}).raise_for_status()


def in_days(days: int) -> str:
    at = datetime.now(UTC) + timedelta(days=days)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_admin_finds_a_user_sends_to_all_and_ends_their_streams(
    server: RunningServer, chromium: Chromium
) -> None:
    alice = Person("Alice", await chromium.open())
    await alice.sign_in(server.url)
    admin = AdminPage(await chromium.open(), server.url)
    await admin.sign_in()
    await expect(admin.tile("Open streams")).to_have_text("1", timeout=WITHIN_MS)

    await admin.page.get_by_role("link", name="Users").click()
    await admin.page.get_by_role("searchbox").fill("ali")
    await admin.main.get_by_role("link", name="Alice").click()
    await admin.sees(admin.main.get_by_role("heading", name="Alice"))
    await admin.sees(admin.main.get_by_text("Welcome to lumen-notify"))

    await admin.page.get_by_role("link", name="Send", exact=True).click()
    await admin.main.get_by_label("Content").fill(f"Back at noon {HOSTILE}")
    await expect(admin.main.locator(".reach")).to_contain_text("Reaches", timeout=WITHIN_MS)
    await admin.main.get_by_role("button", name="Review").click()
    await admin.dialog.get_by_role("button", name="Send to").click()
    await admin.says("Sent to")
    await alice.window.see("lumen-bell >> .toast", f"Back at noon {HOSTILE}")

    await admin.go("users/alice")
    await admin.main.get_by_role("button", name="End all streams").click()
    await admin.dialog.get_by_role("button", name="End all streams").click()
    await admin.says("were ended")
    await alice.window.see("h1", "Sign in")
    await expect(admin.main).to_contain_text("The user has no open stream.", timeout=WITHIN_MS)
    await admin.go("audit")
    for action in ("Streams ended", "Notification published"):
        await admin.sees(admin.main.get_by_text(action))
    await admin.go("overview")
    await expect(admin.tile("Open streams")).to_have_text("0", timeout=WITHIN_MS)
    await admin.sees(admin.main.get_by_text("Signed out"))  # among the reasons of closed streams
    await admin.window.check()
    await alice.window.check()
    await alice.window.close()
    await admin.window.close()


async def test_admin_is_used_by_keyboard_alone(server: RunningServer, chromium: Chromium) -> None:
    admin = AdminPage(await chromium.open(), server.url)
    await admin.page.goto(f"{server.url}/admin")
    await admin.sees(admin.page.get_by_role("heading", name="Administration"))
    await admin.window.type(mint(SECRET, "root", ttl_seconds=600))  # the field of the token has the focus
    await admin.window.press("Enter")
    await admin.sees(admin.page.get_by_role("alert").filter(has_text="notify:admin"))
    await admin.window.type(mint(SECRET, "root", ttl_seconds=600, scopes=["notify:admin"]))
    await admin.window.press("Enter")
    await admin.is_live()

    await reach(admin.window, "Categories")
    await admin.window.press("Enter")
    await admin.sees(admin.main.get_by_role("heading", name="Categories"))
    await reach(admin.window, "New category")
    await admin.window.press("Enter")
    await admin.sees(admin.dialog)
    await admin.window.press("Escape")
    await expect(admin.dialog).to_have_count(0)
    assert "New category" in await admin.window.focused()
    await admin.window.press("Enter")
    await reach(admin.window, "Name")
    await admin.window.type("news")
    await admin.window.press("Enter")
    await admin.says("The category news was saved.")
    await reach(admin.window, "Delete news")
    await admin.window.press("Enter")
    await reach(admin.window, "Delete")
    await admin.window.press("Enter")
    await admin.says("The definition of news was deleted.")
    await reach(admin.window, "Menu of root", "Shift+Tab")
    await admin.window.press("Enter")
    await reach(admin.window, "Sign out", "ArrowDown")
    await admin.window.press("Enter")
    await admin.sees(admin.page.get_by_role("heading", name="Administration"))
    await admin.window.check()
    await admin.window.close()


async def reach(window: ChromiumWindow, name: str, key: str = "Tab", *, steps: int = 60) -> None:
    """Press a key until the focus is on what has this name."""
    for _ in range(steps):
        if name in await window.focused():
            return
        await window.press(key)
    raise AssertionError(f"no {name!r} after {steps} times {key}; at {await window.focused()!r}")


PLACES = ("overview", "users", "send", "scheduled", "rooms", "rooms/hostile", "categories", "push", "audit")


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("look", ["light", "dark", "phone", "phone-dark-zh-Hant"])
async def test_axe_finds_nothing_at_any_place_and_pictures_are_kept(
    server: RunningServer, chromium: Chromium, look: str
) -> None:
    admin = AdminPage(await chromium.open(**LOOKS[look]), server.url)
    await admin.page.goto(f"{server.url}/admin")
    await admin.sees(admin.page.locator("input[name=token]"))
    faults = await admin.keep("sign-in", look)
    await admin.sign_in()
    for place in PLACES:
        await admin.go(place)
        faults += await admin.keep(place.replace("/", "-"), look)
    await admin.page.evaluate("(user) => { location.hash = `#/users/${encodeURIComponent(user)}`; }", HOSTILE)
    await admin.sees(admin.main.locator("h1", has_text=HOSTILE))
    faults += await admin.keep("user", look)
    await admin.page.route("**/api/v1/**", lambda route: route.abort())
    await admin.page.reload()
    await admin.sees(admin.page.locator(".strip"))
    await admin.go("rooms")
    await admin.sees(admin.main.get_by_role("alert"))
    faults += await admin.keep("interrupted", look)
    await admin.page.unroute("**/api/v1/**")
    await admin.window.call("() => window.dispatchEvent(new Event('online'))")
    await admin.is_live()
    assert faults == []
    await admin.window.check("net::ERR_")
    await admin.window.close()
