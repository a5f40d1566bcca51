"""RewrittenFrame: instances read which events were rewritten; no user gets anything."""

from __future__ import annotations

from lumen_notify.deliver.frames import NOT_SHOWN, frame_of
from lumen_notify.deliver.frames.rewritten import RewrittenFrame, rewritten_positions
from lumen_notify.model import NOBODY, Counts, Event


def event(body: str) -> Event:
    return Event(position=7, audience=NOBODY, kind="rewritten", category=None, body=body, created_at=0)


def test_positions_of_all_events_are_read_and_unknown_shapes_skipped() -> None:
    events = [event('{"positions":[3,4]}'), event("{}"), event('{"positions":[6],"more":1}')]
    assert rewritten_positions(events) == [3, 4, 6]


def test_it_shows_nothing_and_changes_nothing() -> None:
    frame = frame_of(event('{"positions":[3]}'), "e")
    counts = Counts({"like": 2})
    assert isinstance(frame, RewrittenFrame)
    assert frame.apply(counts, "ann") == (counts, NOT_SHOWN)
    assert frame.render_replay(counts, "ann") == NOT_SHOWN
    assert frame.size_bytes > 0
