"""Demo text: a link, a token and commands that use the server's own URL and secret."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from lumen_notify.auth import PUBLISH, Verifier
from lumen_notify.cli.demo_text import PUBLISHER, RECIPIENT, demo_text, start_text
from lumen_notify.settings import Secret, Settings

SECRET = "a secret of at least thirty-two bytes"


def test_its_tokens_are_the_recipients_and_the_publishers() -> None:
    settings = Settings(jwt_secret=Secret(SECRET))
    text = demo_text(settings, "http://127.0.0.1:8001")
    verifier = Verifier.from_settings(settings)
    tokens = re.findall(r"eyJ[\w.-]+", text)
    principals = [asyncio.run(verifier.verify(token)) for token in tokens]
    scopes = {principal.user_id: principal.scopes for principal in principals}
    assert scopes == {RECIPIENT: frozenset(), PUBLISHER: frozenset({PUBLISH})}
    assert text.count("http://127.0.0.1:8001/api/v1/notifications") == 3


def test_the_commands_work_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    command = f"cd '{folder}' && lumen-notify token alice"
    settings = Settings(jwt_secret=Secret(SECRET))
    assert command in demo_text(settings, "http://127.0.0.1:8000")
    assert start_text(settings, "http://x").splitlines()[-1].strip() == command
    assert "issuer" in start_text(Settings(jwt_jwks_url="https://keys.example/set"), "http://x")
