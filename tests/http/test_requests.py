"""Requests: what is wrong with a query is told by the parameter's name, on every database alike."""

from __future__ import annotations

import httpx
import pytest

from clients import SECRET, token
from lumen_notify import Lumen, Settings


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("category=%00", "category"),
        ("category=Like", "category"),
        ("category=", "category"),
        ("limit=0", "limit"),
        ("limit=%D9%A3", "limit"),
        ("cursor=-1", "cursor"),
        ("unread=yes", "unread"),
        ("sort=up", "sort"),
    ],
)
async def test_wrong_parameter_is_refused_by_name(database_url: str, query: str, field: str) -> None:
    environ = {"LUMEN_DATABASE_URL": database_url, "LUMEN_JWT_SECRET": SECRET}
    async with (
        Lumen(Settings.from_env(environ)) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as client,
    ):
        answer = await client.get(
            f"/api/v1/notifications?{query}", headers={"Authorization": f"Bearer {token('alice')}"}
        )
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
