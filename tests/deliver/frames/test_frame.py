"""Frame: what all frames have in common, whatever event they are of."""

from __future__ import annotations

import pytest

from lumen_notify.deliver.frames import Frame, frame_of
from lumen_notify.deliver.frames.count_shape import CountShape
from lumen_notify.model import Audience, Counts, Event, check_of, to_json

from .events import event, read_one

IN_ROOM = {"room_id": "r", "title": "Tea", "by": "ann"}


def frame(kind: str, audience: str = "user:ann") -> Frame:
    body = to_json({"data": IN_ROOM, "categories": {"like": 2}, "rooms": {"r": 1}})
    made = Event(position=7, audience=Audience(audience), kind=kind, category=None, body=body, created_at=0)
    return frame_of(made, "epoch")


@pytest.mark.parametrize(("kind", "audience"), [("read", "user:ann"), ("room", "room:r")])
def test_id_is_the_cursor_of_the_event(kind: str, audience: str) -> None:
    made = frame(kind, audience)
    assert (made.position, made.kind, made.audience) == (7, kind, audience)
    id_ = read_one(made.render_replay(Counts({}, {"r": 0}), "ann"))["id"]
    assert id_ == f"epoch-7-{check_of(audience, 0)}"


def test_only_a_frame_for_a_room_has_a_room_id() -> None:
    assert frame("room", "room:r").room_id == "r"
    assert frame("read").room_id is None


def test_most_frames_end_no_stream_and_require_no_recount() -> None:
    for made in (frame("room", "room:r"), frame("read"), frame_of(event(), "epoch")):
        assert made.ends is None
        assert not made.requires_recount


@pytest.mark.parametrize(("kind", "audience"), [("read", "user:ann"), ("room", "room:r")])
def test_apply_compact_gives_what_apply_gives(kind: str, audience: str) -> None:
    before = Counts({"like": 1, "news": 3}, {"r": 4}, frozenset({"noise"}), {"r": 2})
    counts, chunk = frame(kind, audience).apply(before, "ann")
    shape, total, compact = frame(kind, audience).apply_compact(CountShape.of(before), before.total, "ann")
    after = shape.counts(total)
    assert compact == chunk
    assert (after.as_fields(), after.silent, after.since) == (counts.as_fields(), counts.silent, counts.since)
