"""Source: what a broker does for intake, and the messages that it gives.

    source = Source(url, ...)       one connection at a time
    await source.open()
    messages = await source.fetch() in the order of each partition; empty if none has come within a second
    await source.bury(letters)      to the dead-letter topic
    await source.acknowledge(messages)
    await source.close()

Promises: a message that was fetched and not acknowledged comes again after the next `open`, before later ones
of its partition; `fetch` gives no more than the prefetch, and no more are held in memory. A broker that does
not answer makes each call raise BrokerUnavailable within its time-out; then the source is closed and opened
again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lumen_notify.errors import Unavailable
from lumen_notify.model import value

FETCH_SECONDS = 1.0
"""How long `fetch` waits for a first message."""

TIMEOUT_SECONDS = 10.0
"""How long any other call may take."""


class BrokerUnavailable(Unavailable):
    """The broker refused, timed out or closed the connection."""

    code = "broker_unavailable"


@value
class Incoming:
    """A message of a queue.

    source: broker, topic and partition, such as `kafka:events:0`. id: the broker's own, unique in the source,
    with the message's time where the broker knows one; None if it has none. position: where it is, for
    people, such as `{"topic": "events", "partition": 0, "offset": 17}`. at: when it was written, in
    milliseconds; None if that is not known. key: of its partition, for the dead letter. handle: what the
    broker's module acknowledges it by.
    """

    source: str
    id: str | None
    body: bytes
    position: Mapping[str, Any]
    at: int | None = None
    key: bytes | None = None
    handle: Any = None


@value
class DeadLetter:
    """What is written about a message that cannot be accepted. key: of its partition. of: source and id of
    the message; None if it has no id."""

    body: bytes
    key: bytes | None = None
    of: tuple[str, str] | None = None


class Source(Protocol):
    """One topic of one broker. place: where it is, for the log; without user and password."""

    place: str

    async def open(self) -> None:
        """Connect; make what is missing and may be made. Raises BrokerUnavailable."""

    async def fetch(self) -> Sequence[Incoming]:
        """Return the next messages; empty after FETCH_SECONDS without any. Raises BrokerUnavailable."""

    async def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Acknowledge messages, all that `fetch` has returned together. Raises BrokerUnavailable."""

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Write to the dead-letter topic; return once the broker has stored them. Raises
        BrokerUnavailable."""

    async def lag(self) -> Mapping[str, int]:
        """Return how many messages of each partition are not acknowledged, as far as the broker tells, by
        source. Raises BrokerUnavailable."""

    async def close(self) -> None:
        """Disconnect, whatever the state."""
