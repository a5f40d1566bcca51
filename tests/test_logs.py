from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from lumen_notify import logs


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
    logs.configure(level, stream)
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
    logs.configure("info", stream)
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("lumen_notify").exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert 'msg=failed trace="Traceback (most recent call last):\\n' in line
    assert line.endswith('ValueError: no"')


def test_libraries_begin_at_warning_whatever_the_level() -> None:
    assert logged("debug", "databases", logging.INFO, "a secret URL") == ""
    assert "level=warning" in logged("debug", "uvicorn.error", logging.WARNING, "x")
    assert "level=debug" in logged("debug", "lumen_notify.hub", logging.DEBUG, "x")
    assert logged("error", "uvicorn.error", logging.WARNING, "x") == ""
    assert logged("warning", "lumen_notify", logging.INFO, "x") == ""
