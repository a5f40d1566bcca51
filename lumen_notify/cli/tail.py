"""Tail: follow one user's stream and print a line per frame (`lumen-notify tail`).

Promise: after an interruption it reconnects from its cursor. It waits as long as the server says (`retry:`),
doubled after each failure, and prints the reason.

| the connection ends with | then |
|---|---|
| `closing` with `reconnect`; a lost connection; silence; a status of 5xx or 429 | reconnect from the cursor |
| `closing expired`, if a token can be made here | reconnect with a fresh token |
| `closing` without `reconnect`; any other status | exit with status 1 |
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import httpx
import httpx_sse
from rich.console import Console
from rich.text import Text

from lumen_notify.cli.client import CallFailed, failure_text, new_client
from lumen_notify.cli.format import Line, format_frame, parse_data
from lumen_notify.model import CloseReason

SILENCE_SECONDS = 100.0
"""Three missed pings of the default interval (30 s) mean that the connection is lost."""

FIRST_RETRY_MS = 1000
MAX_WAIT_SECONDS = 60.0


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


class StreamTail:
    """Follows one stream.

    url: of the `notifications` resource. token: returns the token for a connection. can_renew: whether
    `token` returns a fresh token each time. cursor: where to start; None starts now. silence_seconds: silence
    after which the connection counts as lost.
    """

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        *,
        can_renew: bool,
        cursor: str | None,
        console: Console,
        silence_seconds: float = SILENCE_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.cursor = cursor
        self._url = url
        self._token = token
        self._can_renew = can_renew
        self._console = console
        self._silence_seconds = silence_seconds
        self._sleep = sleep
        self._backoff = Backoff()

    def run(self) -> None:
        """Follow the stream until the server ends it for good or refuses it; then raise CallFailed."""
        while True:
            try:
                reason = self._connect()
            except httpx.UnsupportedProtocol:
                raise CallFailed(f"{self._url} is not an http:// or https:// URL.") from None
            except (httpx.HTTPError, httpx_sse.SSEError) as error:
                reason = f"lost: {str(error) or type(error).__name__}"
            seconds = self._backoff.next_seconds()
            self._show(Line(state="bad", text=f"{reason.removesuffix('.')}; reconnecting in {seconds:.1f} s"))
            self._sleep(seconds)

    def _connect(self) -> str:
        """Read one connection to its end; return the reason why it ended."""
        # As a query parameter: a header must be ASCII, which user input may not be.
        params = {} if self.cursor is None else {"last_event_id": self.cursor}
        with (
            new_client(self._url, self._token(), read_seconds=self._silence_seconds) as client,
            httpx_sse.connect_sse(client, "GET", f"{self._url}/stream", params=params) as source,
        ):
            status = source.response.status_code
            if status != httpx.codes.OK:
                source.response.read()
                if status < 500 and status != httpx.codes.TOO_MANY_REQUESTS:
                    raise CallFailed(failure_text(source.response))
                return failure_text(source.response)
            if "text/event-stream" not in source.response.headers.get("content-type", ""):
                raise CallFailed(f"{self._url}/stream is not an event stream. Check the URL.")
            for frame in source.iter_sse():
                if (closing := self._take(frame)) is not None:
                    return closing
        return "lost: the stream ended without a closing event"

    def _take(self, frame: httpx_sse.ServerSentEvent) -> str | None:
        """Show one frame; return the reason if the frame closes the stream, else None."""
        if frame.id:
            self.cursor = frame.id
        data = parse_data(frame.data)
        if frame.retry is not None and data.get("reconnect") is not False:  # else it says: stay away
            self._backoff.retry_ms = max(1, frame.retry)
        if not frame.data:
            return None
        if frame.event == "ready":
            self._backoff.reset()
        if frame.event == "closing":
            reason = str(data.get("reason"))
            can_return = data.get("reconnect") is True
            if not can_return and not (self._can_renew and reason == CloseReason.EXPIRED.word):
                raise CallFailed(f"The server closed the stream: {reason}.")
            return f"closing: {reason}"
        if (line := format_frame(frame.event, data, frame.id)) is not None:
            self._show(line)
        return None

    def _show(self, line: Line) -> None:
        style = {"bad": "yellow", "good": "green", "mark": "cyan"}.get(line.state, "")
        text = Text.assemble((time.strftime("%H:%M:%S "), "dim"), (line.text, style), (line.suffix, "dim"))
        self._console.print(text, soft_wrap=True)
