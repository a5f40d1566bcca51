"""Outbox: what waits to be sent to the other instances.

Promise: it takes a bounded amount of memory, however long nothing can be sent. Events beyond the bound are
replaced by their position, which is enough; of the messages, the oldest are dropped. A message older than
MAX_AGE_SECONDS is not sent: what it says in passing is over.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from lumen_notify.deliver.backplane.payload import (
    encode_events,
    encode_head,
    encode_message,
    encode_messages,
)
from lumen_notify.model import Event
from lumen_notify.model.encoding import encoded_bytes
from lumen_notify.model.event import characters_of

MAX_EVENT_BYTES = 1024 * 1024
"""The most bodies of events that wait."""

MAX_MESSAGES = 2000
MAX_MESSAGE_BYTES = 512 * 1024
"""The most messages that wait, and the most that they take."""

MAX_ONE_MESSAGE_BYTES = 4096
"""The longest message."""

MAX_AGE_SECONDS = 5.0

ENVELOPE_BYTES = 256
"""More than a payload takes besides its messages."""


_log = logging.getLogger("lumen_notify.backplane")


class _Message(NamedTuple):
    text: str
    size_bytes: int
    since: float


class Outbox:
    """Collects what `Backplane.announce` and `Backplane.send` are given, until `take`.

    sender: the name of this instance. max_payload_bytes: of one payload. has_events: whether events are sent,
    or only their newest position. clock: monotonic seconds. dropped: how many messages were not sent.
    """

    def __init__(
        self, sender: str, *, max_payload_bytes: int, has_events: bool, clock: Callable[[], float]
    ) -> None:
        self.dropped = 0
        self._sender = sender
        self._max_payload_bytes = max_payload_bytes
        self._has_events = has_events
        self._clock = clock
        self._head = 0
        self._runs: list[tuple[list[Event], str | None]] = []
        self._event_bytes = 0
        self._messages: deque[_Message] = deque()
        self._message_bytes = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not (self._head or self._runs or self._messages)

    @property
    def waiting_bytes(self) -> int:
        """About how much memory waits."""
        return self._event_bytes + self._message_bytes

    def add_events(self, events: Sequence[Event], follows: str | None) -> None:
        """Add events, ascending and contiguous. Those that continue the ones that wait go with them."""
        _log.debug("Announced the events up to %d.", events[-1].position)
        size_bytes = characters_of(events) + len(events)
        if not self._has_events or self._event_bytes + size_bytes > MAX_EVENT_BYTES:
            self.keep_head()
            self.add_head(events[-1].position)
            return
        self._event_bytes += size_bytes
        if self._runs and self._runs[-1][0][-1].position + 1 == events[0].position:
            self._runs[-1][0].extend(events)
        else:
            self._runs.append(([*events], follows))

    def add_head(self, position: int) -> None:
        """Add the position of an event without the event."""
        self._head = max(self._head, position)

    def keep_head(self) -> None:
        """Replace the events that wait by their newest position."""
        if self._runs:
            self.add_head(self._runs[-1][0][-1].position)
            self._runs.clear()
            self._event_bytes = 0

    def add_message(self, name: str, fields: Mapping[str, Any]) -> bool:
        """Add a message; return False if it is too large."""
        text = encode_message(name, fields)
        size_bytes = encoded_bytes(text)
        if size_bytes > MAX_ONE_MESSAGE_BYTES:
            self.dropped += 1
            return False
        self._messages.append(_Message(text, size_bytes, self._clock()))
        self._message_bytes += size_bytes
        while len(self._messages) > MAX_MESSAGES or self._message_bytes > MAX_MESSAGE_BYTES:
            self._pop()
            self.dropped += 1
        return True

    def take(self) -> list[str]:
        """Take all that waits, as payloads to be sent in this order."""
        payloads = []
        for events, follows in self._runs:
            text = encode_events(self._sender, events, follows)
            if encoded_bytes(text) > self._max_payload_bytes:
                text = encode_head(self._sender, events[-1].position)
            payloads.append(text)
        self._runs.clear()
        self._event_bytes = 0
        if self._head:
            payloads.append(encode_head(self._sender, self._head))
            self._head = 0
        return payloads + self._packed_messages()

    def _packed_messages(self) -> list[str]:
        payloads: list[str] = []
        pack: list[str] = []
        pack_bytes = ENVELOPE_BYTES
        oldest = self._clock() - MAX_AGE_SECONDS
        while self._messages:
            message = self._pop()
            if message.since < oldest:
                self.dropped += 1
                continue
            if pack and pack_bytes + message.size_bytes + 1 > self._max_payload_bytes:
                payloads.append(encode_messages(self._sender, pack))
                pack, pack_bytes = [], ENVELOPE_BYTES
            pack.append(message.text)
            pack_bytes += message.size_bytes + 1
        return [*payloads, encode_messages(self._sender, pack)] if pack else payloads

    def _pop(self) -> _Message:
        message = self._messages.popleft()
        self._message_bytes -= message.size_bytes
        return message
