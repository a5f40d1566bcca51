"""JSON document: it is made on the first request, once, in a thread."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest

from lumen_notify import Lumen
from lumen_notify.api.openapi.json_document import JsonDocument


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json"])
async def test_document_is_made_on_the_first_request_once_and_in_a_thread(
    lumen: Lumen, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    threads: list[int] = []
    encode = JsonDocument._encode

    def counted(document: JsonDocument) -> bytes:
        threads.append(threading.get_ident())
        return encode(document)

    monkeypatch.setattr(JsonDocument, "_encode", counted)
    transport = httpx.ASGITransport(lumen.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert threads == []
        answers = await asyncio.gather(*(client.get(path) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()
