"""Windows: each browser finds, clicks and types through shadow roots, and reports what its console says."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import HTMLResponse

from clients import serve

from .conftest import OpenWindow

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>Windows</title><x-form></x-form><script>
customElements.define('x-form', class extends HTMLElement {
  connectedCallback() {
    const root = this.attachShadow({ mode: 'open' });
    const [field, button] = ['input', 'button'].map((tag) => document.createElement(tag));
    field.setAttribute('aria-label', 'Name');
    button.textContent = 'Greet';
    button.onclick = () => {
      root.append(document.createElement('p'));
      root.lastChild.textContent = field.value;
    };
    root.append(field, button);
  }
});
</script>"""


async def test_window_finds_clicks_and_types_within_shadow_roots(open_window: OpenWindow) -> None:
    async with serve(HTMLResponse(PAGE)) as url:
        window = await open_window()
        await window.go(url)
        await window.write("x-form >> input", "Ada")
        assert await window.value("input") == "Ada"
        assert await window.focused() == "Name"
        await window.click("button", "Greet")
        await window.see("x-form >> p", "Ada", times=1)
        await window.click("input")
        await window.press("Tab")
        await window.press("Enter")
        await window.see("p", "Ada", times=2)


async def test_window_reports_errors_and_takes_pictures(open_window: OpenWindow, tmp_path: Path) -> None:
    async with serve(HTMLResponse(PAGE)) as url:
        window = await open_window()
        await window.go(url)
        await window.call("() => { console.error('one'); setTimeout(() => { throw new Error('two'); }); }")
        await window.until("() => new Promise((done) => setTimeout(() => done(true)))")
        await window.screenshot(tmp_path / "window.png")
        await window.check("one", "two")
        assert len(window.complaints) == 2
        assert (tmp_path / "window.png").read_bytes().startswith(b"\x89PNG")
