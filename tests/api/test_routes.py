"""Routes: an API path answers for itself, and not for the page."""

from __future__ import annotations

import httpx
import pytest

from lumen_notify import Lumen, Settings


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", "/api/v1/nothing", 404, None),
        ("DELETE", "/api/v1/notifications", 405, {"GET", "HEAD", "POST"}),
        ("GET", "/api/v1/notifications/read", 405, {"POST"}),
        ("PATCH", "/api/v1/notifications/unread", 405, {"GET", "HEAD", "POST"}),
    ],
)
async def test_api_path_answers_for_itself_and_not_for_the_page(
    sqlite_url: str, method: str, path: str, status: int, allow: set[str] | None
) -> None:
    environ = {"LUMEN_DATABASE_URL": sqlite_url, "LUMEN_JWT_SECRET": "x" * 40}
    async with (
        Lumen(Settings.from_env(environ)) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as client,
    ):
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert allow is None or set(answer.headers["allow"].split(", ")) == allow
