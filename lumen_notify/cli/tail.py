"""Tail: follow one user's stream and print a line per frame (`lumen-notify tail`).

Promise: it ends only if the server ends the stream for good or refuses it. `client/stream_state.py` says when
it reconnects; the reason is printed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.text import Text

from lumen_notify.cli.client import CallFailed, failure_text
from lumen_notify.cli.format import Line, format_frame
from lumen_notify.client import Client, ClosingFrame, Interruption
from lumen_notify.errors import LumenError
from lumen_notify.model import from_rfc3339, now_ms


class StreamTail:
    """Follows one stream. cursor: where to start; None starts now. silence_seconds: silence after which the
    connection counts as lost. has_delays: whether lines say how long after its time a notification or message
    has arrived. wall_clock: milliseconds."""

    def __init__(
        self,
        client: Client,
        *,
        cursor: str | None,
        console: Console,
        silence_seconds: float,
        has_delays: bool = False,
        wall_clock: Callable[[], int] = now_ms,
    ) -> None:
        self._stream = client.stream(
            cursor=cursor, silence_seconds=silence_seconds, on_interruption=self._show_interruption
        )
        self._console = console
        self._has_delays = has_delays
        self._wall_clock = wall_clock

    def run(self) -> None:
        """Follow the stream until the server ends it for good or refuses it; then raise CallFailed."""
        reason = ""
        try:
            for frame in self._stream:
                if isinstance(frame, ClosingFrame):
                    reason = frame.reason
                elif line := format_frame(frame.event, frame.document, frame.cursor or ""):
                    self._show(self._with_delay(line, frame.document))
        except LumenError as error:
            raise CallFailed(failure_text(error)) from None
        raise CallFailed(f"The server closed the stream: {reason}.")

    def _with_delay(self, line: Line, document: Mapping[str, Any]) -> Line:
        seconds = delay_seconds(document, self._wall_clock()) if self._has_delays else None
        if line.state != "news" or seconds is None:
            return line
        return replace(line, suffix=f"{line.suffix}  {seconds:+.3f} s")

    def _show_interruption(self, interruption: Interruption) -> None:
        text = f"{interruption.reason} Reconnecting in {interruption.seconds:.1f} s."
        self._show(Line(state="bad", text=text))

    def _show(self, line: Line) -> None:
        style = {"bad": "yellow", "good": "green", "mark": "cyan"}.get(line.state, "")
        text = Text.assemble((time.strftime("%H:%M:%S "), "dim"), (line.text, style), (line.suffix, "dim"))
        self._console.print(text, soft_wrap=True)


def delay_seconds(document: Mapping[str, Any], now: int) -> float | None:
    """Return how long before `now`, in ms, what a frame shows was created; None if it does not say. It is as
    exact as the clocks of both machines are."""
    shown = document.get("data")
    created_at = shown.get("created_at") if isinstance(shown, dict) else None
    try:
        return None if created_at is None else (now - from_rfc3339(str(created_at))) / 1000
    except ValueError:
        return None
