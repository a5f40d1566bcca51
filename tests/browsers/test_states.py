"""States: what the page shows, in light, dark, on a phone and in Chinese: axe-core finds nothing in it, and a
picture of each is kept in `build/screenshots` for people to look at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from conftest import StartServer
from web.axe import violations

from .chromium import ChromiumWindow
from .conftest import OpenChromium
from .person import BELL, SECRET, TEXT, Person
from .test_main_story import publish

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"

PICTURE = r"label-content-name-mismatch: .* \.user-button:"
"""The initial of the user is a picture, which axe-core takes for a part of the button's text."""

LIST_ALONE = r"(landmark-one-main|page-has-heading-one): .* html:"
"""At home, a phone shows the list of rooms alone: navigation, without a main part."""

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": PHONE,
    "phone-dark-zh-Hant": {**PHONE, "color_scheme": "dark", "locale": "zh-TW"},
    "zh-Hans": {"locale": "zh-CN"},
}


class Album:
    """The pictures of one look. faults: what axe-core has found in a state."""

    def __init__(self, window: ChromiumWindow, look: str) -> None:
        self._window = window
        self._look = look
        self.faults: dict[str, list[str]] = {}

    async def keep(self, state: str) -> None:
        """Keep a picture of what is shown now, and check it."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{state}-{self._look}.png"
        await self._window.page.screenshot(path=path, animations="disabled")
        is_list = state == "home" and self._look.startswith("phone")
        accepted = f"{PICTURE}|{LIST_ALONE}" if is_list else PICTURE
        found = [fault for fault in await violations(self._window.page) if not re.match(accepted, fault)]
        if found:
            self.faults[state] = found
        too_wide = await self._window.call("() => document.documentElement.scrollWidth > innerWidth")
        if too_wide:
            self.faults.setdefault(state, []).append("the page scrolls sideways")


@pytest.mark.parametrize("look", LOOKS)
async def test_axe_finds_nothing_in_any_state_and_pictures_are_kept(
    start_server: StartServer, open_chromium: OpenChromium, look: str
) -> None:
    server = start_server("--demo", LUMEN_JWT_SECRET=SECRET)
    window = await open_chromium(**LOOKS[look])
    bob = Person("Bob", window)
    album = Album(window, look)
    await window.go(server.url)
    await window.see("button.demo-user", times=2)
    await album.keep("sign-in")
    await window.click("button.demo-user", "Bob")
    await window.see("a.room", "Tea")
    user_id = await bob.client("client.user.id")
    await publish(server.url, user_id, "commented: the pot is empty")
    await window.see("lumen-bell >> .toast")
    await album.keep("home")

    await window.click(BELL)
    await window.see("lumen-bell >> .row", "the pot is empty")
    await album.keep("bell")
    await window.click("lumen-bell >> [part=settings-button]")
    await window.see("lumen-bell >> .settings select")
    await album.keep("bell-settings")
    await window.press("Escape")

    await window.go(f"{server.url}/#/rooms/tea")
    await window.see(TEXT)
    await bob.say("Is there any tea left? 还有茶吗 https://example.com/teas/jasmine")
    await bob.sees("https://example.com")
    await album.keep("room")
    await window.click("lumen-chat >> header button")
    await window.see("lumen-chat >> .people")
    await album.keep("people")
    await window.press("Escape")

    await bob.client("client.sendDirect('alice', { content: 'Are you there?' })")
    await window.go(f"{server.url}/#/direct/alice")
    await window.see("lumen-chat >> .row", "Are you there?")
    await album.keep("direct")
    await bob.client("client.createRoom({ id: 'biscuits', title: 'Biscuits', kind: 'private' })")
    await window.go(f"{server.url}/#/rooms/biscuits")
    await window.see("lumen-chat >> .empty strong")
    await album.keep("empty-room")
    await window.go(f"{server.url}/#/settings")
    await window.see("main select")
    await album.keep("settings")
    await window.go(f"{server.url}/#/rooms/nowhere")
    await window.see("main h2, main h1")
    await album.keep("no-room")
    await window.click(".user-button")
    await window.see("[role=menu]")
    await album.keep("menu")
    await window.press("Escape")
    server.kill()
    await window.go(f"{server.url}/#/rooms/tea")
    await window.see(".strip")
    await album.keep("no-server")
    assert album.faults == {}
    await window.check("net::ERR_", "status of 404")
