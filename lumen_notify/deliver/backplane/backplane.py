"""Backplane: carries events and messages to the other instances.

Promises of each implementation: no call waits or raises, memory is bounded, and nothing comes back to the
instance that sent it. Events and messages may arrive late, twice, in another order or not at all: those who
receive them check. An implementation receives by the callbacks that it is created with.

| what | by | if it is lost |
|---|---|---|
| committed events | `announce` | the tail reads them from the log, a second later at most |
| messages that are not in the log | `send` | what they say is repeated, or ends by its time-out |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from lumen_notify.model import Event

MAX_MESSAGE_BYTES = 4096
"""Of the fields of a message, encoded as JSON."""

OnEvents = Callable[[Sequence[Event], str | None], None]
"""Receives events of another instance, ascending and contiguous, and the check of the event before them, as
`Tail.announce` does."""

OnHead = Callable[[int], None]
"""Receives the position of the newest event, without the events."""

OnMessage = Callable[[str, Mapping[str, Any]], None]
"""Receives a message of another instance: its name and its fields, as `Messages.receive` does."""


class Backplane(Protocol):
    """The way to the other instances."""

    def announce(self, events: Sequence[Event], follows: str | None) -> None:
        """Tell the other instances about committed events, ascending and contiguous.

        follows: the check of the event before them; None if they are the first ones of the log.
        """

    def send(self, name: str, fields: Mapping[str, Any]) -> None:
        """Send a message to the other instances. fields: JSON values, at most MAX_MESSAGE_BYTES; a larger
        message is dropped and logged."""

    async def run(self) -> None:
        """Stay connected, send and receive, until cancelled: a task of the supervisor."""
