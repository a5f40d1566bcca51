"""WebKitGTK with its small browser, as they come from Debian, by WebDriver on a display in memory.

A driver has one session, and a session one set of cookies: each window has a driver of its own.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Any, Self

import httpx

import servers

from .webdriver_keys import KEYS
from .window import Window, WindowOpener

ANSWER_SECONDS = 60.0

_NOTE = """() => {
  if (window.complaints) return;
  const noted = (window.complaints = []);
  const note = (...words) => noted.push(words.map(String).join(" "));
  console.error = console.warn = note;
  window.alert = window.confirm = window.prompt = (text) => note("a dialog:", text);
  addEventListener("error", (event) => note("uncaught:", event.message));
  addEventListener("unhandledrejection", (event) => note("uncaught:", event.reason));
  addEventListener("securitypolicyviolation", (event) => note("policy violated:", event.violatedDirective));
}"""


class WebKitWindow(Window):
    """A session of its own driver. WebDriver has no console: complaints are noted once a page has loaded."""

    def __init__(self, driver: Process, client: httpx.AsyncClient) -> None:
        super().__init__()
        self._driver = driver
        self._client = client
        self._session = ""

    @classmethod
    async def start(cls, browser: str, environ: dict[str, str]) -> Self:
        port = servers.free_port()
        driver = await asyncio.create_subprocess_exec(
            *("WebKitWebDriver", f"--port={port}"),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            env=environ,
        )
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_SECONDS, trust_env=False
        )
        window = cls(driver, client)
        options = {
            "binary": browser,
            "args": ["--automation"],
        }
        capabilities = {
            "alwaysMatch": {"webkitgtk:browserOptions": options, "unhandledPromptBehavior": "ignore"}
        }
        answer = await window._until_listening({"capabilities": capabilities})
        window._session = answer["sessionId"]
        await window._send("POST", "window/rect", {"x": 0, "y": 0, "width": 1280, "height": 850})
        return window

    async def go(self, url: str) -> None:
        await self._send("POST", "url", {"url": url})
        await self.call(_NOTE)

    async def reload(self) -> None:
        await self.check()
        await self._send("POST", "refresh", {})
        await self.call(_NOTE)

    async def check(self, *expected: str) -> None:
        self.complaints += await self.call("() => window.complaints?.splice(0) ?? []")
        await super().check(*expected)

    async def call(self, function: str, *arguments: Any) -> Any:
        script = f"""const done = arguments[arguments.length - 1];
          (async () => ({function})(...arguments[0]))().then(
            (value) => done([value ?? null]), (error) => done([null, String(error)]));"""
        answer = await self._send("POST", "execute/async", {"script": script, "args": [list(arguments)]})
        if len(answer) > 1:
            raise RuntimeError(answer[1])
        return answer[0]

    async def click_at(self, x: float, y: float) -> None:
        moves = [
            {"type": "pointerMove", "x": int(x), "y": int(y), "duration": 0},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        await self._act({"type": "pointer", "id": "mouse", "actions": moves})

    async def press(self, key: str) -> None:
        await self._press([key])

    async def type(self, text: str) -> None:
        await self._press(list(text))

    async def screenshot(self, path: Path) -> None:
        self._save(await self._send("GET", "screenshot"), path)

    async def close(self) -> None:
        await self._client.delete(f"/session/{self._session}")
        await self._client.aclose()
        self._driver.terminate()
        await self._driver.wait()

    async def _press(self, keys: list[str]) -> None:
        values = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": value} for value in values for kind in ("keyDown", "keyUp")]
        await self._act({"type": "key", "id": "keyboard", "actions": actions})

    async def _act(self, source: dict[str, Any]) -> None:
        await self._send("POST", "actions", {"actions": [source]})

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = await self._client.request(method, f"/session/{self._session}/{path}", json=body)
        value = answer.json()["value"]
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {value['error']}: {value['message']}")
        return value

    async def _until_listening(self, body: dict[str, Any]) -> Any:
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                try:
                    answer = await self._client.post("/session", json=body)
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
                    continue
                return answer.raise_for_status().json()["value"]


def _mini_browser() -> str:
    """Return the browser that comes with the driver's library."""
    return str(max(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")))


class WebKit(WindowOpener):
    """A display in memory, on which the windows are."""

    name = "webkit"

    def __init__(self, screen: Process, browser: str, environ: dict[str, str]) -> None:
        self._screen = screen
        self._browser = browser
        self._environ = environ
        self._windows: list[WebKitWindow] = []

    @classmethod
    async def start(cls) -> Self:
        servers.browser_path("WebKitWebDriver", package="webkit2gtk-driver")
        screen_path = servers.browser_path("Xvfb", package="xvfb")
        screen = await asyncio.create_subprocess_exec(
            *(screen_path, "-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp", "-noreset"),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
        )
        assert screen.stdout is not None
        async with asyncio.timeout(ANSWER_SECONDS):
            number = (await screen.stdout.readline()).decode().strip()
        home = tempfile.mkdtemp(prefix="lumen-webkit-")
        environ = servers.PLAIN_ENVIRONMENT | {
            "DISPLAY": f":{number}",
            "GDK_BACKEND": "x11",
            "HOME": home,
            "LC_ALL": "C.UTF-8",
        }
        return cls(screen, _mini_browser(), environ)

    async def open(self) -> WebKitWindow:
        window = await WebKitWindow.start(self._browser, self._environ)
        self._windows.append(window)
        return window

    async def close(self) -> None:
        for window in self._windows:
            await window.close()
        self._screen.terminate()
        await self._screen.wait()
        shutil.rmtree(self._environ["HOME"], ignore_errors=True)
