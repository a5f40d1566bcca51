"""StreamEndFrame: streams end because of the event, and it is never shown."""

from __future__ import annotations

import pytest

from lumen_notify.deliver.frames import NOT_SHOWN, frame_of
from lumen_notify.deliver.frames.stream_end import StreamEndFrame
from lumen_notify.model import EVERYONE, Audience, CloseReason, Counts, Event


@pytest.mark.parametrize(
    ("audience", "kind", "body", "reason", "reconnect"),
    [
        (Audience.user("ann"), "revoked", '{"data":{}}', CloseReason.REVOKED, False),
        (Audience.user("ann"), "streams_ended", '{"data":{"ids":null}}', CloseReason.REVOKED, False),
        (EVERYONE, "categories", '{"data":{"categories":["like"]}}', CloseReason.SHUTDOWN, True),
    ],
    ids=["sessions revoked", "streams ended", "categories changed"],
)
def test_event_ends_streams_and_tells_clients_whether_to_reconnect(
    audience: Audience, kind: str, body: str, reason: CloseReason, reconnect: bool
) -> None:
    frame = frame_of(
        Event(position=7, audience=audience, kind=kind, category=None, body=body, created_at=0), "epoch"
    )
    assert isinstance(frame, StreamEndFrame)
    assert (frame.ends, reason.reconnect) == (reason, reconnect)
    assert frame.requires_recount
    counts = Counts({"like": 2}, {})
    after, chunk = frame.apply(counts, "ann")
    assert after is counts
    assert chunk == frame.render_replay(counts, "ann") == NOT_SHOWN
    assert frame.ended_ids is None


def test_event_may_end_some_streams_alone() -> None:
    frame = frame_of(
        Event(
            position=7,
            audience=Audience.user("ann"),
            kind="streams_ended",
            category=None,
            body='{"data":{"ids":["s1","s2"]}}',
            created_at=0,
        ),
        "epoch",
    )
    assert frame.ends is CloseReason.REVOKED
    assert frame.ended_ids == frozenset({"s1", "s2"})
