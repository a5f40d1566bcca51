"""Tail: follow one user's stream and print a line per frame (`lumen-notify tail`).

Promise: it ends only if the server ends the stream for good or refuses it. `client/stream_state.py` says when
it reconnects; the reason is printed.
"""

from __future__ import annotations

import time

from rich.console import Console
from rich.text import Text

from lumen_notify.cli.client import CallFailed, failure_text
from lumen_notify.cli.format import Line, format_frame
from lumen_notify.client import Client, ClosingFrame, Interruption
from lumen_notify.errors import LumenError


class StreamTail:
    """Follows one stream. cursor: where to start; None starts now. silence_seconds: silence after which the
    connection counts as lost."""

    def __init__(
        self, client: Client, *, cursor: str | None, console: Console, silence_seconds: float
    ) -> None:
        self._stream = client.stream(
            cursor=cursor, silence_seconds=silence_seconds, on_interruption=self._show_interruption
        )
        self._console = console

    def run(self) -> None:
        """Follow the stream until the server ends it for good or refuses it; then raise CallFailed."""
        reason = ""
        try:
            for frame in self._stream:
                if isinstance(frame, ClosingFrame):
                    reason = frame.reason
                elif line := format_frame(frame.event, frame.document, frame.cursor or ""):
                    self._show(line)
        except LumenError as error:
            raise CallFailed(failure_text(error)) from None
        raise CallFailed(f"The server closed the stream: {reason}.")

    def _show_interruption(self, interruption: Interruption) -> None:
        text = f"{interruption.reason} Reconnecting in {interruption.seconds:.1f} s."
        self._show(Line(state="bad", text=text))

    def _show(self, line: Line) -> None:
        style = {"bad": "yellow", "good": "green", "mark": "cyan"}.get(line.state, "")
        text = Text.assemble((time.strftime("%H:%M:%S "), "dim"), (line.text, style), (line.suffix, "dim"))
        self._console.print(text, soft_wrap=True)
