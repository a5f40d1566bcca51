"""App: it opens once, at a request, a call or a lifespan, and closes all that it opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import lumen_notify
from clients import NOTIFICATIONS, SECRET, Api
from lumen_notify import Lumen, Settings, errors
from lumen_notify.auth import secret_path
from lumen_notify.errors import Invalid, Misconfigured
from lumen_notify.services import Services
from lumen_notify.settings import Secret


@pytest.fixture
async def lumen(sqlite_url: str) -> AsyncIterator[Lumen]:
    """Give an application that is not open yet."""
    lumen = Lumen(Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET)))
    yield lumen
    await lumen.close()


def client(lumen: Lumen) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t")


def is_open(lumen: Lumen) -> bool:
    return lumen._services is not None


async def run_lifespan(lumen: Lumen) -> list[tuple[str, bool]]:
    """Start and end an application as a server does; return each answer, and whether it was open then."""
    asked = iter(("lifespan.startup", "lifespan.shutdown"))
    answers: list[tuple[str, bool]] = []

    async def receive() -> dict[str, Any]:
        return {"type": next(asked)}

    async def send(message: Any) -> None:
        answers.append((message["type"], is_open(lumen)))

    await lumen.app({"type": "lifespan"}, receive, send)
    return answers


async def test_requests_that_come_at_once_open_it_once(lumen: Lumen, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Settings] = []
    open_services = Services.open

    async def counted(settings: Settings, clock: Callable[[], int]) -> Services:
        opened.append(settings)
        return await open_services(settings, clock)

    monkeypatch.setattr(Services, "open", counted)
    async with client(lumen) as http:
        answers = await asyncio.gather(*(http.get("/readyz") for _ in range(3)))
        await lumen.publish("ann", category="like", content="hi")
    assert [answer.status_code for answer in answers] == [200] * 3
    assert opened == [lumen.settings]


async def test_a_call_from_python_opens_it_and_a_notification_is_committed(lumen: Lumen) -> None:
    first = await lumen.publish("ann", category="like", content="one")
    second = await lumen.publish(
        to={"users": ["ann", "bob"]}, category="like", content="two", sender={"id": "shop"}, title="New"
    )
    assert (first.recipients, second.recipients) == (1, 2)
    async with client(lumen) as http:
        items = await Api(http, "ann").pages()
    assert [(item["id"], item["content"], item["sender"]["id"]) for item in items] == [
        (second.id, "two", "shop"),
        (first.id, "one", "system"),
    ]


async def test_a_call_from_python_is_held_to_the_limits_of_requests(lumen: Lumen) -> None:
    with pytest.raises(Invalid) as caught:
        await lumen.publish("ann", category="Like", content="", colour="red")
    assert {fault.field for fault in caught.value.faults} == {"category", "content", "colour"}


async def test_it_makes_tokens_that_it_accepts(lumen: Lumen) -> None:
    alice = lumen.token("alice", ttl=timedelta(minutes=5), name="Alice")
    app = lumen.token("app", ttl=60, scope="notify:publish notify:admin")
    async with client(lumen) as http:
        body = {"to": {"user": "bob"}, "category": "like", "content": "hi"}
        for token, status in ((app, 201), (alice, 403)):
            headers = {"authorization": f"Bearer {token}"}
            assert (await http.post(NOTIFICATIONS, json=body, headers=headers)).status_code == status
    assert lumen.token("app", scope=["notify:publish"])


def test_a_token_is_refused_if_it_would_not_be_accepted(lumen: Lumen, sqlite_url: str) -> None:
    with pytest.raises(Invalid, match="128"):
        lumen.token("x" * 129)
    remote = Lumen(Settings(database_url=sqlite_url, jwt_jwks_url="https://keys.example/set"))
    with pytest.raises(
        Misconfigured, match="LUMEN_JWT_SECRET: is not set, so this server cannot make tokens"
    ):
        remote.token("alice")


def test_the_package_exports_all_errors() -> None:
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    exported = kinds - {"Self", "Sequence"}
    assert exported <= set(lumen_notify.__all__)
    assert all(getattr(lumen_notify, name) is getattr(errors, name) for name in exported)


async def test_the_lifespan_of_a_server_opens_and_closes_it(lumen: Lumen) -> None:
    assert await run_lifespan(lumen) == [
        ("lifespan.startup.complete", True),
        ("lifespan.shutdown.complete", False),
    ]


async def test_a_server_with_wrong_settings_does_not_start(lumen: Lumen, tmp_path: Path) -> None:
    lumen.settings = lumen.settings.with_(categories=tmp_path / "missing.toml")
    assert await run_lifespan(lumen) == [("lifespan.startup.failed", False)]


async def test_the_lifespan_of_an_application_opens_and_closes_it(lumen: Lumen) -> None:
    async with lumen.lifespan():
        assert is_open(lumen)
    assert not is_open(lumen)


async def test_without_a_key_it_keeps_a_secret_beside_the_database(sqlite_url: str) -> None:
    settings = Settings(database_url=sqlite_url)
    first, again = Lumen(settings), Lumen(settings)
    assert first.settings.has_verification_key
    assert first.settings.jwt_secret == again.settings.jwt_secret
    assert secret_path(settings).is_file()
