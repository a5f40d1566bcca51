"""Keyboard: the whole story without a pointer."""

from __future__ import annotations

import pytest

from conftest import StartServer

from .conftest import OpenChromium
from .person import PANEL, ROW, SECRET, TEXT, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MAX_STEPS = 60
"""How often Tab may be pressed until something is reached."""


async def reach(person: Person, name: str, key: str = "Tab") -> None:
    """Press a key until the focus is on what has this name."""
    for _ in range(MAX_STEPS):
        if name in await person.window.focused():
            return
        await person.window.press(key)
    raise AssertionError(f"no {name!r} after {MAX_STEPS} times {key}; at {await person.window.focused()!r}")


async def test_everything_is_reached_by_keyboard(
    start_server: StartServer, open_chromium: OpenChromium
) -> None:
    server = start_server("--demo", LUMEN_JWT_SECRET=SECRET)
    alice = Person("Alice", await open_chromium())
    await alice.sign_in(server.url)
    bob = Person("Bob", await open_chromium())
    window = bob.window

    # Sign in, pass the list, open a room and write.
    await window.go(server.url)
    await reach(bob, "Continue as Bob")
    await window.press("Enter")
    await window.see("a.room")
    await reach(bob, "Tea")
    await window.press("Enter")
    await window.see(TEXT)
    await reach(bob, "Message Tea")
    await window.type("by keyboard")
    await window.press("Enter")
    await bob.sees("by keyboard")

    # Correct it, go up to a message of someone else, and reply.
    await window.press("ArrowUp")
    await window.type(" alone")
    await window.press("Enter")
    await bob.sees("by keyboard alone")
    await alice.enter("Tea")
    await alice.say("well done")
    await bob.sees("well done")
    await reach(bob, "Alice, ", "Shift+Tab")
    await window.press("End")
    assert "well done" in await window.focused()
    await window.press("Enter")
    await reach(bob, "Reply")
    await window.press("Enter")
    await window.see("lumen-chat >> .mode", "well done")
    await window.type("thanks")
    await window.press("Enter")
    await window.see("lumen-chat >> .quote", "well done")

    # Open the bell, read a notification, archive one, and close it: the focus is where it was.
    await reach(bob, "Notifications", "Shift+Tab")
    await window.press("Enter")
    await window.see(PANEL)
    await window.see("lumen-bell >> .row")
    rows = len(await window.texts("lumen-bell >> .row"))
    await window.until("() => document.activeElement?.shadowRoot?.activeElement?.closest('.row') !== null")
    await window.press("ArrowDown")
    await window.press("e")
    await window.see("lumen-bell >> .row", times=rows - 1)
    await window.press("Escape")
    await window.see_none(PANEL)
    assert "Notifications" in await window.focused()

    # The menu, the settings, and out.
    await reach(bob, "Menu of Bob")
    await window.press("Enter")
    await reach(bob, "Settings", "ArrowDown")
    await window.press("Enter")
    await window.see("main h1", "Settings")
    await reach(bob, "Menu of Bob", "Shift+Tab")
    await window.press("Enter")
    await reach(bob, "Sign out", "ArrowDown")
    await window.press("Enter")
    await window.see("button", "Continue as Bob")
    assert len(await alice.window.texts(ROW, "thanks")) == 1
    await window.check()
