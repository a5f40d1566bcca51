"""Control: every frame without an event of the log is sent as its schema describes it."""

from __future__ import annotations

import re
from typing import Any

from clients import read_frames
from documents import check_frames, faults
from lumen_notify.api.openapi.control import CONTROL_FRAMES
from lumen_notify.deliver.frames import control
from lumen_notify.model import CloseReason, Counts, ResetReason, new_id, rfc3339
from pages import section

COUNTS = Counts({"like": 2}, {"tea": 1}, frozenset(), {"tea": 1})
ANN = {"id": "ann", "username": "Ann", "avatar": None}

SENT: list[tuple[str, bytes]] = [
    (
        "ReadyFrame",
        control.ready(
            new_id(), COUNTS, id_="e-7", is_recovered=False, replayed=0, ping_seconds=30, retry_ms=1
        ),
    ),
    (
        "ReadyFrame",
        control.ready(new_id(), COUNTS, id_=None, is_recovered=True, replayed=3, ping_seconds=30, retry_ms=1),
    ),
    (
        "ReadyFrame",
        control.ready(
            new_id(), COUNTS, id_=None, is_recovered=True, replayed=None, ping_seconds=30, retry_ms=1
        ),
    ),
    ("CaughtUpFrame", control.caught_up(COUNTS, replayed=5000, id_="e-7-abc123")),
    *[("ResetFrame", control.reset(reason, COUNTS, id_="e-7-abc123")) for reason in ResetReason],
    ("PingFrame", control.ping("e-7")),
    ("PingFrame", control.ping(None)),
    ("ExpiringFrame", control.expiring(50)),
    *[
        ("ClosingFrame", control.closing(reason, 2000))
        for reason in CloseReason
        if reason is not CloseReason.GONE
    ],
    ("TypingFrame", control.ephemeral("typing", {"room_id": "tea", "user": ANN, "is_typing": True})),
    *[
        ("PresenceFrame", control.ephemeral("presence", {"user": {"id": "ann"}, **presence}))
        for presence in (
            {"status": "online", "last_seen_at": None},
            {"status": "offline", "last_seen_at": rfc3339(0)},
        )
    ],
]


def test_every_control_frame_is_sent_as_described(document: Any) -> None:
    assert {name for name, _ in SENT} == {frame.name for frame in CONTROL_FRAMES}
    events = {frame.name: frame.event for frame in CONTROL_FRAMES}
    for name, sent in SENT:
        (frame,) = read_frames(sent.partition(b"\r\n")[2].decode())
        assert check_frames(document, [frame]) == {events[name]}
        schema = {"$ref": f"#/components/schemas/{name}"}
        assert faults(document, schema, frame.data) == [], frame
        assert faults(document, schema, {**frame.data, "added": 1}) != []


def test_a_stream_never_says_that_its_client_has_left(document: Any) -> None:
    gone = {"reason": CloseReason.GONE.word, "reconnect": True}
    assert faults(document, {"$ref": "#/components/schemas/ClosingFrame"}, gone) != []


def test_every_close_reason_of_the_readme_is_in_the_document(document: Any) -> None:
    reasons = re.findall(r"^\| `(\w+)` \| (?:yes|no) \|", section("Frames"), re.MULTILINE)
    closing = document["components"]["schemas"]["ClosingFrame"]
    assert set(closing["properties"]["reason"]["enum"]) == set(reasons)


def test_every_reset_reason_of_the_readme_is_in_the_document(document: Any) -> None:
    reasons = re.findall(r"^\| `(\w+)` \| (?!yes|no)", section("Reset reasons"), re.MULTILINE)
    reset = document["components"]["schemas"]["ResetFrame"]
    assert set(reset["properties"]["reason"]["enum"]) == set(reasons)
