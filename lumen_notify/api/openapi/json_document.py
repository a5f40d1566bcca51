"""JSON document: a description of the API as JSON, made from the routes.

It is made on the first request, because this takes 10 to 200 ms, and in a thread. Neither the start of the
application nor other requests wait for it.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.http.operation import JSON
from lumen_notify.http.route import ApiRoute
from lumen_notify.model import to_json


class JsonDocument(ABC):
    """The document of the routes passed to `write`. Both limits are at least 1."""

    def __init__(self, *, max_content_characters: int, max_batch_rows: int) -> None:
        self.limits = {
            "max_content_characters": max_content_characters,
            "max_batch_rows": max_batch_rows,
        }
        self._routes: Sequence[ApiRoute] = ()
        self._text: bytes | None = None
        self._lock = asyncio.Lock()

    def write(self, routes: Sequence[ApiRoute]) -> None:
        """Take the routes to describe, in their order."""
        self._routes = routes

    async def get(self, _request: Request) -> Response:
        """Answer with the document."""
        async with self._lock:
            if self._text is None:
                self._text = await asyncio.to_thread(self._encode)
        return Response(self._text, headers={"cache-control": "no-cache"}, media_type=JSON)

    def _encode(self) -> bytes:
        return to_json(self.make()).encode()

    @abstractmethod
    def make(self) -> dict[str, object]:
        """Make the document."""
