"""Client: call a lumen-notify server from another process, without running one.

    from lumen_notify.client import Client

    with Client("https://notify.example", token=new_token) as notify:
        notify.publish("alice", category="like", content="liked your photo")

    client         `Client`, for threads
    async_client   `AsyncClient`, for asyncio
    calls          the requests: method, path, body, and whether one may be sent twice
    retries        when a request is sent again
    problems       error responses as the exceptions of `lumen_notify.errors`
    results        responses as values
    stream         `Stream` and `AsyncStream`, which reconnect from their cursor
    stream_state   the cursor and the reconnects of a stream
    frames         what a stream yields
    server         the address of the server, and the caller's token

Promise: importing it imports httpx, httpx-sse and `lumen_notify.errors`, and nothing of the server.
"""

from lumen_notify.client.async_client import AsyncClient
from lumen_notify.client.client import Client
from lumen_notify.client.frames import (
    CaughtUpFrame,
    ClosingFrame,
    DigestFrame,
    ExpiringFrame,
    Frame,
    MarkFrame,
    MessageFrame,
    NotificationFrame,
    ReadyFrame,
    RemovalFrame,
    ResetFrame,
    RoomReadFrame,
)
from lumen_notify.client.results import (
    Counts,
    Marked,
    Notification,
    Presence,
    Published,
    Sender,
    SentMessage,
)
from lumen_notify.client.stream import AsyncStream, Stream
from lumen_notify.client.stream_state import Interruption

__all__ = [
    "AsyncClient",
    "AsyncStream",
    "CaughtUpFrame",
    "Client",
    "ClosingFrame",
    "Counts",
    "DigestFrame",
    "ExpiringFrame",
    "Frame",
    "Interruption",
    "MarkFrame",
    "Marked",
    "MessageFrame",
    "Notification",
    "NotificationFrame",
    "Presence",
    "Published",
    "ReadyFrame",
    "RemovalFrame",
    "ResetFrame",
    "RoomReadFrame",
    "Sender",
    "SentMessage",
    "Stream",
]
