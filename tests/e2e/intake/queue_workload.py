"""Queue workload: messages with a number in each, sent to a topic, and readers that check each frame.

A key is a sender of numbers: its messages keep their order. The readers are those of `../workload.py`: they
see at once what is lost, repeated or out of order.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any

from brokers import Broker
from topics import Message, open_topic

from ..workload import NAMES, PUBLISHERS, TO_ALL, Workload

KEYS = PUBLISHERS
BATCH = 500
"""Messages that are sent together, where nothing is killed."""

AGAIN_SECONDS = 0.05


class QueueWorkload(Workload):
    """Senders to one topic, and the readers of a server.

    count: messages of each key. sent: how many of each key the broker has confirmed.
    """

    def __init__(self, url: str, broker: Broker, topic: str, count: int) -> None:
        super().__init__([url], 0)
        self.count = count
        self.sent = 0
        self._broker = broker
        self._topic = topic

    async def send_half(self) -> None:
        """Send the first half, without keys of our own: intake knows each message by the broker's id."""
        messages = list(self._messages(range(self.count // 2)))
        async with open_topic(self._broker, self._topic) as topic:
            for first in range(0, len(messages), BATCH):
                await topic.send(messages[first : first + BATCH])
        self.sent = self.count // 2

    async def send_rest(self) -> None:
        """Send the rest, each message with a key: what was sent while the broker is killed is sent again."""
        while self.sent < self.count:
            with contextlib.suppress(Exception):  # whatever the libraries raise when a broker is killed
                async with open_topic(self._broker, self._topic) as topic:
                    while self.sent < self.count:
                        messages = list(self._messages(range(self.sent, self.sent + 1), has_keys=True))
                        async with asyncio.timeout(10):
                            await topic.send(messages)
                        self.sent += 1
            await asyncio.sleep(AGAIN_SECONDS)

    @property
    def received(self) -> int:
        """How many frames the readers have."""
        return sum(reader.received for reader in self.readers)

    @property
    def expected(self) -> int:
        """How many frames there are, once all is sent."""
        return KEYS * sum(len(NAMES) if number % TO_ALL == 0 else 1 for number in range(self.count))

    def has(self, count: int) -> bool:
        """Whether the readers have so many messages of each key."""
        return all(reader.has_all([count] * KEYS) for reader in self.readers)

    def _messages(self, numbers: range, *, has_keys: bool = False) -> Iterator[Message]:
        for number in numbers:
            for key in range(KEYS):
                to: dict[str, Any] = (
                    {"all": True} if number % TO_ALL == 0 else {"user": NAMES[number % len(NAMES)]}
                )
                body = {"to": to, "category": "like", "content": f"{key} {number}"}
                own = {"idempotency_key": f"{key}-{number}"} if has_keys else {}
                yield Message(
                    body=json.dumps({"type": "notification", "body": body, **own}).encode(),
                    key=f"key-{key}",
                    id=None if has_keys else f"{key}-{number}",
                )
