"""ASGI client: calls the application without a socket, since each step makes about seventy requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.types import ASGIApp, Message


class AsgiClient:
    """The part of `httpx.AsyncClient` that `Api` needs, ten times as fast."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def get(
        self, path: str, *, headers: Mapping[str, str], params: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        return await self.request("GET", path, headers=headers, params=params)

    async def post(self, path: str, *, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        return await self.request("POST", path, headers=headers, content=content)

    async def put(self, path: str, *, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        return await self.request("PUT", path, headers=headers, content=content)

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Make one request and read the whole response."""
        body = content or b""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": urlencode(params or {}).encode(),
            "headers": [
                *((name.lower().encode(), value.encode()) for name, value in headers.items()),
                (b"host", b"here"),
                (b"content-length", b"%d" % len(body)),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        came: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            came.append(message)

        await self._app(scope, receive, send)
        start, *parts = came
        return httpx.Response(start["status"], content=b"".join(part.get("body", b"") for part in parts))
