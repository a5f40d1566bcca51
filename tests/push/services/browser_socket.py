"""Browser socket: the WebSocket by which Firefox gets its subscriptions and what is pushed to them.

It is the subset of Mozilla's push protocol that one browser needs, as the autopush book describes it
(mozilla-services.github.io/autopush-rs, "Connection lifecycle" and "Notification lifecycle") and Firefox
speaks it (firefox-source-docs.mozilla.org, "Push"). The other side, where servers send to, is `PushService`.

| browser | service |
|---|---|
| hello, uses web push | hello, with an id of the browser |
| register a channel, for a VAPID key | its endpoint |
| unregister a channel | the same |
| `{}` | `{}`: a ping of the application |
| ack of versions, with a code; nack | nothing |
| | notification: a message for a channel, in base64url |
"""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from push.services.push_service import Message, PushService, Subscription

PROTOCOL = Subprotocol("push-notification")

DELIVERED = 100
"""The code of an ack: the service worker has handled the message without an error."""


class BrowserSocket:
    """Listens on a free port of the loopback address, for one browser. codes: of all acks and nacks."""

    def __init__(self, folder: Path) -> None:
        self.service = PushService(folder, hand_on=self._hand_on)
        self.codes: list[int] = []
        self.url = ""
        self._loop = asyncio.get_running_loop()
        self._channels: dict[str, str] = {}  # endpoint -> channel
        self._connection: ServerConnection | None = None
        self._server: Server
        self._sending: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self.service.__enter__()
        self._server = await serve(self._serve, "127.0.0.1", 0, subprotocols=[PROTOCOL])
        self.url = f"ws://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()
        self.service.__exit__(kind, error, trace)

    def preferences(self) -> dict[str, Any]:
        """Return the preferences of a Firefox that subscribes here, and shows what comes in windows of its
        own."""
        return {
            "alerts.useSystemBackend": False,
            "dom.push.connection.enabled": True,
            "dom.push.serverURL": self.url,
            "dom.push.testing.allowInsecureServerURL": True,
            "permissions.default.desktop-notification": 1,
        }

    async def _serve(self, connection: ServerConnection) -> None:
        self._connection = connection
        answers: dict[str | None, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
            None: lambda _: {},
            "hello": self._hello,
            "register": self._register,
            "unregister": self._unregister,
            "ack": self._ack,
            "nack": self._ack,
        }
        try:
            async for text in connection:
                message = json.loads(text)
                take = answers.get(message.get("messageType"))
                answer = take(message) if take is not None else None
                if answer is not None:
                    await connection.send(json.dumps(answer))
        except ConnectionClosed:
            pass  # Firefox is ended without a word

    def _hello(self, message: dict[str, Any]) -> dict[str, Any]:
        assert message["use_webpush"]
        id_ = message.get("uaid") or uuid.uuid4().hex
        return {"messageType": "hello", "status": 200, "uaid": id_, "use_webpush": True, "broadcasts": {}}

    def _register(self, message: dict[str, Any]) -> dict[str, Any]:
        channel = message["channelID"]
        endpoint = self.service.subscribe(message["key"].rstrip("=")).endpoint
        self._channels[endpoint] = channel
        return {"messageType": "register", "channelID": channel, "status": 200, "pushEndpoint": endpoint}

    def _unregister(self, message: dict[str, Any]) -> dict[str, Any]:
        channel = message["channelID"]
        for one in self.service.subscriptions.values():
            one.is_gone |= self._channels.get(one.endpoint) == channel
        return {"messageType": "unregister", "channelID": channel, "status": 200}

    def _ack(self, message: dict[str, Any]) -> None:
        self.codes += [update["code"] for update in message.get("updates", [message])]

    def _hand_on(self, subscription: Subscription, message: Message) -> None:
        self._loop.call_soon_threadsafe(self._send, subscription, message)

    def _send(self, subscription: Subscription, message: Message) -> None:
        assert self._connection is not None
        notification = {
            "messageType": "notification",
            "channelID": self._channels[subscription.endpoint],
            "version": uuid.uuid4().hex,
            "data": base64.urlsafe_b64encode(message.body).decode().rstrip("="),
            "headers": {"encoding": "aes128gcm"},
        }
        task = asyncio.create_task(self._connection.send(json.dumps(notification)))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
