"""Firefox, as it comes from Debian, by WebDriver BiDi: without a driver beside it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import servers
from clients import eventually_true

from .bidi import BiDi
from .chromium import WATCH_POLICY
from .webdriver_keys import KEYS
from .window import WITHIN_SECONDS, Window, WindowOpener

START_SECONDS = 60.0

_NOTIFICATION = "chrome://global/content/alerts/alert.xhtml"
_CLICK = """
() => {
  const box = document.getElementById("alertBox");
  const labels = [...box.querySelectorAll("*")].map((element) => element.value ?? element.textContent);
  const isIt = labels.some((label) => label?.includes(%s));
  if (isIt) box.click();
  return isIt;
}
"""

_CALL = "async (all) => JSON.stringify((await (%s)(...JSON.parse(all))) ?? null)"

PREFERENCES = {
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.type": 0,
    "remote.prefs.recommended": True,
    "toolkit.telemetry.server": "",
}
"""Nothing of it speaks to anyone but the server of the test."""


class FirefoxWindow(Window):
    """A tab in a user context of its own."""

    def __init__(self, bidi: BiDi, user_context: str, context: str) -> None:
        super().__init__()
        self._bidi = bidi
        self._user_context = user_context
        self._context = context

    async def go(self, url: str) -> None:
        await self._bidi.send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def reload(self) -> None:
        await self._bidi.send("browsingContext.reload", context=self._context, wait="complete")

    async def call(self, function: str, *arguments: Any) -> Any:
        answer = await self._bidi.send(
            "script.callFunction",
            functionDeclaration=_CALL % function,
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] != "success":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def click_at(self, x: float, y: float) -> None:
        moves = [
            {"type": "pointerMove", "x": int(x), "y": int(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        await self._act({"type": "pointer", "id": "mouse", "actions": moves})

    async def press(self, key: str) -> None:
        await self._press([key])

    async def type(self, text: str) -> None:
        await self._press(list(text))

    async def screenshot(self, path: Path) -> None:
        answer = await self._bidi.send("browsingContext.captureScreenshot", context=self._context)
        self._save(answer["data"], path)

    async def close(self) -> None:
        await self._bidi.send("browser.removeUserContext", userContext=self._user_context)

    async def _press(self, keys: list[str]) -> None:
        values = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": value} for value in values for kind in ("keyDown", "keyUp")]
        await self._act({"type": "key", "id": "keyboard", "actions": actions})

    async def _act(self, source: dict[str, Any]) -> None:
        await self._bidi.send("input.performActions", context=self._context, actions=[source])


class Firefox(WindowOpener):
    """A Firefox with a profile of its own."""

    name = "firefox"

    def __init__(self, process: Process, profile: Path) -> None:
        self._process = process
        self._profile = profile
        self._windows: dict[str, FirefoxWindow] = {}
        self._bidi: BiDi

    @classmethod
    async def start(cls, preferences: Mapping[str, Any] | None = None) -> Self:
        """Start it. preferences: besides PREFERENCES."""
        path = servers.browser_path("firefox-esr", "firefox", package="firefox-esr")
        profile = Path(tempfile.mkdtemp(prefix="lumen-firefox-"))
        all_ = {**PREFERENCES, **(preferences or {})}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in all_.items()]
        (profile / "user.js").write_text("\n".join(lines))
        process = await asyncio.create_subprocess_exec(
            path,
            *("--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"),
            "--remote-allow-system-access",  # to the windows of the browser itself: notifications
            *("--width", "1280", "--height", "800"),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            env={
                **servers.PLAIN_ENVIRONMENT,
                "HOME": str(profile),
                "LC_ALL": "C.UTF-8",
                "MOZ_CRASHREPORTER_DISABLE": "1",
            },
        )
        firefox = cls(process, profile)
        async with asyncio.timeout(START_SECONDS):
            url = await firefox._address()
        firefox._bidi = await BiDi.connect(f"{url}/session", firefox._note)
        await firefox._bidi.send(
            "session.subscribe", events=["log.entryAdded", "browsingContext.userPromptOpened"]
        )
        await firefox._bidi.send("script.addPreloadScript", functionDeclaration=f"() => {{ {WATCH_POLICY} }}")
        return firefox

    async def open(self) -> FirefoxWindow:
        user_context = (await self._bidi.send("browser.createUserContext"))["userContext"]
        created = await self._bidi.send("browsingContext.create", type="window", userContext=user_context)
        window = FirefoxWindow(self._bidi, user_context, created["context"])
        self._windows[created["context"]] = window
        await self._bidi.send(
            "browsingContext.setViewport", context=created["context"], viewport={"width": 1280, "height": 800}
        )
        return window

    async def sees_tab(self, url: str) -> None:
        """Wait until a tab has this address."""

        async def is_there() -> bool:
            return url in [one["url"] for one in await self._contexts()]

        await eventually_true(is_there, what=f"a tab at {url}", within_seconds=WITHIN_SECONDS)

    async def click_notification(self, text: str) -> None:
        """Wait for a system notification with a text, and click it."""

        async def is_clicked() -> bool:
            windows = [
                w for w in await self._contexts(**{"moz:scope": "chrome"}) if w["url"] == _NOTIFICATION
            ]
            return any([await self._evaluate(window, _CLICK % json.dumps(text)) for window in windows])

        await eventually_true(is_clicked, what=f"a notification {text!r}", within_seconds=WITHIN_SECONDS)

    async def _contexts(self, **scope: str) -> list[dict[str, Any]]:
        tree = await self._bidi.send("browsingContext.getTree", **scope)
        contexts: list[dict[str, Any]] = tree["contexts"]
        return contexts

    async def _evaluate(self, context: dict[str, Any], function: str) -> Any:
        target = {"context": context["context"]}
        answer = await self._bidi.send(
            "script.callFunction", functionDeclaration=function, target=target, awaitPromise=True
        )
        return answer["result"].get("value")

    async def close(self) -> None:
        await self._bidi.close()
        self._process.terminate()
        await self._process.communicate()
        shutil.rmtree(self._profile, ignore_errors=True)

    async def _address(self) -> str:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            if found := re.search(rb"WebDriver BiDi listening on (ws://\S+)", line):
                return found[1].decode()
        raise RuntimeError("Firefox ended before it listened")

    def _note(self, method: str, event: dict[str, Any]) -> None:
        context = event.get("context") or event.get("source", {}).get("context")
        window = self._windows.get(context)
        if window is None:
            return
        if method == "browsingContext.userPromptOpened":
            window.complaints.append(f"a dialog: {event.get('message')}")
        elif event["level"] in ("error", "warn"):
            window.complaints.append(event["text"])
