"""Plain: what one would write oneself with Starlette and sse-starlette.

A queue per user stream, an `EventSourceResponse` per stream, unread counts in a dict; uvicorn
with uvloop and httptools. No token is checked, nothing is stored.

    python -m bench.plain PORT
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import uvicorn
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench import frames

queues: dict[str, asyncio.Queue[dict[str, str]]] = {}
unread: dict[str, int] = {}
position = 0


async def stream(request: Request) -> EventSourceResponse:
    """Open the stream of a user; his token stands for his name."""
    user = request.query_params["token"]
    queue = queues[user] = asyncio.Queue()
    unread.setdefault(user, 0)

    async def events() -> AsyncIterator[dict[str, str]]:
        try:
            yield {"event": "ready", "data": json.dumps({"unread_count": unread[user]}), "id": str(position)}
            while True:
                yield await queue.get()
        finally:
            del queues[user]

    return EventSourceResponse(events(), sep="\n", ping=3600)


async def publish(request: Request) -> JSONResponse:
    """Put the notification into every queue, each with the user's own count."""
    global position  # noqa: PLW0603 - plain is what it is
    content = (await request.json())["content"]
    position += 1
    event_id = f"{frames.EPOCH}-{position}"
    for user, queue in queues.items():
        unread[user] += 1
        queue.put_nowait({"id": event_id, "data": frames.notification_json(content, unread[user])})
    return JSONResponse({"id": frames.ID, "recipients": None, "position": position}, status_code=201)


app = Starlette(
    routes=[
        Route("/api/v1/notifications/stream", stream),
        Route("/api/v1/notifications", publish, methods=["POST"]),
    ]
)

if __name__ == "__main__":
    uvicorn.run(
        app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False
    )
