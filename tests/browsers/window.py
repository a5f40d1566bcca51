"""Window: what a test does in a window of any browser, through open shadow roots, by real clicks and keys.

Each browser adds how it loads a page, calls a function there, and moves pointer and keyboard. A selector is
CSS; `>>` stands between an element and what is within it, its shadow root included. Only what is visible is
found. A deadline here is for a machine that is busy.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

WITHIN_SECONDS = 30.0
"""How long a busy machine may take until the page shows what it must."""

POLL_SECONDS = 0.05

_FIND = """
const all = (root, css) => [
  ...root.querySelectorAll(css),
  ...[...root.querySelectorAll("*")].flatMap((child) => (child.shadowRoot ? all(child.shadowRoot, css) : [])),
];
const within = (root, css) => [...(root.shadowRoot ? all(root.shadowRoot, css) : []), ...all(root, css)];
const isVisible = (element) => {
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true });
};
const textOf = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) return "";
  if (node instanceof Element && (!node.checkVisibility() || node.matches("style, script"))) return "";
  const children = node.shadowRoot ? node.shadowRoot.childNodes : node.childNodes;
  const block = node instanceof Element && !getComputedStyle(node).display.startsWith("inline");
  return [...children].map(textOf).join("") + (block ? " " : "");
};
const nameOf = (element) =>
  [element.getAttribute("aria-label"), element.placeholder, element.labels?.[0] && textOf(element.labels[0])]
    .concat(textOf(element)).filter(Boolean).join(" ").replace(/\\s+/g, " ").trim();
const find = (selector, text) => selector.split(">>")
  .reduce((roots, css) => [...new Set(roots.flatMap((root) => within(root, css.trim())))], [document])
  .filter((element) => isVisible(element) && (text === null || nameOf(element).includes(text)));
"""

_TEXTS = _FIND + "return find(selector, text).map(nameOf);"
_PLACE = (
    _FIND
    + """
const element = find(selector, text)[0];
if (!element || element.disabled) return null;
element.scrollIntoView({ block: "nearest", inline: "nearest" });
const box = element.getBoundingClientRect();
const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
let hit = document.elementFromPoint(x, y);
for (let inner; (inner = hit?.shadowRoot?.elementFromPoint(x, y)) && inner !== hit; ) hit = inner;
for (let above = hit; above; above = above.parentNode ?? above.host) if (above === element) return [x, y];
return null;
"""
)
_VALUE = _FIND + "return find(selector, text)[0]?.value ?? null;"
_FOCUSED = (
    _FIND
    + """
let element = document.activeElement;
while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
return element && element !== document.body ? nameOf(element) : "";
"""
)


class Window(ABC):
    """One window, with cookies and storage of its own.

    complaints: console errors and warnings, uncaught exceptions, violations of the policy and dialogs.
    """

    def __init__(self) -> None:
        self.complaints: list[str] = []

    @abstractmethod
    async def go(self, url: str) -> None:
        """Load a page."""

    @abstractmethod
    async def reload(self) -> None:
        """Load the page again."""

    @abstractmethod
    async def call(self, function: str, *arguments: Any) -> Any:
        """Call a JavaScript function in the page. Arguments and result are JSON; a promise is awaited."""

    @abstractmethod
    async def click_at(self, x: float, y: float) -> None:
        """Press and release the pointer at a place of the viewport, in CSS pixels."""

    @abstractmethod
    async def press(self, key: str) -> None:
        """Press and release a key: a character, or a name of UI Events such as `Enter`."""

    @abstractmethod
    async def screenshot(self, path: Path) -> None:
        """Write a picture of the viewport as PNG."""

    @abstractmethod
    async def close(self) -> None: ...

    async def type(self, text: str) -> None:
        """Type where the focus is."""
        for character in text:
            await self.press(character)

    async def texts(self, selector: str, text: str | None = None) -> list[str]:
        """Return name and text of each matching element, white space collapsed. text: they contain it."""
        found: list[str] = await self._look(_TEXTS, selector, text)
        return found

    async def see(self, selector: str, text: str | None = None, *, times: int | None = None) -> None:
        """Wait for an element. times: wait until exactly so many match."""

        async def is_there() -> bool:
            count = len(await self.texts(selector, text))
            return count == times if times is not None else count > 0

        await self._until(is_there, f"{times if times is not None else 'any'} of {selector!r} with {text!r}")

    async def see_none(self, selector: str, text: str | None = None) -> None:
        await self.see(selector, text, times=0)

    async def click(self, selector: str, text: str | None = None) -> None:
        """Click the first matching element, once nothing covers it."""
        place: list[float] | None = None

        async def is_reachable() -> bool:
            nonlocal place
            before, place = place, await self._look(_PLACE, selector, text)
            return place is not None and place == before  # it does not move any more

        await self._until(is_reachable, f"{selector!r} with {text!r} to click")
        assert place is not None
        await self.click_at(*place)

    async def write(self, selector: str, text: str) -> None:
        """Click a field and type."""
        await self.click(selector)
        await self.type(text)

    async def value(self, selector: str) -> str | None:
        found: str | None = await self._look(_VALUE, selector)
        return found

    async def focused(self) -> str:
        """Return the name of the element that has the focus; "" without one."""
        name: str = await self._look(_FOCUSED)
        return name

    async def until(self, function: str, *arguments: Any) -> None:
        """Wait until a function in the page returns something true."""

        async def is_so() -> bool:
            return bool(await self.call(function, *arguments))

        await self._until(is_so, function)

    async def check(self, *expected: str) -> None:
        """Fail on complaints. expected: regular expressions of those that the test provoked."""
        unexpected = [text for text in self.complaints if not any(re.search(e, text) for e in expected)]
        if unexpected:
            raise AssertionError(f"the browser complained: {unexpected}")

    async def _until(self, is_so: Any, what: str) -> None:
        deadline = time.monotonic() + WITHIN_SECONDS
        while not await is_so():
            if time.monotonic() > deadline:
                shown = await self.texts("body")
                raise AssertionError(f"no {what}; complaints: {self.complaints}; the page: {shown}")
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self, body: str, selector: str = "", text: str | None = None) -> Any:
        return await self.call(f"(selector, text) => {{ {body} }}", selector, text)

    @staticmethod
    def _save(picture: str, path: Path) -> None:
        path.write_bytes(base64.b64decode(picture))


class WindowOpener(ABC):
    """A running browser."""

    name: str

    @abstractmethod
    async def open(self) -> Window:
        """Open a window that shares nothing with the others."""

    @abstractmethod
    async def close(self) -> None:
        """End the browser and its windows."""
