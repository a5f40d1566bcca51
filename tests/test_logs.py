from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from lumen_notify import logs
from lumen_notify.model import rfc3339
from lumen_notify.request_id import REQUEST_ID


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    before = logging.root.handlers[:], logging.root.level, logging.getLogger(logs.ROOT).level
    yield
    logging.root.handlers[:] = before[0]
    logging.root.setLevel(before[1])
    logging.getLogger(logs.ROOT).setLevel(before[2])
    logging.captureWarnings(capture=False)


def logged(level: str, name: str, at: int, message: str, *values: object) -> str:
    stream = io.StringIO()
    logs.configure(level, "logfmt", stream)
    logging.getLogger(name).log(at, message, *values)
    return stream.getvalue()


def test_record_is_one_line_of_pairs() -> None:
    line = logged("info", "lumen_notify.streams", logging.INFO, "stream %s closed", "x")
    time, rest = line.split(" ", 1)
    assert time.startswith("time=20")
    assert time.endswith("Z")
    assert rest == 'level=info logger=lumen_notify.streams msg="stream x closed"\n'


@pytest.mark.parametrize("end", ["\n", "\r", "\x1b[2J", "\x85", "\u2028", "\x00"])
def test_what_a_message_holds_cannot_make_a_second_line(end: str) -> None:
    line = logged("info", "lumen_notify", logging.INFO, "a%stime=x level=error", end)
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert '\\"' not in line


def test_traceback_is_a_field() -> None:
    stream = io.StringIO()
    logs.configure("info", "logfmt", stream)
    try:
        raise RuntimeError("no")
    except RuntimeError:
        logging.getLogger("lumen_notify").exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert 'msg=failed trace="Traceback (most recent call last):\\n' in line
    assert line.endswith('RuntimeError: no"')


def test_libraries_begin_at_warning_whatever_the_level() -> None:
    assert logged("debug", "databases", logging.INFO, "a secret URL") == ""
    assert "level=warning" in logged("debug", "uvicorn.error", logging.WARNING, "x")
    assert "level=debug" in logged("debug", "lumen_notify.hub", logging.DEBUG, "x")
    assert logged("error", "uvicorn.error", logging.WARNING, "x") == ""
    assert logged("warning", "lumen_notify", logging.INFO, "x") == ""


def lines(kind: str, stream: io.StringIO, **options: Any) -> list[str]:
    logs.configure("info", kind, stream, **options)
    try:
        raise RuntimeError("no\x1b[2J")
    except RuntimeError:
        logging.getLogger("lumen_notify.hub").exception("failed for %s", "a\nb")
    return stream.getvalue().splitlines()


def test_json_is_one_object_on_one_line() -> None:
    (line,) = lines("json", io.StringIO())
    record = json.loads(line)
    assert record.keys() == {"time", "level", "logger", "msg", "trace"}
    assert (record["level"], record["logger"], record["msg"]) == (
        "error",
        "lumen_notify.hub",
        "failed for a\nb",
    )
    assert record["trace"].endswith("RuntimeError: no\x1b[2J")


def test_text_has_the_traceback_below_and_no_control_characters() -> None:
    first, *trace = lines("text", io.StringIO())
    assert re.fullmatch(r"\d\d:\d\d:\d\d error   hub: failed for a\\x0ab", first)
    assert trace[0] == "    Traceback (most recent call last):"
    assert trace[-1] == "    RuntimeError: no\\x1b[2J"


def test_lines_of_a_worker_have_its_number() -> None:
    assert " logger=lumen_notify.hub worker=2 msg=" in lines("logfmt", io.StringIO(), worker=2)[0]
    assert json.loads(lines("json", io.StringIO(), worker=2)[0])["worker"] == "2"
    first, *trace = lines("text", io.StringIO(), worker=2)
    assert first.endswith(" hub (worker 2): failed for a\\x0ab")
    assert trace[-1] == "    RuntimeError: no\\x1b[2J"


def test_by_default_it_is_text_on_a_terminal_and_logfmt_elsewhere() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert lines("auto", Terminal())[0][9:].startswith("\x1b[31merror  \x1b[0m hub: ")
    assert lines("auto", io.StringIO())[0].startswith("time=")


def test_the_access_log_has_no_queries_and_no_tokens() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
    shown = io.StringIO()
    access = logging.getLogger(logs.ACCESS)
    access.propagate = False  # as uvicorn leaves it without an access log
    logs.configure("info", "logfmt", shown, has_access_log=True)
    for target in ("/api/v1/rooms?token=abc", f"/api/v1/{token}", f"/x/{token[:-9]}"):
        access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", target, "1.1", 200)
    access.info('%s - "%s %s HTTP/%s" %d', f"{token}:0", "GET", "/", "1.1", 200)
    access.info('%s - "%s %s HTTP/%s" %d', "2001:db8::1:5", "GET", "/", "1.1", 200)
    access.info("something else with a token")
    assert [line.partition(" ")[2] for line in shown.getvalue().splitlines()] == [
        f'level=info logger=lumen_notify.access msg="GET {path} 200 from {client}"'
        for path, client in (
            *((path, "127.0.0.1:5") for path in ("/api/v1/rooms", "/api/v1/redacted", "/x/redacted")),
            *(("/", client) for client in ("unknown", "2001:db8::1:5")),
        )
    ]
    logs.configure("info", "logfmt", shown)
    access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", "/", "1.1", 200)
    assert len(shown.getvalue().splitlines()) == 5


@pytest.mark.parametrize("created", [1769846400.0, 1769846400.001, 1769846400.9996, 1769846401.5, 0.25])
def test_time_of_each_line_is_its_own(created: float) -> None:
    formatter = logs.formatter("json", is_terminal=False)
    record = logging.LogRecord("a", logging.INFO, "", 0, "a", (), None)
    for at in (1769846400.25, created, created):
        record.created = at
        assert json.loads(formatter.format(record))["time"] == rfc3339(int(at * 1000))


def in_request(request_id: str, kind: str) -> str:
    stream = io.StringIO()
    logs.configure("info", kind, stream)
    token = REQUEST_ID.set(request_id)
    try:
        logging.getLogger("lumen_notify.hub").info("a line")
    finally:
        REQUEST_ID.reset(token)
    return stream.getvalue().rstrip("\n")


def test_line_of_a_request_has_its_id_in_each_format() -> None:
    assert in_request("a-1", "logfmt").endswith(' msg="a line" request_id=a-1')
    assert json.loads(in_request("a-1", "json"))["request_id"] == "a-1"
    assert in_request("a-1", "text").endswith(" hub: a line (request a-1)")


def test_exception_among_the_values_of_a_line_has_no_values_of_its_own() -> None:
    line = logged("info", "lumen_notify", logging.INFO, "%s failed: %s", "It", KeyError("a secret"))
    assert line.endswith('msg="It failed: KeyError"\n')
    line = logged("info", "lumen_notify", logging.INFO, "%s", OSError("refused"))
    assert line.endswith("msg=refused\n")


def test_lines_of_asyncio_have_no_repr_of_the_exception() -> None:
    message = "Task exception was never retrieved\nfuture: <Task finished exception=ValueError('a secret')>"
    line = logged("info", "asyncio", logging.ERROR, message)
    assert line.endswith('msg="Task exception was never retrieved"\n')


def test_repeated_warnings_are_bounded_and_counted() -> None:
    now = [0.5]
    filter_ = logs.Repetitions(lambda: now[0])

    def log(message: str, at: int = logging.WARNING) -> int | None:
        """Return how many were left out before this one; None if it is left out too."""
        record = logging.LogRecord("lumen_notify.http", at, "", 0, message, (), None)
        return getattr(record, "left_out", 0) if filter_.filter(record) else None

    assert [log("odd") for _ in range(30)] == [0] * logs.MAX_REPETITIONS + [None] * 10
    assert log("another") == 0
    assert [log("a stream", logging.INFO) for _ in range(1000)] == [0] * 1000
    now[0] = 7.0
    assert log("another") == 0
    now[0] = 9.0
    assert [log("odd"), log("odd")] == [10, 0]


def test_number_of_kinds_that_are_counted_is_bounded() -> None:
    filter_ = logs.Repetitions(lambda: 0.5)
    passed = sum(
        filter_.filter(logging.LogRecord("a", logging.ERROR, "", 0, f"kind {number}", (), None))
        for number in range(2 * logs.MAX_KINDS)
    )
    assert passed == logs.MAX_KINDS + logs.MAX_REPETITIONS
    assert len(filter_._counts) == logs.MAX_KINDS + 1


def test_line_says_how_many_like_it_were_left_out() -> None:
    record = logging.LogRecord("lumen_notify.http", logging.WARNING, "", 0, "odd", (), None)
    record.left_out = 3
    assert logs.formatter("logfmt", is_terminal=False).format(record).endswith(" msg=odd left_out=3")
    assert logs.formatter("text", is_terminal=False).format(record).endswith(" odd (3 like it left out)")


def test_path_is_shown_without_tokens() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
    assert logs.without_tokens(f"/api/v1/{token}/x") == "/api/v1/redacted/x"
    assert logs.without_tokens("/api/v1/rooms/lobby") == "/api/v1/rooms/lobby"
