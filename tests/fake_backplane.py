"""A remote backplane whose links do what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from lumen_notify.deliver.backplane.remote import Link, Receivers, RemoteBackplane
from lumen_notify.outages import Outage


class Wire:
    """What the links of the test do. sent: the payloads of each send. opened: how many links there were.
    is_deaf: they deliver nothing."""

    def __init__(self) -> None:
        self.sent: list[Sequence[str]] = []
        self.opened = 0
        self.fault: Exception | None = None
        self.is_deaf = False
        self.may_send = asyncio.Event()
        self.may_send.set()


class FakeLink(Link):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._receive: Callable[[str | bytes], None] = lambda _: None

    async def open(self, receive: Callable[[str | bytes], None]) -> None:
        self._wire.opened += 1
        if self._wire.fault is not None:
            raise self._wire.fault
        self._receive = receive

    async def send(self, payloads: Sequence[str]) -> None:
        self._wire.sent.append(payloads)
        await self._wire.may_send.wait()

    async def probe(self, payload: str) -> None:
        if self._wire.fault is not None:
            raise self._wire.fault
        if not self._wire.is_deaf:
            self._receive(payload)

    async def wait(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


class FakeBackplane(RemoteBackplane):
    MAX_PAYLOAD_BYTES = 7900
    HAS_EVENTS = True

    def __init__(self, wire: Wire) -> None:
        super().__init__(
            instance="me",
            epoch=lambda: "e",
            receivers=Receivers(lambda *_: None, lambda _: None, lambda *_: None, lambda: None),
            outage=Outage("backplane", place="LUMEN_BACKPLANE_URL (Redis at cache port 6379)"),
        )
        self._wire = wire

    def _new_link(self, epoch: str) -> Link:
        return FakeLink(self._wire)
