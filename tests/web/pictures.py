"""Pictures of pages, for people to look at, in the folder LUMEN_TEST_PICTURES or `test-pictures`."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page

ROOT = Path(__file__).parents[2]


def folder() -> Path:
    """Return the folder, which exists then."""
    path = Path(os.environ.get("LUMEN_TEST_PICTURES") or ROOT / "test-pictures")
    path.mkdir(parents=True, exist_ok=True)
    return path


async def keep_picture(page: Page, name: str) -> None:
    """Keep what the page shows now, without motion."""
    await page.screenshot(path=folder() / f"{name}.png", animations="disabled")
