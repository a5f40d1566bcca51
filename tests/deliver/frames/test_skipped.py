"""SkippedFrame: an event that this version does not know has a position and nothing else."""

from __future__ import annotations

import pytest

from lumen_notify.deliver import frames
from lumen_notify.deliver.frames import NOT_SHOWN, SkippedFrame, frame_of
from lumen_notify.model import Audience, Counts, Event
from lumen_notify.model.events import NotificationPublished


@pytest.mark.parametrize(
    ("audience", "kind", "body", "reason"),
    [
        ("topic:news", "notification", "{}", "unknown audience"),
        ("user:ann", "presence", "{}", "unknown kind for audience user"),
        ("user:ann", "read", "{}", "unknown shape"),
        ("user:ann", "read", "not JSON", "unknown shape"),
    ],
)
def test_unknown_event_shows_nothing_and_changes_nothing(
    audience: str, kind: str, body: str, reason: str
) -> None:
    event = Event(
        position=7, audience=Audience(audience), kind=kind, category="like", body=body, created_at=0
    )
    frame = frame_of(event, "epoch")
    assert isinstance(frame, SkippedFrame)
    assert (frame.position, frame.ends) == (7, None)
    assert frame.reason.startswith(reason)
    counts = Counts({"like": 2}, {"r": 1})
    after, chunk = frame.apply(counts, "ann")
    assert after is counts
    assert chunk == frame.render_replay(counts, "ann") == NOT_SHOWN


def test_event_that_no_frame_can_be_made_of_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(*_: object) -> None:
        raise ZeroDivisionError

    event = Event(
        position=7,
        audience=Audience("all"),
        kind="notification",
        category="like",
        body='{"id":"n"}',
        created_at=0,
    )
    assert not isinstance(frame_of(event, "epoch"), SkippedFrame)
    monkeypatch.setitem(frames._BY_PAYLOAD, NotificationPublished, spoilt)
    skipped = frame_of(event, "epoch")
    assert isinstance(skipped, SkippedFrame)
    assert skipped.reason == "ZeroDivisionError()"
