"""Stream state: the cursor of a stream, and when it reconnects. No I/O.

| the connection ends with | then the stream |
|---|---|
| `closing` with `reconnect`; a lost connection; silence; a status of 5xx, 429 | reconnects from its cursor |
| `closing expired`, if the token is a function | reconnects with a fresh token |
| `closing` without `reconnect` | ends |
| any other status | raises the error |

It waits as long as the server says (`retry:`), doubled after each failure.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import httpx_sse

from lumen_notify.client.frames import ClosingFrame, Frame, ReadyFrame, frame_of, parse_document
from lumen_notify.client.problems import error_of, unexpected

SILENCE_SECONDS = 100.0
"""Three missed pings of the default interval (30 s) mean that the connection is lost."""

FIRST_RETRY_MS = 1000
MAX_WAIT_SECONDS = 60.0
EXPIRED = "expired"


class Backoff:
    """Waits between connections. jitter: returns a random number from 0 to 1."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self.retry_ms = FIRST_RETRY_MS
        self._jitter = jitter
        self._failures = 0

    def reset(self) -> None:
        """Forget the failures, after a successful connection."""
        self._failures = 0

    def next_seconds(self) -> float:
        """Return the next wait: first the server's `retry`, which already has jitter; then up to 2, 4, ...
        times that value, with jitter from 50 % to 100 %, at most MAX_WAIT_SECONDS."""
        seconds = min(self.retry_ms / 1000 * 2.0**self._failures, MAX_WAIT_SECONDS)
        if self._failures:
            seconds *= (1 + self._jitter()) / 2
        self._failures = min(self._failures + 1, 16)
        return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """A connection has ended, and the stream reconnects from its cursor after `seconds`."""

    reason: str
    seconds: float


class StreamState:
    """One stream across its connections.

    cursor: where it starts; None starts with the next event. can_renew: whether each connection gets a fresh
    token.
    """

    def __init__(self, cursor: str | None, *, can_renew: bool, backoff: Backoff | None = None) -> None:
        self.cursor = cursor
        self._can_renew = can_renew
        self._backoff = backoff or Backoff()
        self._reason = ""
        self.has_ended = False

    def params(self, device: str | None) -> dict[str, str]:
        """Return the query of the next connection. The cursor is in it, for a header must be ASCII."""
        given = {"last_event_id": self.cursor, "device": device}
        return {name: value for name, value in given.items() if value is not None}

    def begin(self) -> None:
        """Begin a connection."""
        self._reason = "The connection was lost: it ended without a closing event."

    def is_open(self, response: httpx.Response) -> bool:
        """Return whether a response is a stream; False if a later one may be. The body of a failed one must
        have been read. Raises the response's error if the stream is refused."""
        status = response.status_code
        if status == httpx.codes.OK:
            if "text/event-stream" not in response.headers.get("content-type", ""):
                raise unexpected(
                    f"{response.url.copy_with(query=None)} is not an event stream. Check the URL."
                )
            return True
        error = error_of(response)
        if status < 500 and status != httpx.codes.TOO_MANY_REQUESTS:
            raise error
        self._reason = str(error)
        return False

    def take(self, event: httpx_sse.ServerSentEvent) -> Frame | None:
        """Take one event; return its frame, or None if nothing is to be yielded, as for a ping."""
        if event.id:
            self.cursor = event.id
        document = parse_document(event.data)
        if event.retry is not None and document.get("reconnect") is not False:  # else it says: stay away
            self._backoff.retry_ms = max(1, event.retry)
        if not event.data or event.event == "ping":
            return None
        frame = frame_of(event.event, event.id or None, document)
        if isinstance(frame, ReadyFrame):
            self._backoff.reset()
        if isinstance(frame, ClosingFrame):
            self._reason = f"The server closed the stream: {frame.reason}."
            self.has_ended = not frame.reconnect and not (self._can_renew and frame.reason == EXPIRED)
        return frame

    def lose(self, error: httpx.TransportError) -> None:
        """Note that the connection was lost."""
        self._reason = f"The connection was lost: {str(error).removesuffix('.') or type(error).__name__}."

    def interrupt(self) -> Interruption:
        """Return how the stream goes on after a connection."""
        return Interruption(reason=self._reason, seconds=self._backoff.next_seconds())
