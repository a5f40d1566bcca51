"""Fake source: a broker in memory, which fails as the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from lumen_notify.intake.source import BrokerUnavailable, DeadLetter, Incoming

SOURCE = "fake:events:0"


def incoming(number: int, envelope: object, *, at: int | None = None) -> Incoming:
    """Make a message. envelope: as JSON, or its bytes."""
    body = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    position = {"broker": "fake", "topic": "events", "partition": 0, "offset": number}
    return Incoming(source=SOURCE, id=f"{number}@1", body=body, position=position, at=at, key=b"k")


def notification(user: str = "ann", content: str = "hi", **more: Any) -> dict[str, Any]:
    """Return an envelope that publishes to a user."""
    body = {"to": {"user": user}, "category": "like", "content": content, **more}
    return {"type": "notification", "body": body}


class FakeSource:
    """A `Source`. waiting: what it gives; acknowledged and buried: what it got. broken: the calls that
    fail. room: how many dead letters it stores; None for all. fetched: what is not acknowledged."""

    place = "the fake broker"

    def __init__(self, *messages: Incoming, batch: int = 100) -> None:
        self.waiting = list(messages)
        self.acknowledged: list[str | None] = []
        self.buried: list[DeadLetter] = []
        self.broken: set[str] = set()
        self.room: int | None = None
        self.opens = 0
        self.is_open = False
        self._batch = batch
        self.fetched: list[Incoming] = []

    def _may_fail(self, call: str) -> None:
        if call in self.broken:
            raise BrokerUnavailable(f"{call} fails.")

    async def open(self) -> None:
        self._may_fail("open")
        self.opens += 1
        self.is_open = True
        self.waiting[:0] = self.fetched  # what was not acknowledged comes again
        self.fetched = []

    async def fetch(self) -> Sequence[Incoming]:
        self._may_fail("fetch")
        assert self.is_open
        found, self.waiting = self.waiting[: self._batch], self.waiting[self._batch :]
        self.fetched += found
        if not found:
            await asyncio.sleep(0.001)
        return found

    async def acknowledge(self, messages: Sequence[Incoming]) -> None:
        self._may_fail("acknowledge")
        assert list(messages) == self.fetched
        self.fetched = []
        self.acknowledged += [message.id for message in messages]

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        self._may_fail("bury")
        for letter in letters:
            if len(self.buried) == self.room:
                raise BrokerUnavailable("The dead-letter topic is full.")
            self.buried.append(letter)

    async def lag(self) -> Mapping[str, int]:
        self._may_fail("lag")
        return {SOURCE: len(self.waiting)}

    async def close(self) -> None:
        self.is_open = False
