"""Tracer: what other modules tell about the way of a request. They keep None instead of one without tracing.

Promise of each implementation: no call waits but `request` for its application, and none raises; what is kept
for spans is bounded. No span has a payload, a token, or the text of an exception.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send


class Tracer(Protocol):
    """Makes the spans of `lumen_notify.tracing`."""

    def request(
        self, app: ASGIApp, route: str, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Answer a request by an application. route: its path, with the names of parameters."""

    def begin_command(self, name: str) -> Any:
        """Begin the span of a command that is submitted; return None if its caller is not traced."""

    def committed(
        self, spans: Sequence[Any], answers: Sequence[Any], positions: Sequence[int], began_ns: int
    ) -> None:
        """End the spans of a transaction. spans: of its commands, None for those without. answers: to their
        callers. positions: of its events; none if it has failed. began_ns: when it began, in wall-clock
        nanoseconds."""

    def delivered(self, first: int, last: int, began_ns: int) -> None:
        """Make the spans of a fan-out that is done. first, last: the positions of its events."""

    async def close(self) -> None:
        """Export what is left, within seconds."""
