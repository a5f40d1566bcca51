"""Remote backplane: what those of PostgreSQL and Redis have in common.

Promises, besides those of `backplane`: a link that is lost, or that takes what is sent but delivers nothing,
is noticed within PROBE_SECONDS + PROBE_WAIT_SECONDS, logged once, and replaced, with pauses that grow and
differ between instances. After each new link the log is read, and the others are told this one's position.

A probe goes out every PROBE_SECONDS and must come back by the way that hints come. Only a link whose first
probe has come back counts as working.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar, NamedTuple

from lumen_notify.deliver.backplane.backplane import OnEvents, OnHead, OnMessage
from lumen_notify.deliver.backplane.outbox import MAX_ONE_MESSAGE_BYTES, Outbox
from lumen_notify.deliver.backplane.payload import Payload, decode, encode_probe
from lumen_notify.errors import BackplaneUnavailable, Unavailable
from lumen_notify.model import Event
from lumen_notify.outages import Outage
from lumen_notify.supervisor import end_tasks

PROBE_SECONDS = 2.0
PROBE_WAIT_SECONDS = 3.0

SEND_SECONDS = 5.0
"""How long sending, or opening a link, may take."""

FIRST_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0

LAST_SECONDS = 0.5
"""How long the last payloads of an instance that ends may take."""

_log = logging.getLogger("lumen_notify.backplane")


class Link(ABC):
    """One connection to the other instances. Each method raises Unavailable if it has broken."""

    @abstractmethod
    async def open(self, receive: Callable[[str | bytes], None]) -> None:
        """Connect. From then on `receive` is called with each payload of any instance, this one's too."""

    @abstractmethod
    async def send(self, payloads: Sequence[str]) -> None:
        """Send payloads, in their order; return once they are on their way."""

    @abstractmethod
    async def probe(self, payload: str) -> None:
        """Send a payload by the way by which those of another instance would come."""

    @abstractmethod
    async def wait(self) -> None:
        """Receive until the link breaks."""

    @abstractmethod
    async def close(self) -> None:
        """Close it, whatever its state. Never raises."""


class Receivers(NamedTuple):
    """What is called with what arrives. on_sync: after each new link."""

    on_events: OnEvents
    on_head: OnHead
    on_message: OnMessage
    on_sync: Callable[[], None]


class RemoteBackplane(ABC):
    """A backplane whose link breaks now and then.

    instance: the name of this one. epoch: returns that of the log; instances of another one are not heard.
    outage: of the backplane. observe_round_trip: gets the seconds until each probe came back. clock:
    monotonic seconds. probed_at: when the newest probe came back. garbage: how many payloads were none.
    connects: how many links there were. link: the one that is open; None while there is none.
    """

    MAX_PAYLOAD_BYTES: ClassVar[int]
    HAS_EVENTS: ClassVar[bool]
    MIN_INTERVAL_SECONDS: ClassVar[float] = 0.0
    """Between two sends."""

    def __init__(
        self,
        *,
        instance: str,
        epoch: Callable[[], str],
        receivers: Receivers,
        outage: Outage,
        observe_round_trip: Callable[[float], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.probed_at: float | None = None
        self.garbage = 0
        self.connects = 0
        self._instance = instance
        self._epoch = epoch
        self._receivers = receivers
        self.outage = outage
        self._observe_round_trip = observe_round_trip
        self._clock = clock
        self._outbox = Outbox(
            instance, max_payload_bytes=self.MAX_PAYLOAD_BYTES, has_events=self.HAS_EVENTS, clock=clock
        )
        self.link: Link | None = None
        self._has_work = asyncio.Event()
        self._sending: Sequence[str] = ()
        self._position = 0
        self._probe = 0
        self._probe_came_back = asyncio.Event()

    @property
    def dropped(self) -> int:
        """How many messages were not sent."""
        return self._outbox.dropped

    @property
    def waiting_bytes(self) -> int:
        """About how much waits to be sent."""
        return self._outbox.waiting_bytes

    @property
    def probe_age_seconds(self) -> float | None:
        """How long ago a probe came back: about PROBE_SECONDS at most while all is well. None: never yet."""
        return None if self.probed_at is None else self._clock() - self.probed_at

    def announce(self, events: Sequence[Event], follows: str | None) -> None:
        """Tell the other instances about committed events: see `Backplane`."""
        self._position = events[-1].position
        self._outbox.add_events(events, follows)
        if self.link is not None:
            self._has_work.set()
        else:
            self._outbox.keep_head()

    def send(self, name: str, fields: Mapping[str, Any]) -> None:
        """Send a message to the other instances: see `Backplane`."""
        if not self._outbox.add_message(name, fields):
            _log.error(
                "A message `%s` is longer than %d bytes, and is not sent.", name, MAX_ONE_MESSAGE_BYTES
            )
        if self.link is not None:
            self._has_work.set()

    async def run(self) -> None:
        """Stay connected, send and receive, until cancelled."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            probed_at = self.probed_at
            try:
                await self._serve()
            except Unavailable as error:
                self.outage.begin(error)
            except Exception as error:  # noqa: BLE001 - delivery goes on without it, and so must this task
                self.outage.begin(error, has_trace=True)
            if self.probed_at != probed_at:
                pause = FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - not a secret
            pause = min(MAX_PAUSE_SECONDS, pause * 2)

    async def try_once(self) -> None:
        """Open a link, wait for a probe to come back, and close it. Raises Unavailable."""
        link = self._new_link(self._epoch())
        try:
            await self._open(link)
            await _first_of(link.wait(), self._probe_once(link))
        finally:
            await link.close()

    @abstractmethod
    def _new_link(self, epoch: str) -> Link:
        """Return a link, which is not open yet, to the instances on the log of this epoch."""

    async def _serve(self) -> None:
        """Keep one link until it breaks, or the log has another epoch."""
        epoch = self._epoch()
        link = self._new_link(epoch)
        try:
            await self._open(link)
            self.connects += 1
            self.link = link
            self._receivers.on_sync()
            if self._position:
                self._outbox.add_head(self._position)
                self._has_work.set()
            await _first_of(link.wait(), self._send_all(link), self._probe_until_other(link, epoch))
        except asyncio.CancelledError:
            if payloads := [*self._sending, *self._outbox.take()]:
                with suppress(Unavailable):
                    async with _in_time(LAST_SECONDS, "does not answer in time"):
                        await link.send(payloads)
            raise
        finally:
            self.link = None
            self._sending = ()
            self._outbox.keep_head()
            await link.close()

    async def _open(self, link: Link) -> None:
        async with _in_time(SEND_SECONDS, "does not answer in time"):
            await link.open(self._receive)

    async def _send_all(self, link: Link) -> None:
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            self._sending = self._outbox.take()
            if self._sending:
                async with _in_time(SEND_SECONDS, "does not take what is sent"):
                    await link.send(self._sending)
                self._sending = ()
                if self.MIN_INTERVAL_SECONDS:
                    await asyncio.sleep(self.MIN_INTERVAL_SECONDS)

    async def _probe_until_other(self, link: Link, epoch: str) -> None:
        while self._epoch() == epoch:
            await self._probe_once(link)
            self.outage.end()
            await asyncio.sleep(PROBE_SECONDS)

    async def _probe_once(self, link: Link) -> None:
        self._probe += 1
        self._probe_came_back.clear()
        began_at = self._clock()
        async with _in_time(SEND_SECONDS, "does not take a probe"):
            await link.probe(encode_probe(self._instance, self._probe))
        await self._wait_for_probe()
        self.probed_at = self._clock()
        self._observe_round_trip(self.probed_at - began_at)

    async def _wait_for_probe(self) -> None:
        # Twice half the time: after a pause of the whole process, the first half is over at once, although
        # the probe may have come back.
        for _ in range(2):
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_WAIT_SECONDS / 2):
                    await self._probe_came_back.wait()
                    return
        raise BackplaneUnavailable(
            f"The backplane takes what is sent and delivers nothing: a probe has not come back within"
            f" {PROBE_WAIT_SECONDS:g} seconds."
        )

    def _receive(self, text: str | bytes) -> None:
        """Handle one payload, whatever it is."""
        try:
            payload = decode(text)
        except ValueError:
            if not self.garbage:
                _log.warning("The backplane has delivered something that is not of lumen-notify.")
            self.garbage += 1
            return
        if payload.sender == self._instance:
            if payload.probe == self._probe:
                self._probe_came_back.set()
            return
        self._hand_on(payload)

    def _hand_on(self, payload: Payload) -> None:
        if payload.events and self.HAS_EVENTS:
            self._receivers.on_events(payload.events, payload.follows)
        elif (
            payload.events
        ):  # where every role may send, no instance sends events: the log says which there are
            self._receivers.on_head(payload.events[-1].position)
        if payload.head:
            self._receivers.on_head(payload.head)
        for name, fields in payload.messages:
            self._receivers.on_message(name, fields)


@asynccontextmanager
async def _in_time(seconds: float, problem: str) -> AsyncIterator[None]:
    """Raise BackplaneUnavailable if the block takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise BackplaneUnavailable(f"The backplane {problem}.") from None


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until the first one ends, and end the others; raise what it has raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end_tasks(tasks)
    for task in done:
        task.result()
