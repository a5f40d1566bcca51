"""Tail: `lumen-notify tail`, one user's stream, a line per frame, across every interruption.

Promise: it comes back with its cursor after whatever it can come back from, waiting as long as the server
says (`retry:`), and twice as long each time that this does not help; and it says what happens.

| what ends a connection | then |
|---|---|
| `closing` with `reconnect`; a lost connection; silence; a status from 500, or 429 | again, from the cursor |
| `closing expired`, where a token can be made | again, with a fresh one |
| `closing` without `reconnect`; any other status | the end, status 1 |
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import httpx
import httpx_sse
from rich.console import Console
from rich.text import Text

from lumen_notify.cli.client import CallFailed, new_client, refusal
from lumen_notify.cli.lines import Line, line_of, read_data
from lumen_notify.model import CloseReason

SILENCE_SECONDS = 100.0
"""A server pings after 30 s unless it is set otherwise: when three do not come, nothing will."""

FIRST_RETRY_MS = 1000
MAX_WAIT_SECONDS = 60.0


class Backoff:
    """How long to wait before the next connection. spread: a random factor, from 0 to 1, of the wait."""

    def __init__(self, spread: Callable[[], float] = random.random) -> None:
        self.retry_ms = FIRST_RETRY_MS
        self._spread = spread
        self._failures = 0

    def succeeded(self) -> None:
        """Note that a connection came about."""
        self._failures = 0

    def next_seconds(self) -> float:
        """Return the next wait: first what the server said, which is spread already; then up to twice,
        four times, ... of that, at least half of it by chance."""
        seconds = min(self.retry_ms / 1000 * 2.0**self._failures, MAX_WAIT_SECONDS)
        if self._failures:
            seconds *= (1 + self._spread()) / 2
        self._failures = min(self._failures + 1, 16)
        return seconds


class Tail:
    """Follows one stream. url: of the notifications. token: makes one for each connection, or returns the
    one there is; can_renew: it makes one. cursor: where to begin, None for now. silence_seconds: after
    which the connection counts as lost."""

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
        """Follow until the server says that it is over. Raises CallFailed: it said so, or said no."""
        while True:
            try:
                why = self._connect()
            except httpx.UnsupportedProtocol:
                raise CallFailed(f"{self._url} is no http:// or https:// URL") from None
            except (httpx.HTTPError, httpx_sse.SSEError) as error:
                why = f"lost: {str(error) or type(error).__name__}"
            seconds = self._backoff.next_seconds()
            self._show(Line(state="bad", text=f"{why}; again in {seconds:.1f} s"))
            self._sleep(seconds)

    def _connect(self) -> str:
        """Read one connection to its end; return why it ended."""
        # As a parameter: a header must be ASCII, and what a person types need not be.
        params = {} if self.cursor is None else {"last_event_id": self.cursor}
        with (
            new_client(self._url, self._token(), read_seconds=self._silence_seconds) as client,
            httpx_sse.connect_sse(client, "GET", f"{self._url}/stream", params=params) as source,
        ):
            status = source.response.status_code
            if status != httpx.codes.OK:
                source.response.read()
                if status < 500 and status != httpx.codes.TOO_MANY_REQUESTS:
                    raise CallFailed(refusal(source.response))
                return refusal(source.response)
            if "text/event-stream" not in source.response.headers.get("content-type", ""):
                raise CallFailed(f"{self._url}/stream is no event stream: is the URL right?")
            for frame in source.iter_sse():
                if (closing := self._take(frame)) is not None:
                    return closing
        return "lost: the stream ended without a word"

    def _take(self, frame: httpx_sse.ServerSentEvent) -> str | None:
        """Show one frame; return why the stream ends, if this says so."""
        if frame.retry is not None:
            self._backoff.retry_ms = max(1, frame.retry)
        if frame.id:
            self.cursor = frame.id
        if not frame.data:
            return None
        data = read_data(frame.data)
        if frame.event == "ready":
            self._backoff.succeeded()
        if frame.event == "closing":
            reason = str(data.get("reason"))
            can_return = data.get("reconnect") is True
            if not can_return and not (self._can_renew and reason == CloseReason.EXPIRED.word):
                raise CallFailed(f"the server closed the stream: {reason}")
            return f"closing: {reason}"
        if (line := line_of(frame.event, data, frame.id)) is not None:
            self._show(line)
        return None

    def _show(self, line: Line) -> None:
        style = {"bad": "yellow", "good": "green", "mark": "cyan"}.get(line.state, "")
        text = Text.assemble((time.strftime("%H:%M:%S "), "dim"), (line.text, style), (line.suffix, "dim"))
        self._console.print(text, soft_wrap=True)
