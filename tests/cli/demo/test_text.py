"""Text: what the terminal shows, with the server's own URL and secret."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from lumen_notify.api.web import DemoUser
from lumen_notify.auth import ADMIN, PUBLISH, Verifier
from lumen_notify.cli.demo.text import PUBLISHER, demo_text, start_text
from lumen_notify.settings import Secret, Settings

SETTINGS = Settings(jwt_secret=Secret("a secret of at least thirty-two bytes"))
URL = "http://127.0.0.1:8001"
USERS = [DemoUser(username=name.lower(), name=name, password="a made-up one") for name in ("Alice", "Bob")]


def test_the_page_is_first_and_one_command_follows() -> None:
    text = demo_text(SETTINGS, URL, USERS)
    assert text.index(f"Open the page and sign in as Alice or Bob:\n  {URL}/\n") < text.index("curl")
    (link, command) = re.findall(r"eyJ[\w.-]+", text)
    assert text.count(URL) == 3
    assert f"{URL}/admin#token={link}" in text
    principal = asyncio.run(Verifier.from_settings(SETTINGS).verify(command))
    assert (principal.user_id, principal.display_name) == (PUBLISHER, "Bob")
    assert principal.scopes == {PUBLISH}
    assert asyncio.run(Verifier.from_settings(SETTINGS).verify(link)).scopes == {ADMIN, PUBLISH}
    assert "made-up" not in text


def test_without_users_to_sign_in_as_none_is_named() -> None:
    assert "Open the page:\n" in demo_text(SETTINGS, URL, [])


def test_start_says_how_to_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    command = f"cd '{folder}' && lumen-notify token alice"
    assert start_text(SETTINGS, "http://x").splitlines()[-1].strip() == command
    assert "issuer" in start_text(Settings(jwt_jwks_url="https://keys.example/set"), "http://x")
