"""Logs: every line that a process of ours writes, in one form, set up in one place.

    time=2026-01-31T08:00:00.000Z level=info logger=lumen_notify.streams msg="stream 0192... closed: shutdown"

One line per record, whatever is in it, so that a log stays one row per fact: line ends and other control
characters are escaped, and a traceback is a field.

Promise: no payload and no credential comes in by a library. Several of them write what they carry (aiosqlite
the values of statements, sse_starlette each frame, databases its URL), so theirs begin at WARNING.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import TextIO

from lumen_notify.model import rfc3339

ROOT = "lumen_notify"

_PLAIN = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z")


class Logfmt(logging.Formatter):
    """Renders a record as `name=value` pairs on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        fields = {
            "time": rfc3339(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return " ".join(f"{name}={quoted(value)}" for name, value in fields.items())


def quoted(text: str) -> str:
    """Return the text as it stands if it is one plain word, else in quotes as JSON has it."""
    if _PLAIN.match(text):
        return text
    # JSON leaves DEL, C1 controls and Unicode's line ends as they are; a terminal or a log reader would not.
    return re.sub(
        r"[\x7f-\x9f\u2028\u2029]",
        lambda found: f"\\u{ord(found[0]):04x}",
        json.dumps(text, ensure_ascii=False),
    )


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send all logs to one stream in one form. level: as in `settings.LOG_LEVELS`. stream: None is stderr."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(Logfmt())
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(max(number, logging.WARNING))
    logging.getLogger(ROOT).setLevel(number)
    logging.captureWarnings(capture=True)
