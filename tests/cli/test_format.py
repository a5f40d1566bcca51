from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.cli.format import Line, format_frame
from lumen_notify.client.frames import parse_document

NOTIFICATION = {
    "type": "like",
    "unread_count": 5,
    "data": {"sender": {"username": "alice"}, "title": None, "content": "liked your photo"},
}


@pytest.mark.parametrize(
    ("event", "data", "line"),
    [
        (
            "message",
            NOTIFICATION,
            Line(state="news", text="like · alice: liked your photo · 5 unread", suffix="  e-7"),
        ),
        (
            "message",
            {
                **NOTIFICATION,
                "data": {"sender": {"username": "bo"}, "content": "liked it", "actors_count": 2},
            },
            Line(state="news", text="like · bo and 1 other: liked it · 5 unread", suffix="  e-7"),
        ),
        (
            "message",
            {
                **NOTIFICATION,
                "data": {"sender": {"username": "bo"}, "content": "liked it", "actors_count": 4},
            },
            Line(state="news", text="like · bo and 3 others: liked it · 5 unread", suffix="  e-7"),
        ),
        (
            "message",
            {"type": "bundle", "unread_count": 5, "data": {"items": [{}, {}]}},
            Line(state="news", text="bundle · 2 notifications · 5 unread", suffix="  e-7"),
        ),
        (
            "ready",
            {"unread_count": 4, "recovered": False, "replayed": 0},
            Line(state="good", text="connected: 4 unread", suffix="  e-7"),
        ),
        (
            "ready",
            {"unread_count": 4, "recovered": True, "replayed": 3},
            Line(state="good", text="resumed, 3 replayed: 4 unread", suffix="  e-7"),
        ),
        (
            "ready",
            {"unread_count": 4, "recovered": True, "replayed": None},
            Line(state="good", text="resumed, many events to be replayed: 4 unread", suffix="  e-7"),
        ),
        (
            "caught_up",
            {"unread_count": 4, "replayed": 12345},
            Line(state="good", text="caught up, 12345 replayed: 4 unread", suffix="  e-7"),
        ),
        (
            "read",
            {"unread_count": 0, "data": {"all": True}},
            Line(state="mark", text='read {"all": true} · 0 unread', suffix="  e-7"),
        ),
        (
            "reset",
            {"reason": "diverged", "unread_count": 2},
            Line(
                state="bad",
                text="reset (diverged): missed events are only in the list: 2 unread",
                suffix="  e-7",
            ),
        ),
        ("expiring", {"seconds": 59}, Line(state="bad", text="the token expires in 59 s")),
        ("ping", {}, None),
    ],
)
def test_a_frame_is_formatted_as_one_line(event: str, data: dict[str, Any], line: Line | None) -> None:
    assert format_frame(event, data, "e-7") == line


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31mred", "\u202eright to left", "\x9b2J", "a\u2028b"])
def test_a_frame_cannot_control_the_terminal(text: str) -> None:
    data = {
        "type": text,
        "unread_count": text,
        "data": {"sender": {"username": text}, "title": text, "content": text},
    }
    for event in ("message", "read", "ready", "reset", "expiring", text):
        line = format_frame(event, {**data, "seconds": text, "replayed": text, "recovered": True}, text)
        assert line is not None
        assert (line.text + line.suffix).isprintable()


@pytest.mark.parametrize(
    "text", ["", "[1]", "null", "{", '"x"', '{"a": 1}', '{"data": 7}', '{"data": {"sender": 7}}']
)
@pytest.mark.parametrize("event", ["message", "read", "ready", "what is this"])
def test_frame_of_any_shape_has_a_line(event: str, text: str) -> None:
    line = format_frame(event, parse_document(text), "")
    assert line is not None
    assert line.text.isprintable()
