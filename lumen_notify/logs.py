"""Logs: the one log format of a lumen-notify process, logfmt.

    time=2026-01-31T08:00:00.000Z level=info logger=lumen_notify.streams msg="stream 0192... closed: shutdown"

A record is one line, whatever it contains: line ends and other control characters are escaped, and a
traceback is a field.

Promise: libraries add no payloads and no credentials to the log. Several log their data (sse_starlette each
frame, databases its URL), so their loggers start at WARNING.
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


class LogfmtFormatter(logging.Formatter):
    """Formats a record as `name=value` pairs on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line feed."""
        fields = {
            "time": rfc3339(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return " ".join(f"{name}={quote(value)}" for name, value in fields.items())


def quote(text: str) -> str:
    """Return the text unchanged if it is one plain word, else as a JSON string."""
    if _PLAIN.match(text):
        return text
    # JSON does not escape DEL, C1 controls and Unicode line ends, but terminals and log readers act on them.
    return re.sub(
        r"[\x7f-\x9f\u2028\u2029]",
        lambda found: f"\\u{ord(found[0]):04x}",
        json.dumps(text, ensure_ascii=False),
    )


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send all logs to one stream. level: one of `settings.LOG_LEVELS`. stream: None means stderr."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(LogfmtFormatter())
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(max(number, logging.WARNING))
    logging.getLogger(ROOT).setLevel(number)
    logging.captureWarnings(capture=True)
