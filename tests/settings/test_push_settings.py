"""Push settings: what they accept, and what they say about the rest."""

from __future__ import annotations

import base64

import pytest

from lumen_notify.settings import Secret, Settings

from .environments import problems_of


def whsec(size: int) -> str:
    return "whsec_" + base64.b64encode(b"x" * size).decode()


def test_push_is_read_from_the_environment() -> None:
    settings = Settings.from_env(
        {
            "LUMEN_PUSH_PROVIDERS": "Log, webpush",
            "LUMEN_PUSH_CONTENT": "TITLE",
            "LUMEN_PUSH_WEBHOOK_URL": "http://127.0.0.1:9/push",
            "LUMEN_PUSH_WEBHOOK_SECRET": whsec(24),
            "LUMEN_PUSH_VAPID_SUBJECT": "mailto:ops@example.com",
        }
    )
    assert settings.push_providers == ("log", "webpush")
    assert settings.push_content == "title"
    assert settings.push_webhook_secret == Secret(whsec(24))
    assert whsec(24) not in repr(settings)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("LUMEN_PUSH_PROVIDERS", "web push", "must be names in lower case, separated by commas"),
        ("LUMEN_PUSH_PROVIDERS", ",", "must be names in lower case, separated by commas"),
        ("LUMEN_PUSH_PROVIDERS", "off,log", "cannot combine off with names"),
        ("LUMEN_PUSH_WEBHOOK_SECRET", whsec(23), "must be whsec_ and 24 to 64 bytes in base64"),
        ("LUMEN_PUSH_WEBHOOK_SECRET", whsec(65), "must be whsec_ and 24 to 64 bytes in base64"),
        ("LUMEN_PUSH_WEBHOOK_SECRET", "whsec_?", "must be whsec_ and 24 to 64 bytes in base64"),
        ("LUMEN_PUSH_CONTENT", "some", "must be 'full', 'title' or 'none'"),
        (
            "LUMEN_PUSH_VAPID_SUBJECT",
            "ops@example.com",
            "must be an address such as mailto:ops@example.com or https://example.com/contact",
        ),
    ],
)
def test_other_values_are_refused_by_name(name: str, text: str, problem: str) -> None:
    assert problems_of({name: text}) == {name: problem}
