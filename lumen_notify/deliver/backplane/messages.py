"""Messages: gives each message of another instance to the part of this one that it is for.

Promise: a message that this version does not know, or whose handler raises, is dropped and counted; the next
ones are handled.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

Handler = Callable[[Mapping[str, Any]], None]
"""Handles the fields of a message. It must not wait."""

_log = logging.getLogger("lumen_notify.backplane")


class Messages:
    """The handlers, by the name of the message.

    received: how many messages were handled, by name. failed: how many handlers raised, by name. unknown:
    how many messages have no handler here.
    """

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.unknown = 0
        self._handlers: dict[str, Handler] = {}

    def handle(self, name: str, handler: Handler) -> None:
        """Call `handler` with each message of this name. A name has one handler."""
        assert name not in self._handlers, name
        self._handlers[name] = handler

    def receive(self, name: str, fields: Mapping[str, Any]) -> None:
        """Handle one message of another instance. Never raises."""
        handler = self._handlers.get(name)
        if handler is None:
            self.unknown += 1
            return
        try:
            handler(fields)
        except Exception:  # noqa: BLE001 - whatever it is, the next message must be handled
            if not self.failed[name]:
                _log.exception("A message `%s` of another instance could not be handled.", name)
            self.failed[name] += 1
        else:
            self.received[name] += 1
