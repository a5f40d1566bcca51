"""Log lines: what this process logs meanwhile, as it would on stderr."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

from lumen_notify import logs


class LogLines:
    """The text that was logged."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def with_part(self, part: str) -> list[Any]:
        """Return the lines whose message has a part; the format is JSON."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if part in line["msg"]]


@contextlib.contextmanager
def log_lines(
    level: str = "debug", kind: str = "json", *, has_access_log: bool = False
) -> Iterator[LogLines]:
    """Log into memory, by the settings of a server. Afterwards, logging is as it was before."""
    ours, access = logging.getLogger(logs.ROOT), logging.getLogger(logs.ACCESS)
    before = logging.root.handlers[:], logging.root.level, ours.level, access.filters[:], access.level
    lines = LogLines()
    logs.configure(level, kind, lines.stream, has_access_log=has_access_log)
    try:
        yield lines
    finally:
        logging.root.handlers[:], access.filters[:] = before[0], before[3]
        logging.root.setLevel(before[1])
        ours.setLevel(before[2])
        access.setLevel(before[4])
        logging.captureWarnings(capture=False)
