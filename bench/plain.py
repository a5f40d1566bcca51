"""Plain: a minimal application with Starlette and sse-starlette.

It has a queue and an `EventSourceResponse` per stream and unread counts in a dict, on uvicorn with uvloop and
httptools. It checks no tokens and stores nothing.

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

from bench import frame_bytes

queues: dict[str, asyncio.Queue[dict[str, str]]] = {}
unread: dict[str, int] = {}
position = 0


async def stream(request: Request) -> EventSourceResponse:
    """Open the stream of a user; the token serves as the user id."""
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
    """Put the notification into every queue, with each user's own count."""
    global position  # noqa: PLW0603 - kept minimal on purpose
    content = (await request.json())["content"]
    position += 1
    event_id = f"{frame_bytes.EPOCH}-{position}"
    for user, queue in queues.items():
        unread[user] += 1
        queue.put_nowait({"id": event_id, "data": frame_bytes.notification_json(content, unread[user])})
    return JSONResponse({"id": frame_bytes.ID, "recipients": None, "position": position}, status_code=201)


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
