"""Logs: the log lines of a lumen-notify process: text on a terminal, logfmt or JSON elsewhere.

    08:00:00 info    streams: stream 0192... closed: shutdown
    time=2026-01-31T08:00:00.000Z level=info logger=lumen_notify.streams msg="stream 0192... closed: shutdown"
    {"time":"2026-01-31T08:00:00.000Z","level":"info","logger":"lumen_notify.streams","msg":"stream ..."}

A record of logfmt or JSON is one line, whatever it contains: line ends and other control characters are
escaped, and a traceback is a field. In text, a traceback follows in lines of its own. Lines of one of several
workers have its number: `worker=2`, or `streams (worker 2): stream ...`. Lines that belong to a request have
its id: `request_id=0192...`, or `(request 0192...)` at the end.

Promises: no payloads and no credentials are in the log. Several libraries log their data (sse_starlette each
frame, databases its URL), so their loggers start at WARNING; of an exception, a line shows what
`exception_text` says has no value. The access log has no queries and no tokens. What repeats is bounded
(`Repetitions`).
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from lumen_notify.exception_text import describe, trace_of
from lumen_notify.model import rfc3339
from lumen_notify.request_id import REQUEST_ID

ROOT = "lumen_notify"
ACCESS = "uvicorn.access"

MAX_REPETITIONS = 20
"""Warnings and errors of one kind that are logged in a second."""

MAX_KINDS = 1000
"""Kinds of lines that are counted. Those of lumen-notify are some dozen."""

_PLAIN = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z")
# JSON does not escape DEL, C1 controls and Unicode line ends, but terminals and log readers act on them.
_UNESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TOKEN = re.compile(r"eyJ[\w.-]*|(?:[\w-]+\.){2}[\w.-]+|[\w-]{40,}")  # JWTs, whole or cut; long words
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{0,64}\Z")  # also of a UNIX socket, which has none
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_COLOURS = {"debug": "2", "warning": "33", "error": "31", "critical": "31;1"}


class Formatter(logging.Formatter):
    """Collects the fields of a record. worker: the number of this process; None if it is the only one."""

    def __init__(self, *, worker: int | None = None) -> None:
        super().__init__()
        self.worker = worker
        self._second = (-1, "")  # the newest, and the text before its milliseconds

    def _time(self, record: logging.LogRecord) -> str:
        """Return the time as RFC 3339. Lines come in bursts, and to render a second takes 3 µs."""
        at_ms = int(record.created * 1000)
        second = at_ms // 1000
        if second != self._second[0]:
            self._second = second, rfc3339(second * 1000)[: -len("000Z")]
        return f"{self._second[1]}{at_ms % 1000:03d}Z"

    def fields(self, record: logging.LogRecord) -> dict[str, str]:
        """Return the fields, as text."""
        fields = {
            "time": self._time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            **({} if self.worker is None else {"worker": str(self.worker)}),
            "msg": message_of(record),
        }
        if (request_id := REQUEST_ID.get()) is not None:
            fields["request_id"] = request_id
        if left_out := getattr(record, "left_out", 0):
            fields["left_out"] = str(left_out)
        if record.exc_info and record.exc_info[1] is not None:
            fields["trace"] = trace_of(record.exc_info[1])
        return fields


class LogfmtFormatter(Formatter):
    """Formats a record as `name=value` pairs on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line feed."""
        return " ".join(f"{name}={quote(value)}" for name, value in self.fields(record).items())


class JsonFormatter(Formatter):
    """Formats a record as a JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line feed."""
        return to_json(self.fields(record))


class TextFormatter(Formatter):
    """Formats a record for people. is_coloured: whether the level has a colour."""

    def __init__(self, *, is_coloured: bool, worker: int | None = None) -> None:
        super().__init__(worker=worker)
        self._is_coloured = is_coloured

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and those of its traceback."""
        fields = self.fields(record)
        level = fields["level"]
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        name = fields["logger"].removeprefix(f"{ROOT}.")
        if self.worker is not None:
            name = f"{name} (worker {self.worker})"
        colour = _COLOURS.get(level) if self._is_coloured else None
        shown = f"\x1b[{colour}m{level:7}\x1b[0m" if colour else f"{level:7}"
        notes = [f"request {fields['request_id']}"] if "request_id" in fields else []
        notes += [f"{fields['left_out']} like it left out"] if "left_out" in fields else []
        after = f" ({', '.join(notes)})" if notes else ""
        lines = [f"{clock} {shown} {name}: {escape(fields['msg'])}{after}"]
        lines += [f"    {escape(line)}" for line in fields.get("trace", "").splitlines()]
        return "\n".join(lines)


class AccessFilter(logging.Filter):
    """Takes queries, and what looks like a token, out of uvicorn's access log.

    And what is no address: a client may write what it likes into `X-Forwarded-For`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record: one that is not of the expected shape is dropped."""
        if not isinstance(record.args, tuple) or len(record.args) != 5:
            return False
        client, method, target, _, status = record.args
        path = without_tokens(str(target).partition("?")[0])
        if not _ADDRESS.match(str(client)):
            client = "unknown"
        record.name = f"{ROOT}.access"
        record.msg, record.args = "%s %s %s from %s", (method, path, status, client)
        return True


class Repetitions(logging.Filter):
    """Lets MAX_REPETITIONS warnings and errors of one kind through in a second. The first one after that says
    how many were left out, as `left_out`. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._second = 0
        self._counts: dict[tuple[str, int, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is logged."""
        if record.levelno < logging.WARNING:
            return True
        if (second := int(self._clock())) != self._second:
            self._second = second
            # How many were left out stays, as a negative number, until the kind comes again.
            self._counts = {
                kind: min(number, MAX_REPETITIONS - number)
                for kind, number in self._counts.items()
                if number < 0 or number > MAX_REPETITIONS
            }
        kind = (record.name, record.levelno, str(record.msg))
        if kind not in self._counts and len(self._counts) >= MAX_KINDS:
            kind = ("", 0, "")
        count = self._counts.get(kind, 0)
        if count < 0:
            record.left_out = -count
            count = 0
        self._counts[kind] = count + 1
        return count < MAX_REPETITIONS


def message_of(record: logging.LogRecord) -> str:
    """Return the message of a record, in which exceptions have no values. asyncio adds the repr of a task to
    its own, with the exception: it has the first line alone."""
    if record.name == "asyncio":
        return record.getMessage().partition("\n")[0]
    values = record.args
    if isinstance(values, tuple) and any(isinstance(one, BaseException) for one in values):
        return str(record.msg) % tuple(
            describe(one) if isinstance(one, BaseException) else one for one in values
        )
    return record.getMessage()


def without_tokens(path: str) -> str:
    """Return a path with `redacted` in place of what looks like a token."""
    return _TOKEN.sub("redacted", path)


def escape(text: str) -> str:
    """Return the text without control characters."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def to_json(value: str | Mapping[str, str]) -> str:
    """Return JSON on one line, without control characters."""
    text = _encode(value)
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def quote(text: str) -> str:
    """Return the text unchanged if it is one plain word, else as a JSON string."""
    return text if _PLAIN.match(text) else to_json(text)


def formatter(kind: str, *, is_terminal: bool, worker: int | None = None) -> logging.Formatter:
    """Return the formatter of a format: one of `settings.checks.LogFormat`."""
    if kind == "json":
        return JsonFormatter(worker=worker)
    if kind == "text" or (kind == "auto" and is_terminal):
        return TextFormatter(is_coloured=is_terminal, worker=worker)
    return LogfmtFormatter(worker=worker)


def configure(
    level: str,
    kind: str = "auto",
    stream: TextIO | None = None,
    *,
    has_access_log: bool = False,
    worker: int | None = None,
) -> None:
    """Send all logs to one stream. level, kind: settings. stream: None means stderr. has_access_log: whether
    it has a line for each request. worker: the number of this process; None if it is the only one."""
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(kind, is_terminal=stream.isatty(), worker=worker))
    handler.addFilter(Repetitions())
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(max(number, logging.WARNING))
    logging.getLogger(ROOT).setLevel(number)
    access = logging.getLogger(ACCESS)
    access.filters[:] = [AccessFilter()]
    access.propagate = True  # a server that was configured without an access log has stopped this
    access.setLevel(logging.INFO if has_access_log else logging.CRITICAL)
    logging.captureWarnings(capture=True)
