"""docs/browser.md, followed literally: from a FastAPI application to a bell."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from applications import Application
from clients import SECRET
from conftest import StartServer
from pages import blocks, section
from programs import program
from servers import free_port, temporary

WITHIN_MS = 30_000
RUN_SECONDS = 60

GUIDE = "From a FastAPI application to a bell"
SERVER, APPLICATION = "127.0.0.1:8000", "127.0.0.1:8001"


def block(kind: str, title: str, place: int = 0) -> str:
    return blocks(section(title), kind)[place][1]


def assigned(name: str, commands: str) -> str:
    """Return the value of a variable that stands before a command."""
    words = shlex.split(commands, comments=True)
    return next(word.partition("=")[2] for word in words if word.startswith(f"{name}="))


@pytest.mark.browser
async def test_a_fastapi_application_gets_a_bell(
    browser: Browser, start_server: StartServer, tmp_path: Path
) -> None:
    port = free_port()
    application = f"127.0.0.1:{port}"
    origin = assigned("LUMEN_CORS_ORIGINS", block("sh", "Start the server")).replace(APPLICATION, application)
    server = await asyncio.to_thread(start_server, LUMEN_JWT_SECRET=SECRET, LUMEN_CORS_ORIGINS=origin)

    def here(text: str) -> str:
        return text.replace(SERVER, f"127.0.0.1:{server.port}").replace(APPLICATION, application)

    (tmp_path / "photos.py").write_text(here(block("python", "Mint a token, and publish")))
    existing = "<!doctype html>\n<html lang=en><title>Photos</title>\n<h1>Photos</h1>\n"
    (tmp_path / "index.html").write_text(existing + here(block("html", "Put the bell on the page")))
    command = block("sh", "Look at it").replace("--port 8001", f"--port {port}").split()
    like = here(block("sh", "Look at it", 1))

    complaints: list[str] = []
    environ = {"LUMEN_JWT_SECRET": SECRET}
    with temporary(Application(tmp_path, ["-m", *command], port=port, environ=environ)) as photos:
        page = await browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(photos.url)
        badge = page.locator("lumen-bell [part=badge]")
        await expect(page.locator("lumen-bell [part=button]")).to_be_visible(timeout=WITHIN_MS)
        await expect(badge).to_be_hidden()
        for count in ("1", "2"):
            await asyncio.to_thread(run, like)
            await expect(badge).to_have_text(count, timeout=WITHIN_MS)
        await page.locator("lumen-bell [part=button]").click()
        await expect(page.locator("lumen-bell [part=item]")).to_have_count(2, timeout=WITHIN_MS)
        await expect(page.locator("lumen-bell [part=list]")).to_contain_text("liked your photo")
        await page.close()
    assert complaints == []


def run(command: str) -> None:
    program("curl")
    subprocess.run(["sh", "-ec", command], check=True, timeout=RUN_SECONDS, capture_output=True)
