"""Requests: what is wrong with a query is told by the parameter's name, on every database alike."""

from __future__ import annotations

from typing import Literal

import httpx
import pytest
from pydantic import BaseModel, Field, TypeAdapter

from clients import SECRET, token
from lumen_notify import Invalid, Lumen, Settings
from lumen_notify.http.requests import parse


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


class _Body(BaseModel, extra="forbid"):
    content: str = Field(min_length=1)
    rooms: list[int] = Field(default=[], max_length=1)
    priority: Literal["low", "high"] = "low"
    data: dict[str, int] = {}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{}", "`content` is required"),
        ('{"content": "a", "new": 1}', "`new` is not a known field"),
        ('{"content": ""}', "`content` must have at least 1 character"),
        ('{"content": 5}', "`content` must be a valid string"),
        ('{"content": "a", "rooms": [1, 2]}', "`rooms` must have at most 1 item after validation, not 2"),
        ('{"content": "a", "priority": "big"}', "`priority` must be 'low' or 'high'"),
        ('{"content": "a", "data": []}', "`data` must be an object"),
        ("[]", "`body` must be an object"),
        ("content", "`body` is not valid JSON: expected value at line 1 column 1"),
    ],
)
def test_problem_of_a_field_completes_the_sentence_that_its_name_begins(body: str, text: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse(TypeAdapter(_Body), body.encode())
    (fault,) = raised.value.faults
    assert f"`{fault.field}` {fault.message}" == text
